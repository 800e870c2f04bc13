#!/usr/bin/env python3
"""Turn a GGUF file into a Hugging Face folder with the same weights in float32: what hf.py reads.

    pip install what golden/record/hf.py names, and gguf==0.19.0
    python golden/record/dequantize.py MODEL.gguf FOLDER

It takes the architectures llama and gemma3. Weights are dequantized by the gguf package; rows of q and k of llama files are
put back in Hugging Face's order; norm weights of gemma3 lose the 1 that conversion to GGUF has added. No tokenizer is
written.
"""
import json
import pathlib
import sys

import gguf
import numpy as np

import hf

LAYER = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}
GEMMA_LAYER = LAYER | {
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm", "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm", "post_ffw_norm": "post_feedforward_layernorm",
}
TOP = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


class File:
    """The hyperparameters and float32 tensors of a GGUF file, in its own layout."""

    def __init__(self, path):
        self.reader = gguf.GGUFReader(path)
        self.architecture = self.get("general.architecture")
        self.tensors = {t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32) for t in self.reader.tensors}

    def get(self, key, default=None):
        field = self.reader.fields.get(key)
        return default if field is None else field.contents()

    def hyper(self, key, default=None):
        return self.get(f"{self.architecture}.{key}", default)

    def common(self):
        heads = self.hyper("attention.head_count")
        return {
            "vocab_size": len(self.tensors["token_embd.weight"]), "hidden_size": self.hyper("embedding_length"),
            "intermediate_size": self.hyper("feed_forward_length"), "num_hidden_layers": self.hyper("block_count"),
            "num_attention_heads": heads, "num_key_value_heads": self.hyper("attention.head_count_kv", heads),
            "max_position_embeddings": self.hyper("context_length"),
            "rms_norm_eps": self.hyper("attention.layer_norm_rms_epsilon"),
            "tie_word_embeddings": "output.weight" not in self.tensors, "torch_dtype": "float32",
        }

    def config(self):
        if self.architecture == "llama":
            if "rope_freqs.weight" in self.tensors or self.hyper("rope.scaling.type") is not None:
                sys.exit("scaled rotary embeddings are not taken")
            return self.common() | {"model_type": "llama", "architectures": ["LlamaForCausalLM"],
                                    "rope_theta": self.hyper("rope.freq_base", 10000.0)}
        if self.architecture == "gemma3":
            return self.common() | {
                "model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"],
                "head_dim": self.hyper("attention.key_length"), "query_pre_attn_scalar": self.hyper("attention.key_length"),
                "rope_theta": self.hyper("rope.freq_base"), "rope_local_base_freq": 10000.0, "sliding_window_pattern": 6,
                "sliding_window": self.hyper("attention.sliding_window"), "hidden_activation": "gelu_pytorch_tanh"}
        sys.exit(f"architecture {self.architecture} is not taken")

    def state(self):
        """The weights by Hugging Face's names."""
        gemma = self.architecture == "gemma3"
        state = {}
        for name, w in self.tensors.items():
            stem = name.removesuffix(".weight")
            if stem.startswith("blk."):
                _, i, part = stem.split(".")
                stem = f"model.layers.{i}.{(GEMMA_LAYER if gemma else LAYER)[part]}"
                if not gemma and part in ("attn_q", "attn_k"):
                    w = unpermute(w, self.hyper("attention.head_count" if part == "attn_q" else "attention.head_count_kv"))
            else:
                stem = TOP[stem]
            state[stem + ".weight"] = w - 1 if gemma and stem.endswith("norm") else w
        return state


def unpermute(w, heads):
    """Rows of Q or K from GGUF's order (pairs adjacent) to Hugging Face's (halves of the head)."""
    rows, cols = w.shape
    return w.reshape(heads, rows // heads // 2, 2, cols).swapaxes(1, 2).reshape(rows, cols)


def write(file, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(file.config(), indent=2) + "\n")
    hf.write_safetensors(folder / "model.safetensors", {
        name: ("F32", np.ascontiguousarray(w)) for name, w in file.state().items()}, {"format": "pt"})


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: dequantize.py MODEL.gguf FOLDER")
    write(File(sys.argv[1]), sys.argv[2])
