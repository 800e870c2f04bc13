package checkpoint

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/internal/checkpoint/packed"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// expertStack is the matrices [out, in] of separate experts as one weight
// [experts, out, in].
type expertStack struct{ parts []*Tensor }

// push adds the matrix of the next expert, which must be like the others.
func (s *expertStack) push(t *Tensor) error {
	if len(t.Shape) != 2 {
		return fmt.Errorf("tensor %q has shape %v, not [out, in]", t.Name, t.Shape)
	}
	s.parts = append(s.parts, t)
	first := s.parts[0]
	form, ok := t.Ints()
	firstForm, firstOK := first.Ints()
	if t.Type.Name != first.Type.Name || !slices.Equal(t.Shape, first.Shape) || ok != firstOK || !form.Same(firstForm) {
		return fmt.Errorf("tensor %q is %s %v, but that of expert 0 is %s %v", t.Name, t.Type, t.Shape, first.Type, first.Shape)
	}
	return nil
}

func (s *expertStack) Shape() []int {
	return append([]int{len(s.parts)}, s.parts[0].Shape...)
}

func (s *expertStack) Type() *quant.Type        { return s.parts[0].Type }
func (s *expertStack) Ints() (quant.Ints, bool) { return s.parts[0].Ints() }

// row finds row i of the stack.
func (s *expertStack) row(i int) (*Tensor, int) {
	out := s.parts[0].Shape[0]
	return s.parts[i/out], i % out
}

func (s *expertStack) Integers(i int, q []uint8, scale []float32, zero []int8) error {
	t, row := s.row(i)
	return t.ReadIntegers(row, q, scale, zero)
}

func (s *expertStack) Floats(i int, dst []float32) error {
	t, row := s.row(i)
	return t.ReadRow(row, dst)
}

// Bytes implements packed.Encoder.
func (s *expertStack) Bytes(i int) ([]byte, bool) {
	t, row := s.row(i)
	return t.Encoded(row)
}

// everyOutput is outputs first, first+step, … of each expert as a weight
// [experts, out, in]. A tensor of floats is [experts, in, out*step], a packed
// one [experts, out*step, in].
func everyOutput(t *Tensor, first, step int) (packed.Weight, error) {
	if len(t.Shape) != 3 {
		return nil, fmt.Errorf("shape is %v, not of 3 dimensions", t.Shape)
	}
	experts, in, outs := t.Shape[0], t.Shape[1], t.Shape[2]
	if t.packed != nil {
		in, outs = outs, in
	}
	if outs%step != 0 {
		return nil, fmt.Errorf("shape is %v: %d outputs are not a multiple of %d", t.Shape, outs, step)
	}
	shape := []int{experts, outs / step, in}
	if t.packed != nil {
		return rowsOf{t, shape, first, step}, nil
	}
	return newElements(t, shape, func(i, k int) int {
		expert, out := i/shape[1], i%shape[1]
		return (expert*in+k)*outs + out*step + first
	})
}

// everyElement is elements first, first+step, … of each row of a matrix.
func everyElement(t *Tensor, first, step int) (packed.Weight, error) {
	if len(t.Shape) != 2 || t.Shape[1]%step != 0 {
		return nil, fmt.Errorf("shape is %v, not 2 dimensions with rows of a multiple of %d", t.Shape, step)
	}
	width := t.Shape[1]
	return newElements(t, []int{t.Shape[0], width / step}, func(i, k int) int { return i*width + k*step + first })
}

// rowsOf is rows first, first+step, … of a tensor in another shape.
type rowsOf struct {
	*Tensor
	shape       []int
	first, step int
}

func (r rowsOf) Shape() []int      { return r.shape }
func (r rowsOf) Type() *quant.Type { return r.Tensor.Type }

func (r rowsOf) Integers(i int, q []uint8, scale []float32, zero []int8) error {
	return r.ReadIntegers(i*r.step+r.first, q, scale, zero)
}

func (r rowsOf) Floats(i int, dst []float32) error { return r.ReadRow(i*r.step+r.first, dst) }

// Bytes implements packed.Encoder.
func (r rowsOf) Bytes(i int) ([]byte, bool) { return r.Encoded(i*r.step + r.first) }

// elementsOf is elements of a tensor of floats in another order.
type elementsOf struct {
	*Tensor
	shape []int
	at    func(i, k int) int // where element k of row i is
}

func newElements(t *Tensor, shape []int, at func(i, k int) int) (packed.Weight, error) {
	if t.packed != nil || t.Type.Block != 1 || !t.Type.CanDecode() {
		return nil, errors.New("it is not a tensor of floats")
	}
	return elementsOf{t, shape, at}, nil
}

func (e elementsOf) Shape() []int             { return e.shape }
func (e elementsOf) Type() *quant.Type        { return e.Tensor.Type }
func (e elementsOf) Ints() (quant.Ints, bool) { return quant.Ints{}, false }

func (e elementsOf) Integers(int, []uint8, []float32, []int8) error {
	return errors.New("floats have no integers with a scale")
}

func (e elementsOf) Floats(i int, dst []float32) error {
	size := e.Tensor.Type.Bytes
	for k := range dst {
		if err := quant.Decode(e.Tensor.Type, e.data[e.at(i, k)*size:][:size], dst[k:k+1]); err != nil {
			return err
		}
	}
	return nil
}
