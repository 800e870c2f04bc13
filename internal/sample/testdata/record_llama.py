"""Record what sampling must draw from in llama.cpp's order, with its own samplers.

    python record_llama.py FOLDER > llama.jsonl

FOLDER holds libllama.so of a llama.cpp build; recorded with that of node-llama-cpp 3.22.1 (npm). The samplers compute in
float32. The order is that of common/common.h. Logits are distinct multiples of 1/8, because the sort is not stable;
penalties and biases are such that they make no equal ones.
"""
import ctypes
import glob
import json
import math
import random
import sys

CHOICES = {
    "temperature": [0.25, 0.7, 1.5, 4.0],
    "top_k": [1, 2, 5, 10, 30],
    "top_p": [0.05, 0.3, 0.65, 0.9, 0.97],
    "min_p": [0.03, 0.21, 0.8],
    "typical_p": [0.05, 0.31, 0.62, 0.9, 0.97],
    "repetition_penalty": [0.83, 1.13, 1.31, 1.97],
    "frequency_penalty": [-0.51, 0.26, 1.47],
    "presence_penalty": [-0.53, 0.23, 1.51],
    "penalty_window": [2, 5, 8],
}
NEUTRAL = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0, "repetition_penalty": 1.0,
           "frequency_penalty": 0.0, "presence_penalty": 0.0, "penalty_window": 0, "logit_bias": []}


class TokenData(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int32), ("logit", ctypes.c_float), ("p", ctypes.c_float)]


class TokenDataArray(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(TokenData)), ("size", ctypes.c_size_t), ("selected", ctypes.c_int64),
                ("sorted", ctypes.c_bool)]


class LogitBias(ctypes.Structure):
    _fields_ = [("token", ctypes.c_int32), ("bias", ctypes.c_float)]


def load(folder):
    for name in ["libggml-base", "libggml", "libllama"]:
        lib = ctypes.CDLL(sorted(glob.glob(f"{folder}/{name}.*"))[0], mode=ctypes.RTLD_GLOBAL)
    f, i, n, ptr = ctypes.c_float, ctypes.c_int32, ctypes.c_size_t, ctypes.c_void_p
    for name, args in {
        "init_top_k": [i], "init_top_p": [f, n], "init_min_p": [f, n], "init_typical": [f, n], "init_temp": [f],
        "init_penalties": [i, i, f, f, f], "init_logit_bias": [i, i, ctypes.POINTER(LogitBias)],
    }.items():
        function = getattr(lib, "llama_sampler_" + name)
        function.argtypes, function.restype = args, ptr
    lib.llama_sampler_accept.argtypes = [ptr, i]
    lib.llama_sampler_apply.argtypes = [ptr, ctypes.POINTER(TokenDataArray)]
    lib.llama_sampler_free.argtypes = [ptr]
    return lib


def chain(lib, p, vocab, history):
    biases = (LogitBias * len(p["logit_bias"]))(*[LogitBias(b["id"], b["value"]) for b in p["logit_bias"]])
    yield lib.llama_sampler_init_logit_bias(vocab, len(biases), biases)
    window = p["penalty_window"] or len(history)
    yield lib.llama_sampler_init_penalties(vocab, window, p["repetition_penalty"], p["frequency_penalty"],
                                           p["presence_penalty"])
    yield lib.llama_sampler_init_top_k(p["top_k"])
    yield lib.llama_sampler_init_typical(p["typical_p"], 1)
    yield lib.llama_sampler_init_top_p(p["top_p"], 1)
    yield lib.llama_sampler_init_min_p(p["min_p"], 1)
    yield lib.llama_sampler_init_temp(p["temperature"])


def processed(lib, p, history, logits):
    data = (TokenData * len(logits))(*[TokenData(i, x, 0) for i, x in enumerate(logits)])
    array = TokenDataArray(data, len(logits), -1, False)
    for sampler in chain(lib, p, len(logits), history):
        for token in history:
            lib.llama_sampler_accept(sampler, token)
        lib.llama_sampler_apply(sampler, ctypes.byref(array))
        lib.llama_sampler_free(sampler)
    weights = [0.0] * len(logits)
    top = max(array.data[i].logit for i in range(array.size))
    for i in range(array.size):
        weights[array.data[i].id] = math.exp(array.data[i].logit - top)
    return [w / sum(weights) for w in weights]


def bias(rng, n):
    return [{"id": i, "value": rng.choice([-2.53125, -0.765625, 1.2578125, 3.00390625])} for i in rng.sample(range(n), min(n, 3))]


def cases(rng):
    """Each parameter alone, then all of them in random company."""
    for name in [*CHOICES, "logit_bias"] * 10:
        n = rng.randrange(2, 24)
        yield n, {**NEUTRAL, name: bias(rng, n) if name == "logit_bias" else rng.choice(CHOICES[name])}
    for _ in range(150):
        n = rng.randrange(1, 24)
        p = {name: rng.choice([NEUTRAL[name], rng.choice(values)]) for name, values in CHOICES.items()}
        yield n, {**p, "logit_bias": rng.choice([[], bias(rng, n)])}


def main():
    lib = load(sys.argv[1])
    rng = random.Random(20261125)
    for n, p in cases(rng):
        logits = [x / 8 for x in rng.sample(range(-40, 40), n)]
        history = rng.choices(range(n), k=rng.randrange(1, 12))
        probabilities = [float(f"{x:.9g}") for x in processed(lib, p, history, logits)]
        case = {"order": "llama.cpp", **p, "logits": logits, "prompt": history, "probabilities": probabilities}
        print(json.dumps(case, separators=(",", ":")))


main()
