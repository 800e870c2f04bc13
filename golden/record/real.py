#!/usr/bin/env python3
"""Record what transformers and llama.cpp compute on a real model: prompts and greedy steps after them.

    pip install what golden/record/hf.py names, and gguf==0.19.0
    python golden/record/real.py transformers smollm2 SmolLM2-135M-Instruct.Q4_1.gguf golden/testdata
    python golden/record/real.py transformers gemma3 gemma-3-270m-q4_k_m.gguf golden/testdata
    install what golden/record/llamacpp.py names
    python golden/record/real.py llamacpp smollm2 SmolLM2-135M-Instruct.Q4_1.gguf golden/testdata
    python golden/record/real.py llamacpp gemma3 gemma-3-270m-q4_k_m.gguf golden/testdata

scripts/models.sh fetches the files. Weights are dequantized to float32, for transformers by dequantize.py, which runs as hf.py
does, for llama.cpp by widen.py. All logits of all positions would be too large; NAME.safetensors (transformers) and
NAME.llamacpp.safetensors have, for prompt number p:

    p.ids     int64 [T]        the prompt, then the greedy choices; row t of the logits follows ids[0..t]
    p.sample  float32 [T, 512] the logits of every n-th id; [T, 128] of llama.cpp
    p.row     float32 [V]      all logits after the prompt; of smollm2 from transformers only

and in the metadata p.prompt, how many ids were given, and p.text, what they spell. It stops unless every step's top-2 gap is
at least 0.5 % of the standard deviation of its row.
"""
import json
import pathlib
import sys
import tempfile

import numpy as np
import tokenizers

import dequantize
import hf
import llamacpp
import widen

CHAT = ("<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n")
SMOLLM2 = [
    CHAT.format("What is the capital of France?"),
    CHAT.format("Why is the sky blue?"),
    "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n",
    "Der Rhein fließt durch die Schweiz, Deutschland und die Niederlande. Im Jahr",
    "Москва — столица России.",
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,",
]


def bpe(file):
    """GPT-2's byte-level BPE with single digits, as the file's tokenizer.ggml.pre, smollm, means it."""
    pieces, kinds = file.get("tokenizer.ggml.tokens"), file.get("tokenizer.ggml.token_type")
    merges = [tuple(m.split(" ")) for m in file.get("tokenizer.ggml.merges")]
    made = tokenizers.Tokenizer(tokenizers.models.BPE({piece: i for i, piece in enumerate(pieces)}, merges))
    split = tokenizers.pre_tokenizers
    made.pre_tokenizer = split.Sequence([split.Digits(individual_digits=True), split.ByteLevel(add_prefix_space=False)])
    made.add_special_tokens([piece for piece, kind in zip(pieces, kinds) if kind == 3])
    return made


def smollm2(file, _folder):
    """Prompts as pairs of a text and its ids, and greedy steps."""
    words = bpe(file)
    return [(text, words.encode(text).ids) for text in SMOLLM2], 64


def gemma3(file, folder):
    """The first five texts that llama.cpp has tokenized (gemma3.mjs), after BOS."""
    pairs = json.loads((folder / "gemma3.tokens.json").read_text())
    bos = file.get("tokenizer.ggml.bos_token_id")
    return [(text, [bos] + ids) for text, ids in pairs[:5]], 11


def with_transformers(source, work):
    """A function of a prompt and greedy steps that returns ids and logits, and what the metadata says of its engine."""
    dequantize.write(dequantize.File(source), work)
    model = hf.load(work)
    return lambda prompt, steps: hf.run(model, prompt, steps)[:2], {"engine": "transformers float32", "versions": hf.versions()}


def with_llamacpp(source, work):
    widen.widen(source, f"{work}/wide.gguf")
    model, rounded = (llamacpp.Model(f"{work}/wide.gguf", table=table) for table in (False, True))

    def run(prompt, steps):
        ids, logits = model.run(prompt, steps)
        error = np.linalg.norm(rounded.replay(ids, len(prompt)) - logits) / np.linalg.norm(logits)
        print(f"with ggml's table of gelu: relative L2 {error:.1e}")
        return ids, logits

    return run, {"engine": "llama.cpp float32", "versions": llamacpp.VERSIONS}


def record(run, prompts, steps, sample, whole):
    """The tensors and the metadata of all prompts."""
    arrays, metadata = {}, {}
    for p, (text, prompt) in enumerate(prompts):
        ids, logits = run(prompt, steps)
        gap = hf.gaps(logits, len(prompt))[:-1]
        print(f"{len(prompt)} ids, smallest gap {gap.min():.4f} at step {gap.argmin()}: {ids[len(prompt):]}")
        if gap.min() < 0.005:
            sys.exit("that is a near tie: choose another prompt")
        arrays |= {f"{p}.ids": ("I64", np.array(ids, "<i8")),
                   f"{p}.sample": ("F32", np.ascontiguousarray(logits[:, ::logits.shape[1] // sample], "<f4"))}
        if whole:
            arrays[f"{p}.row"] = ("F32", np.ascontiguousarray(logits[len(prompt) - 1], "<f4"))
        metadata |= {f"{p}.prompt": str(len(prompt)), f"{p}.text": text}
    return arrays, metadata


def main(engine, name, source, folder):
    folder = pathlib.Path(folder)
    prompts, steps = {"smollm2": smollm2, "gemma3": gemma3}[name](dequantize.File(source), folder)
    with tempfile.TemporaryDirectory() as work:
        if engine == "transformers":
            run, about = with_transformers(source, work)
            arrays, metadata = record(run, prompts, steps, 512, name == "smollm2")
        else:
            run, about = with_llamacpp(source, work)
            arrays, metadata = record(run, prompts, steps, 128, False)
    output = folder / f"{name}{'' if engine == 'transformers' else '.' + engine}.safetensors"
    hf.write_safetensors(output, arrays, about | {"script": "golden/record/real.py"} | metadata)


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] not in ("transformers", "llamacpp"):
        sys.exit("usage: real.py transformers|llamacpp smollm2|gemma3 MODEL.gguf FOLDER")
    main(*sys.argv[1:])
