#!/usr/bin/env python3
"""Make the tiny models of golden/testdata, one folder for each family, with their goldens.

    pip install what golden/record/hf.py names
    python golden/record/tiny.py golden/testdata [FAMILY...]

A folder holds

    config.old.json      the configuration as files of transformers 4 spell it; written below
    config.json          what transformers 5 makes of it
    model.safetensors    random weights as transformers saves them
    golden.safetensors   what transformers computes (hf.py)

Weights come from numpy's generator, keyed by the name of the tensor and a seed. The seed is the first with which every
greedy step has a top-2 gap of at least 1 % of the row's standard deviation, every router likewise between the last
expert that is chosen and the first that is not, and the continuation has at least four different ids: then an engine
that is exact to 1e-5 has one answer. The script stops if the two spellings, or two runs, give different bits, or if the
run is further than 3e-6 from the same code in float64.
"""
import contextlib
import hashlib
import itertools
import json
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import safetensors.torch
import torch
import transformers

import hf

PROMPT, STEPS = 27, 10
GAP = 0.01

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "vocab_size": 269,
    "hidden_size": 80, "intermediate_size": 108, "num_hidden_layers": 2, "num_attention_heads": 5,
    "num_key_value_heads": 1, "max_position_embeddings": 64, "rms_norm_eps": 3e-05, "rope_theta": 5000.0,
    "rope_scaling": None, "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": False,
    "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "bfloat16",
}
MOE = {
    "hidden_act": "silu", "vocab_size": 257, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 2e-05, "rope_theta": 20000.0,
    "attention_dropout": 0.0, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}
GEMMA = {
    "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh", "vocab_size": 263, "hidden_size": 64,
    "intermediate_size": 100, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12,
    "query_pre_attn_scalar": 20, "max_position_embeddings": 64, "rms_norm_eps": 4e-05, "attention_bias": False,
    "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0, "torch_dtype": "bfloat16",
}
QWEN = {
    "hidden_act": "silu", "vocab_size": 271, "hidden_size": 72, "intermediate_size": 100, "num_hidden_layers": 3,
    "num_attention_heads": 6, "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 2e-05,
    "rope_theta": 30000.0, "attention_dropout": 0.0, "torch_dtype": "bfloat16",
}

