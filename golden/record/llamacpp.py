"""llama.cpp 0.5.0 in float32: what the other recorders run next to transformers.

    pip install numpy==2.4.6 typing-extensions
    npm install node-llama-cpp@3.22.1
    pip download --no-deps --no-binary llama-cpp-python llama-cpp-python==0.3.36, and unpack it
    export LLAMA_CPP_LIBRARIES=node_modules/@node-llama-cpp/linux-x64/bins/linux-x64
    export LLAMA_CPP_PYTHON=llama_cpp_python-0.3.36

The libraries are those that node-llama-cpp ships, built from release 0.5.0; the declarations of their functions are those of
llama-cpp-python, made from a llama.h in which only functions were added since. Nothing is compiled.

The KV cache is float32, flash attention is off, and there is one thread. The same file gives the same bytes on one machine.
"""
import ctypes
import functools
import importlib
import os
import pathlib
import sys
import types

import numpy as np

VERSIONS = "llama.cpp 0.5.0 of node-llama-cpp 3.22.1, tanh gelu in float32"
GGML = b"0.25.1"  # the version of ggml in those libraries
ERROR = 4  # ggml_log_level


class Tensor(ctypes.Structure):
    """struct ggml_tensor as in ggml.h of 0.25.1, up to the name."""


Tensor._fields_ = [
    ("type", ctypes.c_int), ("buffer", ctypes.c_void_p), ("ne", ctypes.c_int64 * 4), ("nb", ctypes.c_size_t * 4),
    ("op", ctypes.c_int), ("op_params", ctypes.c_int32 * 16), ("flags", ctypes.c_int32),
    ("src", ctypes.POINTER(Tensor) * 10), ("view_src", ctypes.c_void_p), ("view_offs", ctypes.c_size_t),
    ("data", ctypes.c_void_p), ("name", ctypes.c_char * 64)]


def values(tensor):
    """The elements of a contiguous float32 tensor, in place."""
    shape = tensor.ne[3::-1]
    assert tensor.type == 0 and [n * 4 for n in np.cumprod([1, *tensor.ne[:3]])] == tensor.nb[:]
    return np.ctypeslib.as_array(ctypes.cast(tensor.data, ctypes.POINTER(ctypes.c_float)), shape)


def gelu(x):
    """The tanh approximation, as ggml's own formula has it."""
    return 0.5 * x * (1 + np.tanh(0.79788456080286535588 * x * (1 + 0.044715 * x * x)))


def exact_gelu(pointer, ask, _data):
    """Called by llama.cpp before (ask) and after each node of a graph: computes the gated gelu again, without rounding.

    ggml's CPU code reads gelu out of a table of float16 by float16.
    """
    tensor = ctypes.cast(pointer, ctypes.POINTER(Tensor)).contents
    found = tensor.name.startswith(b"ffn_geglu")
    if found and not ask:
        gate, up = (values(tensor.src[i].contents).astype(np.float64) for i in range(2))
        values(tensor)[:] = gelu(gate) * up
    return found or not ask


def stop(raised):
    """An exception in exact_gelu would be printed and forgotten."""
    sys.excepthook(raised.exc_type, raised.exc_value, raised.exc_traceback)
    os._exit(1)


def declarations(folder, llama):
    """llama_cpp.llama_cpp of llama-cpp-python, over a loaded library; functions that it has not are left out."""
    package = types.ModuleType("llama_cpp")
    package.__path__ = [str(pathlib.Path(folder, "llama_cpp"))]
    sys.modules["llama_cpp"] = package
    extensions = importlib.import_module("llama_cpp._ctypes_extensions")
    declare = extensions.ctypes_function_for_shared_library

    def declare_found(lib):
        return lambda name, argtypes, restype, enabled=True: declare(lib)(name, argtypes, restype, enabled and hasattr(lib, name))

    extensions.load_shared_library = lambda _name, _path: llama
    extensions.ctypes_function_for_shared_library = declare_found
    return importlib.import_module("llama_cpp.llama_cpp")


