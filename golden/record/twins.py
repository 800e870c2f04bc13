#!/usr/bin/env python3
"""Make the quantized tiny Llamas of golden/testdata, packed by the libraries that define their formats, with goldens.

    pip install what golden/record/hf.py names
    pip install --no-deps compressed-tensors==0.12.2 loguru psutil bitsandbytes==0.50.2
    python golden/record/twins.py golden/testdata SOURCES [TWIN...]

SOURCES holds the unpacked source distributions of autoawq 0.2.9 and gptqmodel 7.7.0, as autoawq/ and gptqmodel/. Neither is
installed: of the first two modules are imported, the second needs pypcre 0.6.4, logbar 0.4.15, accelerate 1.15.0,
threadpoolctl 3.8.0, device-smi 0.5.7, kernels 0.17.2, tokenicer 0.0.14, defuser 0.0.28 and pillow 13.0.0, all --no-deps.

Rounding to integers is done here; the libraries pack. A folder holds

    config.json, config.old.json  as in tiny.py, with quantization_config
    model.safetensors             projections packed, all else float16
    dequantized.json              SHA-256 of each projection as float32 [out, in], (q - zero) * scale rounded once
    golden.safetensors            what transformers computes on those float32 weights (hf.py)

The script stops unless the library's own decoder, where it has one for the CPU, gives those floats back from the packed
tensors. The seed is chosen as in tiny.py.
"""
import hashlib
import importlib
import itertools
import json
import pathlib
import sys
import tempfile
import types

import numpy as np
import safetensors.torch
import torch
import transformers

import hf
import tiny

