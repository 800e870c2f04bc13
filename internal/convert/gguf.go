package convert

import (
	"context"
	"fmt"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// ggufTypes are the types that are copied to a GGUF file as they are.
var ggufTypes = []*quant.Type{
	quant.F32, quant.F16, quant.BF16, quant.Q4_0, quant.Q4_1, quant.Q5_0, quant.Q5_1, quant.Q8_0, quant.Q2_K, quant.Q3_K,
	quant.Q4_K, quant.Q5_K, quant.Q6_K, quant.IQ4_NL, quant.IQ4_XS, quant.MXFP4,
}

// ToGGUF plans a GGUF file called name inside. Matrices get the type (F32, F16,
// BF16, Q8_0 or Q4_0), or keep theirs if it is nil and GGUF has it; types that
// it lacks become F16 or F32, exactly. Q4_0 is for the layers: embedding and
// head become Q8_0. Rows that are not whole blocks become F16. Vectors, biases
// and routers are F32, which is what llama.cpp expects.
func ToGGUF(c *checkpoint.Checkpoint, name string, typ *quant.Type) (*Plan, error) {
	config := c.Config()
	f, err := familyOf(&config)
	if err != nil {
		return nil, err
	}
	if typ != nil && !typ.CanEncode() {
		return nil, fmt.Errorf("type %s cannot be written", typ)
	}
	v, err := readVocab(c)
	if err != nil {
		return nil, err
	}
	if len(v.ends) > 2 {
		return nil, fmt.Errorf("%d tokens end generation, a GGUF file can name 3", len(v.ends)+1)
	}
	b := &builder{c: c, config: &config, format: "gguf", typ: func(spec checkpoint.Spec, from *checkpoint.Tensor) *quant.Type {
		return ggufType(spec, from, typ)
	}}
	p := &Plan{}
	if p.tensors, err = b.tensors(); err != nil {
		return nil, err
	}
	p.tensors = append(p.tensors, ropeTensors(&config)...)
	pairs := append(f.architecture(&config, name, p.tensors), v.pairs(config.Vocab)...)
	if err := p.checkGGUF(pairs, &config); err != nil {
		return nil, err
	}
	p.write = func(path string, rows rowWriter) error { return gguf.Write(path, pairs, p.ggufEntries(rows)) }
	return p, nil
}

// checkGGUF fails if a reader would not see the configuration c in the file.
func (p *Plan) checkGGUF(pairs []gguf.Pair, c *checkpoint.Config) error {
	preview, err := gguf.Preview(pairs, p.ggufEntries(rowWriter{context.Background(), func(int64) {}}))
	if err != nil {
		return err
	}
	read, err := checkpoint.ConfigOfGGUF(preview)
	if err != nil {
		return fmt.Errorf("this %s cannot be converted: a GGUF file would be refused: %w", c.Architecture, err)
	}
	return requireSaid(inGGUF(*c), &read, "a GGUF file")
}

// ggufEntries are the tensors for a writer.
func (p *Plan) ggufEntries(rows rowWriter) []gguf.Entry {
	var entries []gguf.Entry
	for i := range p.tensors {
		t := &p.tensors[i]
		entries = append(entries, gguf.Entry{Name: t.name, Shape: t.shape, Type: t.typ, Write: rows.of(t)})
	}
	return entries
}

// ggufType is the type of a tensor in a file whose matrices get typ, or keep
// theirs if it is nil.
func ggufType(spec checkpoint.Spec, from *checkpoint.Tensor, typ *quant.Type) *quant.Type {
	switch {
	case spec.Wide():
		return quant.F32
	case typ == nil:
		return widened(from.Type, ggufTypes)
	case typ.Block > 1 && from.Cols()%typ.Block != 0:
		return quant.F16
	case typ == quant.Q4_0 && !spec.InLayer():
		return quant.Q8_0
	}
	return typ
}

// fileTypes are the values of general.file_type (enum llama_ftype).
var fileTypes = map[*quant.Type]uint32{
	quant.F32: 0, quant.F16: 1, quant.Q4_0: 2, quant.Q4_1: 3, quant.Q8_0: 7, quant.Q5_0: 8, quant.Q5_1: 9, quant.Q2_K: 10,
	quant.Q3_K: 12, quant.Q4_K: 15, quant.Q5_K: 17, quant.Q6_K: 18, quant.IQ4_NL: 25, quant.IQ4_XS: 30, quant.BF16: 32, quant.MXFP4: 38,
}

// architecture returns the metadata of the model.
func (f *family) architecture(c *checkpoint.Config, name string, tensors []tensor) []gguf.Pair {
	pairs := []gguf.Pair{
		{Key: "general.architecture", Value: f.gguf},
		{Key: "general.name", Value: name},
		{Key: "general.file_type", Value: fileTypes[mainType(tensors)]},
		{Key: "general.quantization_version", Value: uint32(2)},
	}
	add := func(key string, value any) { pairs = append(pairs, gguf.Pair{Key: f.gguf + "." + key, Value: value}) }
	add("vocab_size", uint32(c.Vocab))
	add("context_length", uint32(c.Context))
	add("embedding_length", uint32(c.Hidden))
	add("block_count", uint32(c.Layers))
	add("feed_forward_length", uint32(c.Intermediate))
	add("rope.dimension_count", uint32(c.Rotated()))
	add("attention.head_count", uint32(c.Heads))
	add("attention.head_count_kv", uint32(c.KVHeads))
	add("attention.key_length", uint32(c.HeadDim))
	add("attention.value_length", uint32(c.HeadDim))
	add("attention.layer_norm_rms_epsilon", float32(c.NormEps))
	add("rope.freq_base", float32(c.Rope.Theta))
	ropeKeys(&c.Rope, add)
	f.keys(c, add)
	return pairs
}

// mainType is the type of most elements.
func mainType(tensors []tensor) *quant.Type {
	count := map[*quant.Type]int64{}
	main := quant.F32
	for _, t := range tensors {
		if t.typ == safetensors.U8 { // packed
			continue
		}
		count[t.typ] += int64(t.rows()) * int64(t.cols())
		if count[t.typ] > count[main] {
			main = t.typ
		}
	}
	return main
}