# The hub's spelling of each configuration.
FAMILIES = {
    # Odd sizes: group tails at every projection for groups of 32, 64 and 128; five query heads on one KV head.
    "llama": LLAMA | {"torch_dtype": "float32"},
    # Llama 3.2: tied, and scaled frequencies in all three of llama3's ranges.
    "llama3": LLAMA | {
        "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True, "rope_theta": 500.0,
        "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                         "original_max_position_embeddings": 32, "rope_type": "llama3"}},
    # Biases everywhere, and heads that do not add up to the hidden size.
    "llama_bias": LLAMA | {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12, "attention_bias": True,
                           "mlp_bias": True, "torch_dtype": "float16"},
    "llama_linear": LLAMA | {"rope_scaling": {"type": "linear", "factor": 2.5}},
    "llama_yarn": LLAMA | {"rope_theta": 10000.0, "rope_scaling": {
        "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "beta_fast": 1.0, "beta_slow": 0.25}},
    "mistral": LLAMA | {
        "architectures": ["MistralForCausalLM"], "model_type": "mistral", "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 16, "sliding_window": 11, "hidden_size": 72, "torch_dtype": "float16"},
    # A window that is switched off; q, k and v have biases that no key mentions.
    "qwen2": QWEN | {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "tie_word_embeddings": True,
                     "sliding_window": 9, "max_window_layers": 1, "use_sliding_window": False},
    # The window is on, from layer 1.
    "qwen2_window": QWEN | {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "tie_word_embeddings": False,
                            "sliding_window": 9, "max_window_layers": 1, "use_sliding_window": True},
    "qwen3": QWEN | {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "attention_bias": False,
                     "head_dim": 20, "tie_word_embeddings": False, "rope_scaling": None, "sliding_window": None,
                     "max_window_layers": 3, "use_sliding_window": False},
    "gemma2": GEMMA | {"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "num_hidden_layers": 3,
                       "rope_theta": 3000.0, "sliding_window": 10, "attn_logit_softcapping": 4.0,
                       "final_logit_softcapping": 3.0},
    # Two bases: rope_theta for the full layer, rope_local_base_freq for the others; linear scaling of the full layer.
    "gemma3_text": GEMMA | {"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "num_hidden_layers": 4,
                            "rope_theta": 40000.0, "rope_local_base_freq": 2000.0, "sliding_window": 10,
                            "sliding_window_pattern": 3, "rope_scaling": {"factor": 4.0, "rope_type": "linear"},
                            "attn_logit_softcapping": None, "final_logit_softcapping": None},
    "phi3": {
        "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_act": "silu", "vocab_size": 270,
        "hidden_size": 64, "intermediate_size": 92, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 96, "original_max_position_embeddings": 36,
        "partial_rotary_factor": 0.75, "rms_norm_eps": 3e-05, "rope_theta": 7000.0, "sliding_window": 20,
        "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.05, 1.1, 1.3, 1.7, 2.0],
                         "long_factor": [1.1, 1.4, 2.2, 3.5, 5.0, 6.5]},
        "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attention_dropout": 0.0, "attention_bias": False,
        "tie_word_embeddings": True, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "torch_dtype": "bfloat16"},
    "mixtral": MOE | {"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "intermediate_size": 44,
                      "num_local_experts": 5, "num_experts_per_tok": 2, "sliding_window": None},
    # The middle layer is dense.
    "qwen3_moe": MOE | {"architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "head_dim": 20,
                        "attention_bias": False, "intermediate_size": 84, "moe_intermediate_size": 36,
                        "num_experts": 6, "num_experts_per_tok": 3, "norm_topk_prob": True, "decoder_sparse_step": 1,
                        "mlp_only_layers": [1], "num_hidden_layers": 3, "rope_scaling": None, "sliding_window": None,
                        "max_window_layers": 3, "use_sliding_window": False},
    # Expert matrices [experts, in, out] whose values MXFP4 can hold: gpt_oss_mxfp4 is the same model.
    "gpt_oss": MOE | {"architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss", "head_dim": 20,
                      "attention_bias": True, "intermediate_size": 32, "num_local_experts": 4, "num_experts_per_tok": 2,
                      "experts_per_token": 2, "initial_context_length": 16, "sliding_window": 9, "swiglu_limit": 1.5,
                      "layer_types": ["sliding_attention", "full_attention"], "rope_theta": 15000.0,
                      "rope_scaling": {"beta_fast": 1.5, "beta_slow": 0.25, "factor": 4.0,
                                       "original_max_position_embeddings": 16, "rope_type": "yarn", "truncate": False}},
}


def draw(seed, model_type, name, shape):
    """The values of one tensor. Sizes are such that eps, windows, caps and clamps all move the logits."""
    key = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    x = np.random.Generator(np.random.PCG64(int.from_bytes(key[:16], "little"))).standard_normal(shape)
    if name.endswith("norm.weight"):
        return 0.25 * x if model_type.startswith("gemma") else 1 + 0.25 * x
    if name.endswith("sinks"):
        return x
    if name.endswith("bias"):
        return 0.3 * x
    if name.endswith("embed_tokens.weight"):
        return x / (80 if model_type.startswith("gemma") else 8)
    fan_in = shape[-2] if model_type == "gpt_oss" and ".experts." in name else shape[-1]
    return 1.5 * x / np.sqrt(fan_in)


# The positive numbers that FP4 (E2M1) can hold.
FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])


def mxfp4(w):
    """Rounds [experts, in, out] to MXFP4 along in: codes [experts, out, in/32, 32] and exponents [experts, out, in/32].

    OCP Microscaling Formats 1.0, 5.2 and 6.3: blocks of 32 FP4 numbers, sign in the high bit, with one power of two.
    """
    blocks = w.swapaxes(1, 2).reshape(w.shape[0], w.shape[2], -1, 32)
    exponent = np.floor(np.log2(np.abs(blocks).max(-1))).astype(int) - 2
    scaled = blocks / np.exp2(exponent)[..., None]
    code = np.abs(np.minimum(np.abs(scaled), 6)[..., None] - FP4).argmin(-1)
    return code + 8 * (scaled < 0), exponent


def mxfp4_values(code, exponent):
    """The numbers that they stand for, [experts, in, out]."""
    values = np.where(code < 8, 1, -1) * FP4[code % 8] * np.exp2(exponent)[..., None]
    return values.reshape(*values.shape[:2], -1).swapaxes(1, 2)


def is_expert_matrix(name):
    return name.endswith(("experts.gate_up_proj", "experts.down_proj"))


def build(config, dtype, seed, folder):
    """Fills a model with random weights and lets transformers save it."""
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = draw(seed, config.model_type, name, tuple(parameter.shape))
            if config.model_type == "gpt_oss" and is_expert_matrix(name):
                values = mxfp4_values(*mxfp4(values))
            parameter.copy_(torch.from_numpy(values))
    model.to(dtype).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)


