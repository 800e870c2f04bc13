#!/usr/bin/env python3
"""Load what `lpuctl convert` writes in llama.cpp and in transformers, and compare logits, weights and tokens.

    install what golden/record/hf.py and golden/record/llamacpp.py name, and gguf==0.19.0
    python golden/record/converted.py LPUCTL MODEL.gguf GOLDEN.safetensors

LPUCTL is the program. The golden, golden/testdata/stories260k.hf.safetensors or that of another model, gives the ids; its logits
are not read. MODEL.gguf becomes a GGUF file in F32 and one in Q8_0, and a Hugging Face folder in F32, and this a GGUF file again.
Each line of the table compares all logits of all positions; the script stops at the first that is over its limit.
"""
import contextlib
import functools
import json
import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy as np
import safetensors.numpy
import torch
import transformers

import hf
import llamacpp
import widen

TEXTS = pathlib.Path(__file__).parent.parent / "testdata" / "gemma3.tokens.json"
EQUAL, FLOAT32, EIGHT_BITS = 0, 1e-5, 0.1


def prompts(path):
    """The ids of a golden, or of each prompt of a real model."""
    tensors = safetensors.numpy.load_file(path)
    return [tensors[name].tolist() for name in sorted(tensors) if name == "ids" or name.endswith(".ids")]


def lpuctl(program, *args):
    subprocess.run([program, "--quiet", *map(str, args)], check=True, stdout=subprocess.DEVNULL)


def in_lpuctl(program, model, sequences, work):
    """Logits [positions of all sequences, vocabulary] of lpuctl in float32."""
    rows = []
    for ids in sequences:
        lpuctl(program, "logits", model, "--kind", "f32", "--context", 512, "--ids", ",".join(map(str, ids)),
               "-o", work / "logits.safetensors")
        rows.append(safetensors.numpy.load_file(work / "logits.safetensors")["logits"])
    return np.concatenate(rows)


def in_llamacpp(model, sequences):
    """Half of each sequence is a prefill, half cached steps."""
    with contextlib.closing(llamacpp.Model(model)) as loaded:
        return np.concatenate([loaded.replay(ids, (len(ids) + 1) // 2) for ids in sequences])


@torch.no_grad()
def in_transformers(folder, sequences):
    model = hf.load(folder)
    return np.concatenate([model(torch.tensor([ids])).logits[0].numpy() for ids in sequences])


def compare(what, got, want, limit):
    error = np.linalg.norm(got - want.astype(np.float64), axis=1)
    norm = np.linalg.norm(want.astype(np.float64), axis=1)
    all_, worst = np.linalg.norm(error) / np.linalg.norm(norm), (error / norm).max()
    same = (got.argmax(1) == want.argmax(1)).sum()
    print(f"{what:64} relative L2 {all_:.1e}, worst position {worst:.1e}, {same} of {len(got)} top ids", flush=True)
    if all_ > limit or (limit <= FLOAT32 and same < len(got)):
        sys.exit("that is too far")


def compare_weights(source, written):
    """Q8_0 tensors that lpuctl wrote against what the gguf package makes of the same floats."""
    wide = {t.name: t for t in gguf.GGUFReader(source).tensors}
    packed = [t for t in gguf.GGUFReader(written).tensors if t.tensor_type == gguf.GGMLQuantizationType.Q8_0]
    for t in packed:
        if not np.array_equal(t.data, gguf.quants.quantize(wide[t.name].data, t.tensor_type)):
            sys.exit(f"{t.name}: not what the gguf package makes of it")
    print(f"Q8_0: {len(packed)} tensors, the bytes that the gguf package makes of the same floats")


def tokens(model, texts):
    with contextlib.closing(llamacpp.Model(model)) as loaded:
        return [loaded.tokenize(text) for text in texts]


def compare_tokens(source, files, folder):
    texts = [text for text, _ids in json.loads(TEXTS.read_text())]
    want = tokens(source, texts)
    for path in files:
        if tokens(path, texts) != want:
            sys.exit(f"{path}: llama.cpp tokenizes otherwise than with {source}")
    words = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    for text, ids in zip(texts, want):
        if words.encode(text, add_special_tokens=False) != ids:
            sys.exit(f"{folder}: transformers has {words.encode(text, add_special_tokens=False)} for {text!r}, llama.cpp {ids}")
    print(f"tokens: {len(texts)} texts, the same in llama.cpp with every file and in transformers with the folder")


def main(program, source, golden):
    transformers.utils.logging.set_verbosity_error()
    sequences = prompts(golden)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        wide, f32, q8, folder, back = (work / name for name in ("wide.gguf", "f32.gguf", "q8.gguf", "folder", "back.gguf"))
        widen.widen(source, wide)
        for model, target, kind in (source, f32, "f32"), (source, q8, "q8_0"), (source, folder, "f32"), (folder, back, "keep"):
            lpuctl(program, "convert", model, "-o", target, "--type", kind)
        run = functools.partial(in_lpuctl, program, sequences=sequences, work=work)

        exact, ours = in_llamacpp(wide, sequences), run(source)
        compare("lpuctl on the source, llama.cpp on its floats", ours, exact, FLOAT32)
        compare("llama.cpp: F32 GGUF, the source's floats", in_llamacpp(f32, sequences), exact, EQUAL)
        compare("llama.cpp: GGUF of the folder, the source's floats", in_llamacpp(back, sequences), exact, EQUAL)
        compare("transformers on the folder, lpuctl on the source", in_transformers(folder, sequences), ours, FLOAT32)
        compare("lpuctl: folder, source", run(folder), ours, EQUAL)
        compare_weights(wide, q8)
        packed = run(q8)
        compare("llama.cpp: Q8_0 GGUF, 8-bit activations; lpuctl on it in float32", in_llamacpp(q8, sequences), packed, EIGHT_BITS)
        widen.widen(q8, wide)
        compare("llama.cpp on the floats of the Q8_0 GGUF, lpuctl on it", in_llamacpp(wide, sequences), packed, FLOAT32)
        compare_tokens(source, (f32, q8, back), folder)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: converted.py LPUCTL MODEL.gguf GOLDEN.safetensors")
    main(*sys.argv[1:])
