"""Record what sampling must draw from, with transformers 5.23.0 and torch 2.15.0.

    python record.py > processors.jsonl

The processors and their order are those of GenerationMixin._get_logits_processor; they run in float64. Logits are
multiples of 1/8, distinct where something sorts them, because torch.sort promises no order of equal ones. Penalties and
biases are such that they make no equal ones. logprobs are of the plain logits.
"""
import json
import random

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

NEUTRAL = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0, "repetition_penalty": 1.0,
           "logit_bias": []}
CHOICES = {
    "temperature": [0.25, 0.7, 1.5, 4.0],
    "top_k": [1, 2, 5, 10, 30],
    "top_p": [0.05, 0.3, 0.65, 0.9, 0.97],
    "min_p": [0.03, 0.21, 0.8],
    "typical_p": [0.05, 0.31, 0.62, 0.9, 0.97],
    "repetition_penalty": [0.83, 1.13, 1.31, 1.97],
}


def bias(rng, n):
    return [{"id": i, "value": rng.choice([-2.53125, -0.765625, 1.2578125, 3.00390625])} for i in rng.sample(range(n), min(n, 3))]


def cases(rng):
    """Each parameter alone, then all of them in random company."""
    for name in [*CHOICES, "logit_bias"] * 12:
        n = rng.randrange(2, 24)
        yield n, {**NEUTRAL, name: bias(rng, n) if name == "logit_bias" else rng.choice(CHOICES[name])}
    for _ in range(200):
        n = rng.randrange(1, 24)
        p = {name: rng.choice([NEUTRAL[name], rng.choice(values)]) for name, values in CHOICES.items()}
        yield n, {**p, "logit_bias": rng.choice([[], bias(rng, n)])}


def processed(model, p, history, logits):
    config = GenerationConfig(
        do_sample=True, temperature=p["temperature"], top_k=p["top_k"], top_p=p["top_p"], min_p=p["min_p"],
        typical_p=p["typical_p"], repetition_penalty=p["repetition_penalty"], num_beams=1,
        sequence_bias=[[[b["id"]], b["value"]] for b in p["logit_bias"]] or None)
    processors = model._get_logits_processor(config, input_ids_seq_length=len(history), device="cpu")
    ids = torch.tensor([history], dtype=torch.long)
    return torch.softmax(processors(ids, torch.tensor([logits], dtype=torch.float64)), -1)[0]


def main():
    rng = random.Random(20261125)
    model = LlamaForCausalLM(LlamaConfig(vocab_size=8, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                                         num_attention_heads=1))
    for n, p in cases(rng):
        sorts = p["top_p"] < 1 or p["typical_p"] < 1
        logits = [x / 8 for x in (rng.sample(range(-40, 40), n) if sorts else rng.choices(range(-40, 40), k=n))]
        history = rng.choices(range(n), k=rng.randrange(1, 12))
        probabilities = processed(model, p, history, logits).tolist()
        logprobs = torch.log_softmax(torch.tensor(logits, dtype=torch.float64), -1).tolist()
        case = {**p, "logits": logits, "prompt": history, "logprobs": logprobs,
                "probabilities": [float(f"{x:.15g}") for x in probabilities]}
        print(json.dumps(case, separators=(",", ":")))


main()
