package convert

import (
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// builder plans the tensors of a file from those of a checkpoint.
type builder struct {
	c      *checkpoint.Checkpoint
	config *checkpoint.Config
	format string // of the file, as in checkpoint.Config.Stored
	// typ is the type of a tensor that is of another in the checkpoint.
	typ   func(spec checkpoint.Spec, from *checkpoint.Tensor) *quant.Type
	mxfp4 bool // experts of a folder stay packed
}

// maxExperts bounds the experts of all layers, far above what models have: each
// may be tensors of its own.
const maxExperts = 1 << 16

// tensors lists the tensors of the file.
func (b *builder) tensors() ([]tensor, error) {
	if n := b.config.Experts.Count; n > maxExperts/b.config.Layers {
		return nil, fmt.Errorf("%d layers with %d experts, more than %d experts", b.config.Layers, n, maxExperts)
	}
	var list []tensor
	for s := range b.config.Stored(b.format) {
		var parts []*checkpoint.Tensor
		for _, spec := range s.Parts {
			t, err := b.c.Tensor(spec.Name)
			if err != nil {
				return nil, err
			}
			parts = append(parts, t)
		}
		made, err := b.stored(s, parts)
		if err != nil {
			return nil, err
		}
		list = append(list, made...)
	}
	return list, nil
}

// stored makes what holds the parts: one tensor, or two that are packed.
func (b *builder) stored(s checkpoint.Stored, parts []*checkpoint.Tensor) (list []tensor, err error) {
	t := tensor{name: s.Name, typ: b.typ(s.Parts[0], parts[0]), wide: s.Parts[0].Wide()}
	shape := parts[0].Shape
	switch {
	case s.InTurn && len(shape) == 2:
		t.shape, t.src = []int{shape[0], len(parts) * shape[1]}, shuffled{parts}
	case s.InTurn && b.mxfp4:
		return packedExperts(s.Name, parts), nil
	case s.InTurn:
		t.shape, t.src = []int{shape[0], shape[2], len(parts) * shape[1]}, newTransposed(parts)
	case len(shape) == 1:
		t.shape = shape
		t.src, err = b.vector(s.Parts[0], parts[0])
	default:
		t.shape, t.src = storedShape(s, parts), rows{parts, b.rowAt(s, parts)}
	}
	return []tensor{t}, err
}

// storedShape is the shape of rows of the parts one after the other, or of one
// expert.
func storedShape(s checkpoint.Stored, parts []*checkpoint.Tensor) []int {
	if s.Expert >= 0 {
		return parts[0].Shape[1:]
	}
	shape := slices.Clone(parts[0].Shape)
	for _, p := range parts[1:] {
		shape[0] += p.Shape[0]
	}
	return shape
}

// rowAt returns the function that finds a row of the file among the parts.
func (b *builder) rowAt(s checkpoint.Stored, parts []*checkpoint.Tensor) func(i int) (part, row int) {
	switch {
	case s.Expert >= 0:
		first := s.Expert * parts[0].Shape[1]
		return func(i int) (int, int) { return 0, first + i }
	case b.rotatesPairs(s.Parts[0]):
		return func(i int) (int, int) { return 0, checkpoint.HalvesRow(i, b.config.HeadDim) }
	}
	return func(i int) (part, row int) {
		for part < len(parts)-1 && i >= parts[part].Rows() {
			i -= parts[part].Rows()
			part++
		}
		return part, i
	}
}

// rotatesPairs says whether the file has the rows of a tensor in the order of
// pairs.
func (b *builder) rotatesPairs(s checkpoint.Spec) bool {
	return b.format == "gguf" && b.config.RotatesPairs() && s.Rotated()
}

// vector reads a vector and puts it as the file has it.
func (b *builder) vector(s checkpoint.Spec, t *checkpoint.Tensor) (vector, error) {
	v := make(vector, t.Cols())
	if err := t.ReadRow(0, v); err != nil {
		return nil, err
	}
	switch {
	case b.rotatesPairs(s):
		inOrder := slices.Clone(v)
		for i := range v {
			v[i] = inOrder[checkpoint.HalvesRow(i, b.config.HeadDim)]
		}
	case b.format != "gguf" && b.config.UnitNorms() && s.Norm():
		return v, minusOne(s.Name, v)
	}
	return v, nil
}

// minusOne subtracts the 1 that a reader of a folder adds in float32. It fails
// if that does not give the same again.
func minusOne(name string, v vector) error {
	for i, x := range v {
		v[i] = x - 1
		if !sameBits(1+v[i], x) {
			return fmt.Errorf("tensor %q: element %d is %v, which a folder cannot say: there it is 1 + w, rounded to float32", name, i, x)
		}
	}
	return nil
}

// packedExperts is the blocks and the scales of gpt-oss's experts.
func packedExperts(name string, parts []*checkpoint.Tensor) []tensor {
	experts, out, groups := parts[0].Shape[0], len(parts)*parts[0].Shape[1], parts[0].Shape[2]/32
	turn := rows{parts, func(i int) (part, row int) { return i % len(parts), i / len(parts) }}
	return []tensor{
		{name: name + "_blocks", shape: []int{experts, out, groups, 16}, typ: safetensors.U8, src: mxfp4{turn, false}, width: 16 * groups},
		{name: name + "_scales", shape: []int{experts, out, groups}, typ: safetensors.U8, src: mxfp4{turn, true}},
	}
}
