// Package packed reads weights that a Hugging Face checkpoint keeps in several
// tensors: integers packed into words, with scales and zero points beside them.
// There is one file for each format.
//
// A [Scheme] is what quantization_config says; it makes a [Weight] of the
// tensors that stand for one module. Only shapes are read then; the data stay
// in the mapped file until rows are asked for.
package packed

import (
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// Tensor is a tensor of a file.
type Tensor struct {
	Shape []int
	Type  *quant.Type
	Data  []byte
}

// Parts gives out the tensors that stand for one module, by what their names
// have after the module's.
type Parts interface {
	// Take returns a tensor, which then has its place; ok is false if there is
	// none.
	Take(suffix string) (t Tensor, ok bool)
}

// Scheme makes weights of their parts.
type Scheme interface {
	// Marker is how the name of one tensor of each packed weight ends.
	Marker() string
	// Suffix is what the name of the weight has after the module's.
	Suffix() string
	// Weight makes the weight of a module. Errors name the part.
	Weight(module string, parts Parts) (Weight, error)
}

// Weight is a weight whose rows are read from packed tensors. Its methods may
// be called concurrently.
type Weight interface {
	// Shape is that of the weight, outermost first.
	Shape() []int
	// Type is for display: it has a name, but [quant.Decode] does not know it.
	Type() *quant.Type
	// Ints is the integer form; ok is false if the weight has none.
	Ints() (form quant.Ints, ok bool)
	// Integers reads row i in the integer form: as many integers as there are
	// inputs, a scale for each group, and a zero point for each group if the
	// form has them.
	Integers(i int, q []uint8, scale []float32, zero []int8) error
	// Floats reads row i.
	Floats(i int, dst []float32) error
}

// Sorter is a Weight that has an integer form in another order of its inputs.
type Sorter interface {
	Weight
	// Sorted returns the weight with its inputs sorted by group, and for each
	// place in a row which input it holds; nil if that gives no integer form
	// or the weight has one as it is.
	Sorted() (w Weight, order []int32)
}

// Encoder is a Weight that may have rows as its type encodes them.
type Encoder interface {
	Weight
	// Bytes returns row i as Type encodes it; ok is false if there are no such
	// bytes.
	Bytes(i int) (row []byte, ok bool)
}

// need takes a tensor that must have one of the types and the shape; negative
// dimensions may be anything.
func need(parts Parts, suffix string, shape []int, types ...string) (Tensor, error) {
	t, ok := parts.Take(suffix)
	if !ok {
		return t, fmt.Errorf("%s is missing", suffix)
	}
	return t, t.check(suffix, shape, types)
}

func (t *Tensor) check(suffix string, shape []int, types []string) error {
	if !slices.Contains(types, t.Type.Name) {
		return fmt.Errorf("%s is %s, want %v", suffix, t.Type, types)
	}
	same := func(want, got int) bool { return want < 0 || want == got }
	if !slices.EqualFunc(shape, t.Shape, same) {
		return fmt.Errorf("%s has shape %v, want %v (-1: any)", suffix, t.Shape, shape)
	}
	return nil
}

// floats are the types of scales.
var floats = []string{"F16", "BF16", "F32"}

// at returns element i of a tensor of floats.
func (t *Tensor) at(i int) float32 {
	var v [1]float32
	size := t.Type.Bytes
	// The types that check let through can be decoded, and the sizes fit.
	_ = quant.Decode(t.Type, t.Data[i*size:][:size], v[:])
	return v[0]
}
