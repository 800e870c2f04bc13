// Package model builds the graph of a model: the numbers of an architecture,
// from a checkpoint or from a named preset, and the types of its weights
// become an [ir.Module], and the checkpoint's tensors the weights that
// internal/pack packs. One file per family.
package model

import (
	"fmt"
	"strconv"

	"github.com/lpuctl/lpuctl/ir"
)

// Config are the numbers of an architecture, in Hugging Face's terms.
type Config struct {
	Name          string
	Layers        int
	Hidden        int // width of the residual stream
	Intermediate  int // width of the feed-forward network
	Heads         int // query heads
	KVHeads       int
	HeadDim       int
	Vocab         int
	Context       int // positions the model was made for
	NormEps       float64
	Rope          Rope
	TieEmbeddings bool // lm_head is the embedding
}

// Options are the choices that a user makes for a graph.
type Options struct {
	Kind    string    // compute kind of the linears: ir.KindF32 …; linears with float weights take f32 for a8 and a15
	Quant   *ir.Quant // of the seven projections of a layer; nil: as the checkpoint has them
	Context int       // positions of the KV caches; 0: the architecture's
	Prefill int       // tokens of a prefill call; 0: no prefill entry
}

// Bounds on the work that a wrong number in a file can cause.
const (
	maxLayers = 1 << 12
	maxSize   = 1 << 24 // of every other number: no product of two overflows
)

// check refuses numbers that no graph can have.
func (c *Config) check() error {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"layers", c.Layers}, {"hidden size", c.Hidden}, {"intermediate size", c.Intermediate},
		{"query heads", c.Heads}, {"KV heads", c.KVHeads}, {"head dimension", c.HeadDim},
		{"vocabulary", c.Vocab}, {"context", c.Context},
	} {
		if f.value < 1 || f.value > maxSize {
			return fmt.Errorf("%s is %d, want 1 to %d", f.name, f.value, maxSize)
		}
	}
	if c.Heads%c.KVHeads != 0 {
		return fmt.Errorf("%d query heads are not whole groups of %d KV heads", c.Heads, c.KVHeads)
	}
	if c.HeadDim%2 != 0 {
		return fmt.Errorf("head dimension %d is odd", c.HeadDim)
	}
	if c.Layers > maxLayers {
		return fmt.Errorf("%d layers, at most %d", c.Layers, maxLayers)
	}
	return c.Rope.check(c.HeadDim / 2)
}

// Parameters counts the weights of the model, rope tables left out.
func (c *Config) Parameters() int64 {
	q, kv := int64(c.Heads*c.HeadDim), int64(c.KVHeads*c.HeadDim)
	h, f := int64(c.Hidden), int64(c.Intermediate)
	layer := 2*h*q + 2*h*kv + 3*h*f + 2*h
	embeddings := int64(c.Vocab) * h
	if !c.TieEmbeddings {
		embeddings *= 2
	}
	return int64(c.Layers)*layer + embeddings + h
}

// CacheBytes is the size of both float32 KV caches for a context.
func (c *Config) CacheBytes(context int) int64 {
	return 2 * 4 * int64(c.Layers) * int64(c.KVHeads) * int64(c.HeadDim) * int64(context)
}

// The names of weights that are not in layers; Hugging Face's, but for the
// rope tables, which lpuctl computes.
const (
	EmbedWeight = "model.embed_tokens.weight"
	NormWeight  = "model.norm.weight"
	HeadWeight  = "lm_head.weight"
	CosTable    = "rope.cos"
	SinTable    = "rope.sin"
)

// layerWeight is the Hugging Face name of a weight of layer i.
func layerWeight(i int, role string) string {
	return "model.layers." + strconv.Itoa(i) + "." + role + ".weight"
}

// WeightTypes says in which type a checkpoint has a matrix.
type WeightTypes interface {
	// MatrixType is the type of the matrix [out, in] of that name; projection
	// tells the linears of a layer from the embedding and the head.
	MatrixType(name string, out, in int, projection bool) ir.Type
}
