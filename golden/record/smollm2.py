#!/usr/bin/env python3
"""Record what transformers computes on SmolLM2-135M-Instruct: six prompts and 64 greedy steps each.

    pip install what golden/record/hf.py names, and gguf==0.19.0
    python golden/record/smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf golden/testdata/smollm2.safetensors

scripts/models.sh fetches the file. Weights are dequantized to float32 (dequantize.py) and run as hf.py does. All logits of
all positions would be 110 MB; kept are, for prompt number p:

    p.ids     int64 [T]        the prompt, then 64 greedy choices; row t of the logits follows ids[0..t]
    p.sample  float32 [T, 512] the logits of every 96th id
    p.row     float32 [49152]  all logits after the prompt

and in the metadata p.prompt, how many ids were given, and p.text, what they spell. It stops unless every step's top-2 gap is
at least 0.5 % of the standard deviation of its row.
"""
import sys
import tempfile

import numpy as np
import tokenizers

import dequantize
import hf

STEPS, STRIDE = 64, 96
CHAT = ("<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n")
PROMPTS = [
    CHAT.format("What is the capital of France?"),
    CHAT.format("Why is the sky blue?"),
    "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n",
    "Der Rhein fließt durch die Schweiz, Deutschland und die Niederlande. Im Jahr",
    "Москва — столица России.",
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,",
]


def tokenizer(file):
    """GPT-2's byte-level BPE with single digits, as the file's tokenizer.ggml.pre, smollm, means it."""
    pieces, kinds = file.get("tokenizer.ggml.tokens"), file.get("tokenizer.ggml.token_type")
    merges = [tuple(m.split(" ")) for m in file.get("tokenizer.ggml.merges")]
    made = tokenizers.Tokenizer(tokenizers.models.BPE({piece: i for i, piece in enumerate(pieces)}, merges))
    split = tokenizers.pre_tokenizers
    made.pre_tokenizer = split.Sequence([split.Digits(individual_digits=True), split.ByteLevel(add_prefix_space=False)])
    made.add_special_tokens([piece for piece, kind in zip(pieces, kinds) if kind == 3])
    made.decoder = tokenizers.decoders.ByteLevel()
    return made


def main(source, path):
    file = dequantize.File(source)
    words = tokenizer(file)
    arrays, metadata = {}, {"engine": "transformers float32", "versions": hf.versions(), "script": "golden/record/smollm2.py"}
    with tempfile.TemporaryDirectory() as folder:
        dequantize.write(file, folder)
        model = hf.load(folder)
    for p, text in enumerate(PROMPTS):
        prompt = words.encode(text).ids
        ids, logits, _ = hf.run(model, prompt, STEPS)
        gap = hf.gaps(logits, len(prompt))[:-1]
        print(f"{len(prompt)} ids, smallest gap {gap.min():.4f} at step {gap.argmin()}: {words.decode(ids[len(prompt):])!r}")
        if gap.min() < 0.005:
            sys.exit("that is a near tie: choose another prompt")
        arrays |= {f"{p}.ids": ("I64", np.array(ids, "<i8")),
                   f"{p}.sample": ("F32", np.ascontiguousarray(logits[:, ::STRIDE], "<f4")),
                   f"{p}.row": ("F32", np.ascontiguousarray(logits[len(prompt) - 1], "<f4"))}
        metadata |= {f"{p}.prompt": str(len(prompt)), f"{p}.text": text}
    hf.write_safetensors(path, arrays, metadata)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf smollm2.safetensors")
    main(*sys.argv[1:])
