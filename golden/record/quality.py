#!/usr/bin/env python3
"""Record what numpy makes of two sets of logits: golden/testdata/quality.json, which the figures of `lpuctl eval` are held
against.

    pip install numpy==2.4.6
    python golden/record/quality.py golden/testdata/quality.json

Logits are multiples of 1/16, so that they are exact in JSON and ties occur.
"""
import json
import pathlib
import sys

import numpy as np


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def estimate(x):
    return {"value": x.mean(), "standard_error": x.std(ddof=1) / np.sqrt(len(x))}


def perplexity(loss):
    ppl = np.exp(loss.mean())
    return {"value": ppl, "standard_error": ppl * loss.std(ddof=1) / np.sqrt(len(loss))}


def main(path):
    rng = np.random.Generator(np.random.PCG64(7))
    n, vocab = 150, 11
    base = np.round(rng.standard_normal((n, vocab)) * 32) / 16
    got = base + np.round(rng.standard_normal((n, vocab)) * rng.exponential(4, (n, 1))) / 16
    following = rng.integers(0, vocab, n)
    p, q = log_softmax(base), log_softmax(got)
    kl = (np.exp(p) * (p - q)).sum(-1)
    loss, base_loss = -q[np.arange(n), following], -p[np.arange(n), following]
    same = (base.argmax(-1) == got.argmax(-1)).astype(float)
    stats = {
        "tokens": n, "perplexity": perplexity(loss), "base_perplexity": perplexity(base_loss),
        "log_perplexity_ratio": estimate(loss - base_loss), "mean_kl": estimate(kl), "p99_kl": np.quantile(kl, 0.99),
        "max_kl": kl.max(), "top1": {"value": same.mean(), "standard_error": np.sqrt(same.var() / n)},
    }
    data = {"base": base.tolist(), "got": got.tolist(), "next": following.tolist(), "stats": stats}
    pathlib.Path(path).write_text(json.dumps(data, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: quality.py OUTPUT.json")
    main(sys.argv[1])