def pack_experts(source, folder):
    """Writes gpt_oss with packed experts, as its hub files have them: low nibble first, exponents with a bias of 127."""
    folder.mkdir(exist_ok=True)
    quantization = {"quant_method": "mxfp4", "modules_to_not_convert": [
        "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]}
    for name in ["config.json", "config.old.json"]:
        config = json.loads((source / name).read_text()) | {"quantization_config": quantization}
        (folder / name).write_text(json.dumps(config, indent=2) + "\n")
    tensors = {}
    for name, values in safetensors.torch.load_file(source / "model.safetensors").items():
        if is_expert_matrix(name):
            code, exponent = mxfp4(values.double().numpy())
            assert np.array_equal(mxfp4_values(code, exponent), values.double().numpy())
            tensors[name + "_blocks"] = torch.from_numpy((code[..., 0::2] + 16 * code[..., 1::2]).astype(np.uint8, order="C"))
            tensors[name + "_scales"] = torch.from_numpy((exponent + 127).astype(np.uint8, order="C"))
        else:
            tensors[name] = values
    safetensors.torch.save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def prompt_ids(vocab, length):
    return np.random.Generator(np.random.PCG64(length)).integers(3, vocab, length).tolist()


@contextlib.contextmanager
def routers(model, found):
    """Collects how clearly every router chooses its experts, in standard deviations of its logits."""
    hooks = []
    for name, module in model.named_modules():
        if hasattr(module, "top_k") and hasattr(module, "weight"):
            def look(_module, _args, out):
                x = np.sort(out[0].double().numpy(), -1)[:, ::-1]
                k = _module.top_k
                found.append(((x[:, k - 1] - x[:, k]) / x.std(-1)).min())
            hooks.append(module.register_forward_hook(look))
    yield
    for hook in hooks:
        hook.remove()


def clear(folder, prompt, steps):
    """Whether the choices of a model are far enough apart."""
    model, found = hf.load(folder), []
    with routers(model, found):
        ids, logits, _ = hf.run(model, prompt, steps)
    gap = min([hf.gaps(logits, len(prompt)).min(), *found])
    return gap >= GAP and len(set(ids[len(prompt):])) >= 4


def l2(got, want):
    return float(np.linalg.norm((got - want).astype(np.float64)) / np.linalg.norm(want.astype(np.float64)))


def same(a, b):
    return a[0] == b[0] and all(np.array_equal(x, y) for x, y in zip(a[1:], b[1:]))


def check(folder, prompt, steps, golden):
    """The old spelling means the same, and rounding is as small as the policy of the comparison expects."""
    with tempfile.TemporaryDirectory() as old:
        shutil.copy(folder / "config.old.json", pathlib.Path(old, "config.json"))
        shutil.copy(folder / "model.safetensors", old)
        if not same(hf.run(hf.load(old), prompt, steps), golden):
            sys.exit(f"{folder}: config.old.json gives other bits than config.json")
    exact = hf.run(hf.load(folder, torch.float64), prompt, steps)
    errors = [l2(golden[1], exact[1]), *(l2(g, e) for g, e in zip(golden[2][1:], exact[2][1:]))]
    if exact[0] != golden[0] or max(errors) > 3e-6:
        sys.exit(f"{folder}: float64 gives {exact[0]} at a distance of {max(errors)}")
    return max(errors)


def make(root, name, old):
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.old.json").write_text(json.dumps(old, indent=2) + "\n")
    with tempfile.TemporaryDirectory() as spelled:
        shutil.copy(folder / "config.old.json", pathlib.Path(spelled, "config.json"))
        config = transformers.AutoConfig.from_pretrained(spelled)
    lengths = {"golden": PROMPT}
    if name == "phi3":
        # Positions decide: past original_max_position_embeddings (36) everything uses the long factors.
        lengths = {"golden": 38, "golden.short": 26}
    prompts = {file: prompt_ids(old["vocab_size"], n) for file, n in lengths.items()}
    for seed in itertools.count(1):
        build(config, getattr(torch, old["torch_dtype"]), seed, folder)
        if all(clear(folder, prompt, STEPS) for prompt in prompts.values()):
            break
    for file, prompt in prompts.items():
        golden = hf.record(folder, folder / f"{file}.safetensors", prompt, STEPS)
        error = check(folder, prompt, STEPS, golden)
        print(f"{name}/{file}: seed {seed}, {error:.1e} from float64, greedy {golden[0][len(prompt):]}")
    if name == "gpt_oss":
        packed = root / "gpt_oss_mxfp4"
        pack_experts(folder, packed)
        if not same(hf.record(packed, packed / "golden.safetensors", prompts["golden"], STEPS), golden):
            sys.exit(f"{packed}: other bits than {folder}")


def main(root, names):
    transformers.utils.logging.set_verbosity_error()
    for name in names or FAMILIES:
        make(pathlib.Path(root), name, FAMILIES[name])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
