package checkpoint

import (
	"iter"
	"strings"
)

// Tensors lists every tensor of the architecture with its whole name.
func (c *Config) Tensors() iter.Seq[Spec] { return c.layout }

// GGUFName is the name of a listed tensor in a GGUF file.
func (s Spec) GGUFName() string { return s.gguf }

// InLayer says whether a listed tensor is part of a layer.
func (s Spec) InLayer() bool { return strings.HasPrefix(s.Name, "model.layers.") }

// Rotated says whether a listed tensor gives rows of q or k, or their biases,
// which GGUF files of some families have in another order.
func (s Spec) Rotated() bool {
	return strings.Contains(s.Name, ".q_proj.") || strings.Contains(s.Name, ".k_proj.")
}

// HalvesRow returns which row of q or k is row i of a GGUF file. It is the
// inverse of the order that [Tensor] undoes.
func HalvesRow(i, headDim int) int {
	head, r := i/headDim, i%headDim
	return head*headDim + r%2*(headDim/2) + r/2
}
