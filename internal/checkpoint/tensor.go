package checkpoint

import (
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/internal/checkpoint/packed"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// Tensor is one weight of a checkpoint, in Hugging Face's row order.
type Tensor struct {
	Name  string // "model.layers.3.self_attn.q_proj.weight"
	Shape []int  // outermost first: [out, in], or [n] for a vector
	Type  *quant.Type

	path    string // of the file, for errors
	data    []byte // encoded rows, in the order of the file
	headDim int    // if not 0, rows within a head are in the order of adjacent pairs
	addOne  bool   // the weight is 1 + what the file has

	packed packed.Weight // if not nil, has the rows instead of data
	first  int           // the row of packed that is row 0
}

// Rows returns the number of rows: Shape[0] of a matrix, 1 of a vector.
func (t *Tensor) Rows() int {
	rows := 1
	for _, n := range t.Shape[:max(len(t.Shape)-1, 0)] {
		rows *= n
	}
	return rows
}

// Cols returns the number of elements of a row.
func (t *Tensor) Cols() int {
	if len(t.Shape) == 0 {
		return 1
	}
	return t.Shape[len(t.Shape)-1]
}

// Row returns the encoded bytes of row i, a slice of the file that is valid
// until the checkpoint is closed and must not be written to. A vector that GGUF
// reorders has no such bytes.
func (t *Tensor) Row(i int) ([]byte, error) {
	if t.headDim != 0 && len(t.Shape) == 1 {
		return nil, t.errorf("its elements are reordered: it can only be decoded")
	}
	return t.row(i)
}

// Encoded returns row i as Type encodes it; ok is false if only ReadRow gives
// the row: it is out of range, packed in another form, reordered, or not what
// the file has.
func (t *Tensor) Encoded(i int) (row []byte, ok bool) {
	if t.addOne || t.checkRow(i) != nil {
		return nil, false
	}
	if t.packed == nil {
		row, err := t.Row(i)
		return row, err == nil
	}
	e, ok := t.packed.(packed.Encoder)
	if !ok {
		return nil, false
	}
	return e.Bytes(t.first + i)
}

func (t *Tensor) row(i int) ([]byte, error) {
	rows := t.Rows()
	if err := t.checkRow(i); err != nil {
		return nil, err
	}
	if t.packed != nil {
		return nil, t.errorf("its rows are packed in several tensors")
	}
	size, at := len(t.data)/rows, i
	if len(t.Shape) > 1 {
		at = t.fileRow(i)
	}
	return t.data[at*size:][:size:size], nil
}

func (t *Tensor) checkRow(i int) error {
	if rows := t.Rows(); i < 0 || i >= rows {
		return t.errorf("row %d is not among its %d rows", i, rows)
	}
	return nil
}

// ReadRow decodes row i to dst, which must have Cols elements. Gemma's weights
// of norms become 1 + w, rounded once, as transformers computes them in float32.
func (t *Tensor) ReadRow(i int, dst []float32) error {
	if t.packed != nil {
		return t.readPacked(i, len(dst), func() error { return t.packed.Floats(t.first+i, dst) })
	}
	row, err := t.row(i)
	if err != nil {
		return err
	}
	if err := quant.Decode(t.Type, row, dst); err != nil {
		return t.errorf("%w", err)
	}
	if t.addOne {
		for i, v := range dst {
			dst[i] = 1 + v
		}
	}
	if t.headDim != 0 && len(t.Shape) == 1 {
		inFile := slices.Clone(dst)
		for i := range dst {
			dst[i] = inFile[t.fileRow(i)]
		}
	}
	return nil
}

// Ints returns the integer form of the weight; ok is false if it has none.
func (t *Tensor) Ints() (form quant.Ints, ok bool) {
	if t.packed != nil {
		return t.packed.Ints()
	}
	return t.Type.Ints()
}

// ReadIntegers reads row i in the integer form: Cols integers in q, one scale
// for each of the form's groups, and as many zero points if the form has them.
func (t *Tensor) ReadIntegers(i int, q []uint8, scale []float32, zero []int8) error {
	if t.packed != nil {
		return t.readPacked(i, len(q), func() error { return t.packed.Integers(t.first+i, q, scale, zero) })
	}
	row, err := t.Row(i)
	if err != nil {
		return err
	}
	if err := quant.Integers(t.Type, row, q, scale); err != nil {
		return t.errorf("%w", err)
	}
	return nil
}

// Sorted returns the weight with its inputs in another order, in which it has
// an integer form, and for each place in a row which input it holds. It is nil
// for a weight that has such a form as it is, or in no order.
func (t *Tensor) Sorted() (sorted *Tensor, order []int32) {
	s, ok := t.packed.(packed.Sorter)
	if !ok {
		return nil, nil
	}
	w, order := s.Sorted()
	if w == nil {
		return nil, nil
	}
	view := *t
	view.packed = w
	return &view, order
}

// readPacked checks row and length before it reads.
func (t *Tensor) readPacked(i, n int, read func() error) error {
	if err := t.checkRow(i); err != nil {
		return err
	}
	if n != t.Cols() {
		return t.errorf("rows have %d elements, not %d", t.Cols(), n)
	}
	if err := read(); err != nil {
		return t.errorf("%w", err)
	}
	return nil
}

func (t *Tensor) errorf(format string, args ...any) error {
	return fmt.Errorf("checkpoint: %s: tensor %q: %w", t.path, t.Name, fmt.Errorf(format, args...))
}

// fileRow returns where the file has row i of a matrix, or element i of a bias.
//
// Hugging Face rotates elements j and j+d/2 of a head of dimension d together,
// GGML's llama rotates 2j and 2j+1, so that the conversion to GGUF moves row
// half*d/2 + j of each head of q and k to 2j + half (LlamaModel.permute in
// llama.cpp's convert_hf_to_gguf.py).
func (t *Tensor) fileRow(i int) int {
	if t.headDim == 0 {
		return i
	}
	head, r := i/t.headDim, i%t.headDim
	half, j := r/(t.headDim/2), r%(t.headDim/2)
	return head*t.headDim + 2*j + half
}
