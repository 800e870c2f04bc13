package checkpoint

import "strings"

// InLayer says whether a listed tensor is part of a layer.
func (s Spec) InLayer() bool { return strings.HasPrefix(s.Name, "model.layers.") }

// Rotated says whether a listed tensor gives rows of q or k, or their biases,
// which GGUF files of some families have in another order.
func (s Spec) Rotated() bool {
	return strings.Contains(s.Name, ".q_proj.") || strings.Contains(s.Name, ".k_proj.")
}

// Norm says whether a listed tensor is the weight of a norm.
func (s Spec) Norm() bool { return s.norm }

// Wide says whether GGUF files have a listed tensor in F32 whatever the type of
// the others: vectors, biases and routers (llama.cpp, convert_hf_to_gguf.py).
func (s Spec) Wide() bool {
	return len(s.Shape) == 1 || !strings.HasSuffix(s.Name, ".weight") || strings.HasSuffix(s.Name, ".mlp.router.weight")
}

// RotatesPairs says whether GGUF files of the family have rows of q and k in
// the order of pairs: those of Llama, Mistral and Mixtral.
func (c *Config) RotatesPairs() bool {
	return c.Architecture == "llama" || c.Architecture == "mistral" || c.Architecture == "mixtral"
}

// HalvesRow returns which row of q or k is row i of a GGUF file. It is the
// inverse of the order that [Tensor] undoes.
func HalvesRow(i, headDim int) int {
	head, r := i/headDim, i%headDim
	return head*headDim + r%2*(headDim/2) + r/2
}
