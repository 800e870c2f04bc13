package checkpointtest

import (
	"encoding/binary"
	"fmt"
	"math"
)

// TinyGGUF returns a sound Llama of one layer in float32: hidden size 32, 4
// query heads and 2 KV heads of dimension 8, intermediate size 64, vocabulary
// 16, head tied to the embedding. Element i of a tensor is i/256.
func TinyGGUF() GGUF {
	g := GGUF{KV: []KV{
		{"general.architecture", "llama"},
		{"llama.block_count", uint32(1)},
		{"llama.context_length", uint32(128)},
		{"llama.embedding_length", uint32(32)},
		{"llama.feed_forward_length", uint32(64)},
		{"llama.attention.head_count", uint32(4)},
		{"llama.attention.head_count_kv", uint32(2)},
		{"llama.attention.layer_norm_rms_epsilon", float32(1e-5)},
	}}
	for _, t := range []struct {
		name string
		dims []uint64
	}{
		{"token_embd", []uint64{32, 16}},
		{"blk.0.attn_norm", []uint64{32}},
		{"blk.0.attn_q", []uint64{32, 32}},
		{"blk.0.attn_k", []uint64{32, 16}},
		{"blk.0.attn_v", []uint64{32, 16}},
		{"blk.0.attn_output", []uint64{32, 32}},
		{"blk.0.ffn_norm", []uint64{32}},
		{"blk.0.ffn_gate", []uint64{32, 64}},
		{"blk.0.ffn_up", []uint64{32, 64}},
		{"blk.0.ffn_down", []uint64{64, 32}},
		{"output_norm", []uint64{32}},
	} {
		g.Tensors = append(g.Tensors, Ramp(t.name+".weight", t.dims...))
	}
	return g
}

// Ramp returns a float32 tensor whose element i is i/256.
func Ramp(name string, dims ...uint64) GGUFTensor {
	n := 1
	for _, d := range dims {
		n *= int(d)
	}
	var data []byte
	for i := range n {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(i)/256))
	}
	return GGUFTensor{Name: name, Dims: dims, Data: data}
}

// Replace returns a copy of the file with the tensor of the same name replaced,
// or with the tensor appended if there is none.
func (g GGUF) Replace(t GGUFTensor) GGUF {
	list := make([]GGUFTensor, 0, len(g.Tensors)+1)
	done := false
	for _, old := range g.Tensors {
		if old.Name == t.Name {
			old, done = t, true
		}
		list = append(list, old)
	}
	if !done {
		list = append(list, t)
	}
	g.Tensors = list
	return g
}

// Without returns a copy of the file without a tensor.
func (g GGUF) Without(name string) GGUF {
	var list []GGUFTensor
	for _, t := range g.Tensors {
		if t.Name != name {
			list = append(list, t)
		}
	}
	if len(list) == len(g.Tensors) {
		panic(fmt.Sprintf("checkpointtest: no tensor %q", name))
	}
	g.Tensors = list
	return g
}
