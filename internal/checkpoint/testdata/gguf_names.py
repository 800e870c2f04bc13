"""Writes gguf_names.json: what the Python package gguf calls the tensors of each family.

    pip install gguf==0.19.0
    python gguf_names.py > gguf_names.json

For each architecture the GGUF name of every Hugging Face name of a layer and of the model, by the table that
llama.cpp's converter uses (gguf/tensor_mapping.py). null: the converter has no such tensor.
"""

import json

import gguf

LAYER = [
    "input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.qkv_proj", "self_attn.q_norm",
    "self_attn.k_norm", "self_attn.o_proj", "post_attention_layernorm", "pre_feedforward_layernorm", "mlp.gate_proj", "mlp.up_proj",
    "mlp.gate_up_proj", "mlp.down_proj", "post_feedforward_layernorm",
]
MODEL = ["model.embed_tokens", "model.norm", "lm_head"]

table = {}
for arch in ("LLAMA", "QWEN2", "QWEN3", "GEMMA2", "GEMMA3", "PHI3"):
    kind = getattr(gguf.MODEL_ARCH, arch)
    names = gguf.get_tensor_name_map(kind, 1)
    table[gguf.MODEL_ARCH_NAMES[kind]] = {
        name: names.get_name(name) for name in MODEL + ["model.layers.0." + n for n in LAYER]
    }
print(json.dumps(table, indent=1))
