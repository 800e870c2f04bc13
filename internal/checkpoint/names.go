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

// Paired says whether the rows of a listed tensor of a Llama are in another
// order in a GGUF file: those of q and k.
func (s Spec) Paired() bool {
	return strings.HasSuffix(s.Name, ".q_proj.weight") || strings.HasSuffix(s.Name, ".k_proj.weight")
}

// HalvesRow returns which row of q or k is row i of a GGUF file. It is the
// inverse of the order that [Tensor] undoes.
func HalvesRow(i, headDim int) int {
	head, r := i/headDim, i%headDim
	return head*headDim + r%2*(headDim/2) + r/2
}
