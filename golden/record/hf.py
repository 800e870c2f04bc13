#!/usr/bin/env python3
"""Record a golden of a Hugging Face model folder: what transformers computes for a prompt and the greedy steps after it.

    python3 -m venv venv && . venv/bin/activate
    pip install torch==2.15.0 transformers==5.23.0 safetensors==0.8.0 numpy==2.4.6
    python golden/record/hf.py MODEL_DIR -o golden.safetensors --prompt "The capital of France is"
    lpuctl validate MODEL_DIR --golden golden.safetensors

It runs on the CPU in float32 with eager attention and one thread, whatever type the weights have: one prefill over the
prompt, then one step with the KV cache for each greedy id. No file outside the folder is read, and no code of it is run.
On one machine the same folder gives the same bytes; another CPU may move the last bits (relative L2 up to 7e-7). A folder
with packed weights needs the library of its format too, unless it is MXFP4.

golden/testdata/README.md describes the file that it writes.
"""
import argparse
import hashlib
import json
import os
import pathlib
import platform

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers


def load(folder, dtype=torch.float32):
    """The model of a folder. Packed weights of gpt-oss are unpacked first."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    packed = getattr(config, "quantization_config", None) or {}
    options = {"quantization_config": transformers.Mxfp4Config(dequantize=True)} if packed.get("quant_method") == "mxfp4" else {}
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=dtype,
        attn_implementation="eager", experts_implementation="eager", output_loading_info=True, **options)
    wrong = {what: sorted(names) for what, names in info.items() if names}
    if wrong:
        raise SystemExit(f"{folder}: the weights do not fit the model: {wrong}")
    model = model.to(dtype).eval()
    for parameter in model.parameters():
        # Weights mapped from a file are not aligned as allocated ones are, which moves the last bits of products.
        parameter.data = parameter.data.clone()
    return model


class Hidden:
    """Collects what enters the first layer and what leaves each: transformers' own last hidden state is already normed."""

    def __init__(self, model):
        layers = model.get_decoder().layers
        self.chunks = [[] for _ in range(1 + len(layers))]
        self.hooks = [layers[0].register_forward_pre_hook(
            lambda _module, args, kwargs: self.keep(0, args[0] if args else kwargs["hidden_states"]), with_kwargs=True)]
        self.hooks += [layer.register_forward_hook(
            lambda _module, _args, out, i=i: self.keep(i, out[0] if isinstance(out, tuple) else out))
            for i, layer in enumerate(layers, 1)]

    def keep(self, i, states):
        self.chunks[i].append(states[0].numpy().copy())

    def array(self):
        for hook in self.hooks:
            hook.remove()
        return np.stack([np.concatenate(c) for c in self.chunks])


@torch.no_grad()
def run(model, prompt, steps):
    """One prefill over the prompt, then a cached step for each greedy id: ids [T], logits [T, V], hidden [L+1, T, H]."""
    ids, hidden = list(prompt), Hidden(model)
    out = model(torch.tensor([ids]), use_cache=True)
    rows = [out.logits[0].numpy()]
    for _ in range(steps):
        ids.append(int(rows[-1][-1].argmax()))
        out = model(torch.tensor([ids[-1:]]), past_key_values=out.past_key_values, use_cache=True)
        rows.append(out.logits[0].numpy())
    return ids, np.concatenate(rows), hidden.array()


def gaps(logits, prompt):
    """How far the first choice of each step is above the second, in standard deviations of its row."""
    rows = logits[prompt - 1:].astype(np.float64)
    top = np.sort(rows, -1)
    return (top[:, -1] - top[:, -2]) / rows.std(-1)


def write_safetensors(path, arrays, metadata):
    """safetensors' own writers order metadata by hash; this one gives the same bytes every time."""
    header, blobs, at = {"__metadata__": dict(sorted(metadata.items()))}, [], 0
    for name, (dtype, array) in arrays.items():
        blob = array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(path)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))
    temporary.replace(path)


def save(path, ids, prompt, logits, hidden, metadata):
    """Writes a golden; prompt is how many of the ids were given."""
    write_safetensors(path, {
        "ids": ("I64", np.array(ids, "<i8")),
        "logits": ("F32", np.ascontiguousarray(logits, "<f4")),
        "hidden": ("F32", np.ascontiguousarray(hidden, "<f4")),
    }, {"prompt_length": str(prompt)} | metadata)


def versions():
    return (f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}, "
            f"numpy {np.__version__}, Python {platform.python_version()}")


def source(folder):
    """One hash over the weights of a folder."""
    digest = hashlib.sha256()
    for path in sorted(pathlib.Path(folder).glob("model*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def record(folder, path, prompt, steps):
    """Writes the golden of a folder and returns its ids, logits and hidden states."""
    ids, logits, hidden = run(load(folder), prompt, steps)
    save(path, ids, len(prompt), logits, hidden, {
        "engine": "transformers float32", "versions": versions(), "model": pathlib.Path(folder).resolve().name,
        "source_sha256": source(folder), "script": "golden/record/hf.py"})
    return ids, logits, hidden


def choose_prompt(args):
    """The ids that were given, those of the text, or 24 drawn from the vocabulary."""
    if args.ids:
        return [int(i) for i in args.ids.split(",")]
    if args.prompt:
        return transformers.AutoTokenizer.from_pretrained(args.folder, local_files_only=True)(args.prompt)["input_ids"]
    vocab = transformers.AutoConfig.from_pretrained(args.folder, local_files_only=True).get_text_config().vocab_size
    return np.random.Generator(np.random.PCG64(1)).integers(0, vocab, 24).tolist()


def main():
    parser = argparse.ArgumentParser(description="Record a golden of a Hugging Face model folder.")
    parser.add_argument("folder", help="config.json and model*.safetensors; a tokenizer for --prompt")
    parser.add_argument("-o", "--output", required=True, help="the golden, a safetensors file")
    parser.add_argument("--prompt", help="text of the prompt")
    parser.add_argument("--ids", help="ids of the prompt, as in 1,5,7; without --prompt and --ids, 24 random ones")
    parser.add_argument("--decode", type=int, default=16, help="greedy steps after the prompt (default 16)")
    args = parser.parse_args()
    prompt = choose_prompt(args)
    ids, logits, _ = record(args.folder, args.output, prompt, args.decode)
    gap = gaps(logits, len(prompt))
    print(f"{args.output}: {len(ids)} positions, smallest top-2 gap of a step {gap.min():.4f} standard deviations; "
          f"greedy ids {ids[len(prompt):]}")


if __name__ == "__main__":
    main()
