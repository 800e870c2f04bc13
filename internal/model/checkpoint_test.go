package model

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/ir"
)

// ggmlTypes are the encodings of GGUF with their id, bytes and elements of a
// block, and the type of a matrix of theirs in the graph.
var ggmlTypes = []struct {
	id           uint32
	block, bytes int
	want         string
}{
	{0, 1, 4, "f32"}, {1, 1, 2, "f16"}, {30, 1, 2, "bf16"}, {28, 1, 8, "f32"},
	{2, 32, 18, "q4g32f16"}, {3, 32, 20, "q4g32f16m"}, {6, 32, 22, "q8g32f16"}, {7, 32, 24, "q8g32f16m"}, {8, 32, 34, "q8g32f16"},
	{10, 256, 84, "q4g16f32m"}, {11, 256, 110, "q4g16f32"}, {12, 256, 144, "q4g32f32m"}, {13, 256, 176, "q8g32f32m"}, {14, 256, 210, "q8g16f32"},
	{20, 32, 18, "q8g32f16"}, {23, 256, 136, "q8g32f32"}, {39, 32, 17, "q8g32f32"},
}

const upProj = "model.layers.0.mlp.up_proj.weight"

// wide is the tiny model with a hidden size of 256 and an up projection of
// random bytes, none of which makes a float16 that is not finite.
func wide(t *testing.T, id uint32, block, bytes int) *checkpoint.Checkpoint {
	g := checkpointtest.TinyGGUF().Set("llama.embedding_length", uint32(256))
	for i, dims := range map[string][]uint64{
		"token_embd": {256, 16}, "blk.0.attn_norm": {256}, "blk.0.attn_q": {256, 256}, "blk.0.attn_k": {256, 128}, "blk.0.attn_v": {256, 128},
		"blk.0.attn_output": {256, 256}, "blk.0.ffn_norm": {256}, "blk.0.ffn_gate": {256, 64}, "blk.0.ffn_down": {64, 256}, "output_norm": {256},
	} {
		g = g.Replace(checkpointtest.Ramp(i+".weight", dims...))
	}
	r, data := rand.New(rand.NewPCG(1, uint64(id))), make([]byte, 64*256/block*bytes)
	for i := range data {
		data[i] = byte(r.Uint32()) & 0x3B
	}
	g = g.Replace(checkpointtest.GGUFTensor{Name: "blk.0.ffn_up.weight", Dims: []uint64{256, 64}, Type: id, Data: data})
	c, err := checkpoint.FromGGUF("wide", g.Bytes())
	require.NoError(t, err)
	return c
}

// TestTypesOfGGUF: every encoding reaches the graph, and its rows there are
// those that quant.Decode gives.
func TestTypesOfGGUF(t *testing.T) {
	for _, typ := range ggmlTypes {
		c := wide(t, typ.id, typ.block, typ.bytes)
		m := &Model{Config: Config{"wide", c.Config()}, Checkpoint: c}
		module, err := Build(m.Config, m.types(Options{}), Options{Kind: ir.KindF32})
		require.NoError(t, err)
		for _, w := range module.Weights {
			if w.Name == upProj {
				require.Equal(t, typ.want+"[64,256]", w.Type.String())
				requireRows(t, c, w)
			}
		}
	}
}

// requireRows compares rows as they go to the graph with decoded ones.
func requireRows(t *testing.T, c *checkpoint.Checkpoint, w *ir.Value) {
	rows := checkpointRows{c: c}
	tensor, err := c.Tensor(w.Name)
	require.NoError(t, err)
	want, got := make([]float32, 256), make([]float32, 256)
	for i := range 64 {
		require.NoError(t, tensor.ReadRow(i, want))
		if w.Type.Elem == ir.Block {
			q, scale := make([]byte, 256), make([]float32, w.Type.Quant.Groups(256))
			if w.Type.Quant.Min {
				scale = append(scale, scale...)
			}
			require.NoError(t, rows.Integers(w, i, q, scale, nil))
			rebuild(w.Type.Quant, q, scale, got)
		} else {
			require.NoError(t, rows.Floats(w, i, got))
		}
		require.Equal(t, want, got, "%v row %d", w.Type, i)
	}
}

func rebuild(quant ir.Quant, q []byte, scale, dst []float32) {
	for k := range dst {
		v, g := int(q[k]), k/quant.Group
		switch {
		case quant.Bits == 8:
			v = int(int8(q[k]))
		case quant.Symmetric():
			v -= 8
		}
		dst[k] = float32(v) * scale[g]
		if quant.Min {
			dst[k] = float32(dst[k]) + scale[quant.Groups(len(q))+g]
		}
	}
}
