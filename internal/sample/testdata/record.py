"""Record the distributions that sampling must draw from, with numpy 2.4.6.

    python record.py

Run in this folder. Writes processors.jsonl: logits, parameters, and the probabilities after the steps of Hugging Face
transformers (generation/logits_process.py: TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
MinPLogitsWarper), rewritten here for numpy in float64. Logits are multiples of 1/8, so that ties occur.
"""
import json

import numpy as np


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def process(logits, temperature, top_k, top_p, min_p):
    scores = logits / temperature
    if top_k > 0:
        scores = np.where(scores < np.sort(scores)[-min(top_k, len(scores))], -np.inf, scores)
    if top_p < 1:
        # Ascending; of equal scores the higher index comes first, so that it is removed first.
        order = np.lexsort((-np.arange(len(scores)), scores))
        remove = softmax(scores[order]).cumsum() <= 1 - top_p
        remove[-1:] = False
        scores[order[remove]] = -np.inf
    if min_p > 0:
        probabilities = softmax(scores)
        scores = np.where(probabilities < min_p * probabilities.max(), -np.inf, scores)
    return softmax(scores)


def main():
    rng = np.random.default_rng(20261124)
    with open("processors.jsonl", "w", newline="\n") as f:
        for _ in range(150):
            logits = rng.integers(-40, 40, rng.integers(1, 24)) / 8
            temperature = float(rng.choice([0.25, 0.7, 1, 1.5, 4]))
            top_k = int(rng.choice([0, 0, 1, 2, 5, 10, 30]))
            top_p = float(rng.choice([1, 1, 0.05, 0.3, 0.65, 0.9, 0.97]))
            min_p = float(rng.choice([0, 0, 0.03, 0.21, 0.8]))
            p = process(logits, temperature, top_k, top_p, min_p)
            case = {"logits": logits.tolist(), "temperature": temperature, "top_k": top_k, "top_p": top_p,
                    "min_p": min_p, "probabilities": [float(f"{x:.15g}") for x in p]}
            f.write(json.dumps(case, separators=(",", ":")) + "\n")


main()