@functools.cache
def library():
    """llama.cpp's functions; it says nothing but errors."""
    folder = pathlib.Path(os.environ["LLAMA_CPP_LIBRARIES"]).resolve()
    base, backends, llama = (
        ctypes.CDLL(str(folder / name)) for name in ("libggml-base.so", "libggml.v0.5.0.so", "libllama.v0.5.0.so"))
    base.ggml_version.restype = ctypes.c_char_p
    if base.ggml_version() != GGML:
        sys.exit(f"{folder}: ggml {base.ggml_version().decode()} instead of {GGML.decode()}")
    api = declarations(os.environ["LLAMA_CPP_PYTHON"], llama)
    api.quiet = api.llama_log_callback(lambda level, text, _data: level == ERROR and sys.stderr.buffer.write(text))
    api.llama_log_set(api.quiet, None)
    backends.ggml_backend_load_all_from_path(str(folder).encode())
    return api


class Model:
    """A GGUF file in llama.cpp. With table, gated gelu is as ggml has it: rounded to float16."""

    def __init__(self, path, context=512, table=False):
        self.api = library()
        model_params, params = self.api.llama_model_default_params(), self.api.llama_context_default_params()
        self.model = self.api.llama_model_load_from_file(str(path).encode(), model_params)
        if not self.model:
            sys.exit(f"{path}: llama.cpp does not load it")
        params.n_ctx = params.n_batch = params.n_ubatch = context
        params.n_threads = params.n_threads_batch = 1
        params.flash_attn_type = self.api.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.type_k = params.type_v = self.api.GGML_TYPE_F32
        if not table:
            sys.unraisablehook = stop
            params.cb_eval = self.api.ggml_backend_sched_eval_callback(exact_gelu)
        self.params, self.context = params, self.api.llama_init_from_model(self.model, params)
        self.words = self.api.llama_model_get_vocab(self.model)
        self.vocab = self.api.llama_vocab_n_tokens(self.words)
        self.batch = self.api.llama_batch_init(context, 0, 1)

    def feed(self, ids, start):
        """Logits [len(ids), vocab] of ids at positions start and on."""
        self.batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            self.batch.token[i], self.batch.pos[i], self.batch.n_seq_id[i] = token, start + i, 1
            self.batch.seq_id[i][0], self.batch.logits[i] = 0, 1
        if self.api.llama_decode(self.context, self.batch) != 0:
            sys.exit(f"llama.cpp does not decode {len(ids)} ids at position {start}")
        return np.ctypeslib.as_array(self.api.llama_get_logits(self.context), (len(ids), self.vocab)).copy()

    def run(self, prompt, steps):
        """As hf.run: one prefill over the prompt, then a cached step for each greedy id. ids [T], logits [T, vocab]."""
        self.api.llama_memory_clear(self.api.llama_get_memory(self.context), True)
        ids, rows = [int(i) for i in prompt], [self.feed(prompt, 0)]
        for _ in range(steps):
            ids.append(int(rows[-1][-1].argmax()))
            rows.append(self.feed(ids[-1:], len(ids) - 1))
        return ids, np.concatenate(rows)

    def replay(self, ids, prompt):
        """Logits [T, vocab] of given ids: a prefill over the first, then cached steps."""
        self.api.llama_memory_clear(self.api.llama_get_memory(self.context), True)
        return np.concatenate([self.feed(ids[:prompt], 0), *(self.feed(ids[t:t + 1], t) for t in range(prompt, len(ids)))])

    def tokenize(self, text):
        """The ids of a text without BOS; special tokens in it are read as such."""
        data = text.encode()
        ids = (self.api.llama_token * (len(data) + 8))()
        n = self.api.llama_tokenize(self.words, data, len(data), ids, len(ids), False, True)
        if n < 0:
            sys.exit(f"llama.cpp wants {-n} ids for {text!r}")
        return ids[:n]

    def close(self):
        self.api.llama_batch_free(self.batch)
        self.api.llama_free(self.context)
        self.api.llama_model_free(self.model)
