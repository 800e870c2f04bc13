// Package model builds the graph of a model: the numbers of an architecture,
// from a checkpoint or from a named preset, and the types of its weights
// become an [ir.Module], and the checkpoint's tensors the weights that
// internal/pack packs.
//
// [Build] makes what all models have: embedding, entries, calls of layers,
// head. A family (llama.go …) is a function that puts one layer together from
// the blocks of layer.go.
package model

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/ir"
)

// Config is an architecture with the name of the model.
type Config struct {
	Name string
	checkpoint.Config
}

// Options are the choices that a user makes for a graph.
type Options struct {
	Kind    string    // compute kind of the linears: ir.KindF32 …; linears with float weights take f32 for a8 and a15
	Quant   *ir.Quant // of the linears of a layer; nil: as the checkpoint has them
	Context int       // positions of the KV caches; 0: the architecture's
	Prefill int       // tokens of a prefill call; 0: no prefill entry
}

// Bounds on the work that a wrong number in a file can cause.
const (
	maxLayers  = 1 << 12
	maxContext = 1 << 24
)

// check refuses what no graph can have and fills in the context.
func (o *Options) check(c *Config) error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.Layers > maxLayers {
		return fmt.Errorf("%d layers, at most %d", c.Layers, maxLayers)
	}
	if o.Context == 0 {
		o.Context = c.Context
	}
	if o.Context < 1 || o.Context > maxContext || o.Prefill < 0 || o.Prefill > o.Context {
		return fmt.Errorf("context of %d with a prefill of %d", o.Context, o.Prefill)
	}
	return nil
}

// Parameters counts the weights of the model, rope tables left out.
func (c *Config) Parameters() int64 {
	n := elements(c.ModelTensors())
	for i := range c.Layers {
		n += elements(c.LayerTensors(i))
	}
	return n
}

func elements(specs []checkpoint.Spec) int64 {
	var sum int64
	for _, s := range specs {
		n := int64(1)
		for _, d := range s.Shape {
			n *= int64(d)
		}
		sum += n
	}
	return sum
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

	LocalCosTable = "rope.local.cos" // of layers with a window, where they have their own
	LocalSinTable = "rope.local.sin"
)

// WeightTypes says in which type a checkpoint has a matrix.
type WeightTypes interface {
	// MatrixType is the type of the matrix [out, in] of that name, or of one in
	// the stack of that name; projection tells the linears of a layer from the
	// embedding, the head and routers.
	MatrixType(name string, out, in int, projection bool) ir.Type
	// Sorted says whether the inputs of the linear of that name are sorted by
	// group, so that it reads them through a gather.
	Sorted(name string) bool
}

// orderSuffix ends the name of the order of sorted inputs, after the module's.
const orderSuffix = ".order"
