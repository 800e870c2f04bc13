#!/usr/bin/env python3
"""Record the goldens of stories260K: prefill and greedy decoding, from two engines that share no code with lpuctl.

    python3 -m venv venv && . venv/bin/activate
    pip install torch==2.15.0 transformers==5.23.0 safetensors==0.8.0 gguf==0.19.0 numpy==2.4.6
    python golden/record/stories260k.py stories260K.gguf golden/testdata

The committed files were made with these versions under Python 3.11 on x86-64 with AVX-512; another CPU may move the
last bits of the first file (relative L2 up to 7e-7). It writes

    stories260k.hf.safetensors   Hugging Face transformers: float32, eager attention, one thread, KV cache
    stories260k.f64.safetensors  the same model in numpy, float64 throughout and without a cache, rounded to float32 at
                                 the end; it reads the GGUF's own Q/K order (interleaved rope), so it also proves the
                                 un-permutation that the first engine needs

and fails unless both choose the same ids and these spell the start of greedy_200.txt in the same folder,
which llama2.c wrote.

The prompt is BOS and the first 31 greedy ids; 64 decode steps follow. ids [96]: row 31+k of logits chooses ids[32+k],
which is fed to make the next row; the choice of row 95 is not fed. hidden [6, 96, 64] is the embeddings, then the
residual stream after each layer, before the final norm.
"""
import hashlib
import importlib.metadata
import pathlib
import platform
import sys
import tempfile

import numpy as np
import torch

import dequantize
import hf

PROMPT, STEPS = 32, 64


class Checkpoint:
    """The GGUF: hyperparameters, float32 tensors in its own layout, and the pieces of the vocabulary."""

    def __init__(self, path):
        self.file = file = dequantize.File(path)
        self.sha256 = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
        self.dim = file.hyper("embedding_length")
        self.layers = file.hyper("block_count")
        self.heads = file.hyper("attention.head_count")
        self.kv_heads = file.hyper("attention.head_count_kv")
        self.eps = file.hyper("attention.layer_norm_rms_epsilon")
        self.theta = 10000.0  # llama.rope.freq_base is absent: the default
        self.bos = file.get("tokenizer.ggml.bos_token_id")
        self.pieces = file.get("tokenizer.ggml.tokens")
        self.tensors = file.tensors

    def text(self, ids):
        """SentencePiece decoding: BOS is silent and the first piece loses its leading space."""
        out = b""
        for i in ids:
            piece = self.pieces[i]
            if piece.startswith("<0x"):
                out += bytes([int(piece[3:5], 16)])
            elif i != self.bos:
                out += piece.replace("\u2581", " ").encode()
        return out.removeprefix(b" ")


@torch.no_grad()
def greedy_prompt(model, bos):
    """BOS and the first greedy ids, found without a cache."""
    ids = [bos]
    while len(ids) < PROMPT:
        ids.append(int(model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
    return ids


def run_hf(ck):
    with tempfile.TemporaryDirectory() as folder:
        dequantize.write(ck.file, folder)
        model = hf.load(folder)
    return hf.run(model, greedy_prompt(model, ck.bos), STEPS)


def run_f64(ck, ids):
    """The forward pass of llama2.c written down in float64, every position at once."""
    t = {name: w.astype(np.float64) for name, w in ck.tensors.items()}
    n, d = len(ids), ck.dim // ck.heads
    norm = lambda x, w: x / np.sqrt((x * x).mean(-1, keepdims=True) + ck.eps) * w
    angle = np.outer(np.arange(n), ck.theta ** (-np.arange(0, d, 2) / d))
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]

    def rope(x):
        a, b = x[..., 0::2], x[..., 1::2]
        return np.stack([a * cos - b * sin, a * sin + b * cos], -1).reshape(x.shape)

    x = t["token_embd.weight"][ids]
    hidden = [x]
    for i in range(ck.layers):
        w = lambda name: t[f"blk.{i}.{name}.weight"]
        h = norm(x, w("attn_norm"))
        q = rope((h @ w("attn_q").T).reshape(n, ck.heads, d))
        k = rope((h @ w("attn_k").T).reshape(n, ck.kv_heads, d)).repeat(ck.heads // ck.kv_heads, 1)
        v = (h @ w("attn_v").T).reshape(n, ck.kv_heads, d).repeat(ck.heads // ck.kv_heads, 1)
        score = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(d)
        score = np.where(np.tri(n, dtype=bool), score, -np.inf)
        p = np.exp(score - score.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,khd->qhd", p, v).reshape(n, ck.dim) @ w("attn_output").T
        h = norm(x, w("ffn_norm"))
        gate = h @ w("ffn_gate").T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ w("ffn_up").T)) @ w("ffn_down").T
        hidden.append(x)
    return norm(x, t["output_norm.weight"]) @ t["output.weight"].T, np.stack(hidden)


def save(path, ck, ids, logits, hidden, engine, versions):
    hf.save(path, ids, PROMPT, logits, hidden, {
        "engine": engine, "versions": versions, "model": "stories260K", "source_sha256": ck.sha256,
        "script": "golden/record/stories260k.py"})
    print(f"{path.name}: {path.stat().st_size} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


def report(name, got, ref):
    """Prints the relative L2 distance of two [T, n] arrays, overall and at the worst position."""
    distance = lambda axis: np.sqrt(((got - ref) ** 2).sum(axis) / (ref ** 2).sum(axis))
    print(f"{name}: relative L2 of float32 from float64 {distance(None):.2e}, worst position {distance(-1).max():.2e}")


def check(ck, ids, logits64, golden_text):
    gap = hf.gaps(logits64, PROMPT)[:-1]
    print(f"smallest top-2 gap of a step: {gap.min():.4f} standard deviations at position {PROMPT - 1 + gap.argmin()}")
    if logits64.argmax(-1)[:-1].tolist() != ids[1:]:
        sys.exit("the float64 pass chooses other ids")
    text = ck.text(ids)
    if not golden_text.startswith(text):
        sys.exit(f"ids spell {text!r}, not the start of greedy_200.txt")
    print(f"ids {ids[:16]} ... spell the first {len(text)} of {len(golden_text)} bytes of greedy_200.txt")


def main(model, folder):
    ck, folder = Checkpoint(model), pathlib.Path(folder)
    ids, logits, hidden = run_hf(ck)
    logits64, hidden64 = run_f64(ck, ids)
    check(ck, ids, logits64, (folder / "greedy_200.txt").read_bytes())
    report("logits", logits, logits64)
    for i, (h, h64) in enumerate(zip(hidden, hidden64)):
        report(f"hidden[{i}]", h, h64)
    tools = f"gguf {importlib.metadata.version('gguf')}, Python {platform.python_version()}"
    save(folder / "stories260k.hf.safetensors", ck, ids, logits, hidden, "transformers float32", hf.versions())
    save(folder / "stories260k.f64.safetensors", ck, ids, logits64, hidden64, "numpy float64",
         f"numpy {np.__version__}, {tools}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: stories260k.py stories260K.gguf OUTPUT_FOLDER")
    main(*sys.argv[1:])