CONFIG = tiny.LLAMA | {
    "vocab_size": 264, "hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2,
    "torch_dtype": "float16"}
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def affine(w, bits, group_of, symmetric):
    """Rounds w [out, in] to integers 0 .. 2^bits-1: q [out, in], zero and float16 scale [out, groups].

    group_of [in] is the group of each input. Zero points stay above 0: GPTQ's first format cannot say 0.
    """
    top, groups = 2 ** bits - 1, group_of.max() + 1
    zero, scale = np.zeros((len(w), groups), int), np.zeros((len(w), groups), np.float16)
    for g in range(groups):
        part = w[:, group_of == g]
        if symmetric:
            scale[:, g], zero[:, g] = np.abs(part).max(1) / (top // 2), top // 2 + 1
        else:
            scale[:, g] = (part.max(1) - part.min(1)) / top
            zero[:, g] = np.clip(np.rint(-part.min(1) / scale[:, g]), 1, top)
    q = np.clip(np.rint(w / scale[:, group_of]) + zero[:, group_of], 0, top).astype(int)
    return q, zero, scale


def floats(q, zero, scale, group_of):
    """(q - zero) * scale in float32, [out, in]; the product is exact."""
    return (q - zero[:, group_of]).astype(np.float32) * scale.astype(np.float32)[:, group_of]


def linear_of(values):
    linear = torch.nn.Linear(values.shape[1], values.shape[0], bias=False)
    linear.weight.data = torch.from_numpy(values)
    return linear


def stub(root, *names):
    """Makes packages importable without running their own __init__."""
    for name in names:
        module = types.ModuleType(name)
        module.__path__ = [str(pathlib.Path(root, *name.split(".")))]
        sys.modules[name] = module


def awq(sources, version):
    """AutoAWQ's WQLinear_GEMM and WQLinear_GEMV."""
    stub(sources / "autoawq", "awq", "awq.modules", "awq.modules.linear", "awq.utils")
    kind = getattr(importlib.import_module(f"awq.modules.linear.{version}"), f"WQLinear_{version.upper()}")
    dequantize = importlib.import_module("awq.utils.packing_utils").dequantize_gemm

    def pack(w, _rng):
        group_of = np.arange(w.shape[1]) // 32
        q, zero, scale = affine(w, 4, group_of, False)
        values = floats(q, zero, scale, group_of)
        turn = (lambda x: x.T.copy()) if version == "gemm" else (lambda x: x)
        packed = kind.from_linear(linear_of(values), 4, 32, False, torch.from_numpy(turn(scale)), torch.from_numpy(turn(zero)))
        if version == "gemm":
            decoded = dequantize(packed.qweight, packed.qzeros, packed.scales.float(), 4, 32).T
            assert np.array_equal(decoded.numpy(), values)
        return {"qweight": packed.qweight, "qzeros": packed.qzeros, "scales": packed.scales}, values

    return pack, {"quant_method": "awq", "bits": 4, "group_size": 32, "zero_point": True, "version": version,
                  "modules_to_not_convert": None}


def gptq(sources, fmt, bits, group, symmetric, desc_act):
    """GPTQModel's TorchLinear."""
    sys.path.insert(0, str(sources / "gptqmodel"))
    kind = importlib.import_module("gptqmodel.nn_modules.qlinear.torch").TorchLinear
    revert = importlib.import_module("gptqmodel.utils.model_dequant")._revert_gptq_v1_qzeros_correction

    def pack(w, rng):
        group_of = np.arange(w.shape[1]) // group
        if desc_act:
            group_of = rng.permutation(group_of)
        q, zero, scale = affine(w, bits, group_of, symmetric)
        values = floats(q, zero, scale, group_of)
        packed = kind(bits, group, symmetric, desc_act, w.shape[1], w.shape[0])
        packed.pack_original(linear_of(values), torch.from_numpy(scale.astype(np.float32)), torch.from_numpy(zero),
                             torch.from_numpy(group_of.astype(np.int32)))
        tensors = {"qweight": packed.qweight, "qzeros": packed.qzeros, "scales": packed.scales, "g_idx": packed.g_idx}
        packed.scales = packed.scales.float()
        assert np.array_equal(packed.dequantize_weight().T.numpy(), values)
        if fmt == "gptq":
            tensors["qzeros"] = revert(packed.qzeros, bits)
        return tensors, values

    return pack, {"quant_method": "gptq", "bits": bits, "group_size": group, "sym": symmetric, "desc_act": desc_act,
                  "checkpoint_format": fmt, "lm_head": False}


def compressed(_sources, bits, group, symmetric, actorder):
    """compressed-tensors' pack-quantized: integers are stored with 2^(bits-1) added."""
    module = importlib.import_module("compressed_tensors.compressors.quantized_compressors.pack_quantized")
    arguments = importlib.import_module("compressed_tensors.quantization").QuantizationArgs
    scheme = {"num_bits": bits, "type": "int", "symmetric": symmetric, "dynamic": False, "actorder": actorder,
              "strategy": "group" if group else "channel", "group_size": group}
    compressor, half = module.PackedQuantizationCompressor(), 2 ** (bits - 1)

    def pack(w, rng):
        group_of = np.arange(w.shape[1]) // (group or w.shape[1])
        if actorder:
            group_of = rng.permutation(group_of)
        q, zero, scale = affine(w, bits, group_of, symmetric)
        values = floats(q, zero, scale, group_of)
        index = torch.from_numpy(group_of.astype(np.int32)) if actorder else None
        scales, offset = torch.from_numpy(scale), torch.from_numpy((zero - half).astype(np.int8))
        made = compressor.compress_weight(torch.from_numpy(values), scales.float(), arguments(**scheme), offset, index)
        tensors = made | {"weight_scale": scales} | ({"weight_g_idx": index} if actorder else {})
        integers = module.unpack_from_int32(made["weight_packed"], bits, torch.Size(w.shape))
        decoded = importlib.import_module("compressed_tensors.quantization.lifecycle.forward").dequantize(
            integers, scales.float(), offset, arguments(**scheme), dtype=torch.float32, g_idx=index)
        assert np.array_equal(decoded.numpy(), values)
        return tensors, values

    return pack, {"quant_method": "compressed-tensors", "format": "pack-quantized", "quantization_status": "compressed",
                  "config_groups": {"group_0": {"targets": ["Linear"], "weights": scheme, "input_activations": None,
                                                "output_activations": None}},
                  "ignore": ["lm_head"], "kv_cache_scheme": None}


def nf4(_sources, double):
    """bitsandbytes' four-bit normal floats, with plain or with doubly quantized scales."""
    functional = importlib.import_module("bitsandbytes.functional")

    def quantize(w):
        return functional.quantize_4bit(torch.from_numpy(w), blocksize=64, compress_statistics=double, quant_type="nf4")

    def pack(w, _rng):
        packed, state = quantize(w.astype(np.float32))
        # Blocks are of the flattened weight. The decoder for CPUs (0.50.2) is wrong where they go over the end of a row of 96
        # inputs, so it is given the same blocks as rows.
        rows, blocks = quantize(w.astype(np.float32).reshape(-1, 64))
        assert torch.equal(rows, packed) and torch.equal(blocks.absmax, state.absmax)
        values = functional.dequantize_4bit(rows, blocks).numpy().reshape(w.shape)
        assert np.abs(values - w).max() < 0.2 * np.abs(w).max()
        return {"weight": packed} | {f"weight.{k}": v for k, v in state.as_dict(packed=True).items()}, values

    return pack, {"quant_method": "bitsandbytes", "load_in_4bit": True, "load_in_8bit": False,
                  "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": double, "bnb_4bit_compute_dtype": "float32",
                  "bnb_4bit_quant_storage": "uint8", "llm_int8_skip_modules": ["lm_head"]}


TWINS = {
    "llama_awq": (awq, "gemm"),
    "llama_awq_gemv": (awq, "gemv"),
    "llama_gptq": (gptq, "gptq", 4, 32, False, False),
    "llama_gptq_v2": (gptq, "gptq_v2", 4, 32, True, False),
    "llama_gptq_act": (gptq, "gptq", 4, 32, False, True),
    "llama_gptq8": (gptq, "gptq", 8, 64, False, False),
    "llama_packed": (compressed, 4, 32, True, None),
    "llama_packed_asym": (compressed, 4, 32, False, None),
    "llama_packed_act": (compressed, 4, 32, True, "group"),
    "llama_packed8": (compressed, 8, None, True, None),
    "llama_nf4": (nf4, False),
    "llama_nf4_double": (nf4, True),
}


def build(pack, seed, folder, plain):
    """Writes the packed model, and into plain the same model with float32 weights; returns the hashes of these."""
    config = transformers.AutoConfig.for_model(**CONFIG)
    state = transformers.AutoModelForCausalLM.from_config(config).state_dict()
    packed, floating, hashes = {}, {}, {}
    for name, parameter in state.items():
        w = tiny.draw(seed, "llama", name, tuple(parameter.shape))
        stem = name.removesuffix(".weight")
        if not stem.endswith(PROJECTIONS):
            packed[name] = torch.from_numpy(w).half()
            floating[name] = packed[name].float()
            continue
        tensors, values = pack(w, np.random.Generator(np.random.PCG64(len(packed))))
        packed |= {f"{stem}.{part}": tensor.contiguous() for part, tensor in tensors.items()}
        floating[name] = torch.from_numpy(np.ascontiguousarray(values))
        hashes[name] = hashlib.sha256(floating[name].numpy().tobytes()).hexdigest()
    safetensors.torch.save_file(packed, folder / "model.safetensors", {"format": "pt"})
    safetensors.torch.save_file(floating, plain / "model.safetensors", {"format": "pt"})
    return hashes


def write_configs(folder, plain, quantization):
    config = transformers.AutoConfig.for_model(**CONFIG)
    config.architectures = CONFIG["architectures"]
    config.save_pretrained(plain)
    for name, spelled in {"config.json": json.loads((plain / "config.json").read_text()), "config.old.json": CONFIG}.items():
        text = json.dumps(spelled | {"quantization_config": quantization}, indent=2)
        (folder / name).write_text(text + "\n")


def make(root, sources, name):
    scheme, *arguments = TWINS[name]
    pack, quantization = scheme(sources, *arguments)
    folder, prompt = root / name, tiny.prompt_ids(CONFIG["vocab_size"], tiny.PROMPT)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as plain:
        plain = pathlib.Path(plain)
        write_configs(folder, plain, quantization)
        for seed in itertools.count(1):
            hashes = build(pack, seed, folder, plain)
            if tiny.clear(plain, prompt, tiny.STEPS):
                break
        (folder / "dequantized.json").write_text(json.dumps(hashes, indent=2) + "\n")
        ids, logits, hidden = hf.run(hf.load(plain), prompt, tiny.STEPS)
    hf.save(folder / "golden.safetensors", ids, len(prompt), logits, hidden, {
        "engine": "transformers float32", "versions": hf.versions(), "model": name, "source_sha256": hf.source(folder),
        "script": "golden/record/twins.py"})
    print(f"{name}: seed {seed}, greedy {ids[len(prompt):]}")


def main(root, sources, names):
    transformers.utils.logging.set_verbosity_error()
    for name in names or TWINS:
        make(pathlib.Path(root), pathlib.Path(sources), name)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
