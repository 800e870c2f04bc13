// Package convert writes a checkpoint as the other world has it: as a GGUF file
// for llama.cpp, or as a Hugging Face folder for transformers. Names, shapes,
// the order of rows, the configuration and the tokenizer are translated; what
// the other world cannot express is an error.
//
// Sources: llama.cpp, convert_hf_to_gguf.py and gguf-py/gguf/constants.py;
// transformers, models/llama.
package convert

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// Plan is a conversion that has been checked and can be written.
type Plan struct {
	tensors []tensor
	write   func(path string, rows rowWriter) error
}

// Bytes returns the size of the tensors that will be written.
func (p *Plan) Bytes() int64 {
	var n int64
	for _, t := range p.tensors {
		n += t.bytes()
	}
	return n
}

// Tensors returns the number of tensors that will be written.
func (p *Plan) Tensors() int { return len(p.tensors) }

// Write writes the file or folder, which appears only when it is complete; what
// has been written is removed when ctx ends. progress is called with the bytes
// of tensors written since its last call.
func (p *Plan) Write(ctx context.Context, path string, progress func(n int64)) error {
	return p.write(path, rowWriter{ctx, progress})
}

// tensor is a tensor of the result.
type tensor struct {
	name  string
	shape []int // outermost first
	typ   *quant.Type
	src   source
	order func(i int) int // the row of src, or element of a vector, that is number i; nil if it is i
}

// source is where rows come from: a tensor of the checkpoint, or a computed
// vector.
type source interface {
	// Row returns the encoded row i.
	Row(i int) ([]byte, error)
	// ReadRow decodes row i.
	ReadRow(i int, dst []float32) error
}

// cols is the number of elements of a row.
func (t *tensor) cols() int { return t.shape[len(t.shape)-1] }

func (t *tensor) rows() int {
	n := 1
	for _, d := range t.shape[:len(t.shape)-1] {
		n *= d
	}
	return n
}

func (t *tensor) rowBytes() int { return t.cols() / t.typ.Block * t.typ.Bytes }

func (t *tensor) bytes() int64 { return int64(t.rows()) * int64(t.rowBytes()) }

// rowWriter writes the rows of tensors.
type rowWriter struct {
	ctx      context.Context
	progress func(n int64)
}

// of returns the function that writes the rows of a tensor.
func (r rowWriter) of(t *tensor) func(w io.Writer) error {
	return func(w io.Writer) error {
		floats, row := make([]float32, t.cols()), make([]byte, t.rowBytes())
		for i := range t.rows() {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			encoded, err := t.encode(i, floats, row)
			if err != nil {
				return fmt.Errorf("row %d: %w", i, err)
			}
			if _, err := w.Write(encoded); err != nil {
				return err
			}
			r.progress(int64(len(encoded)))
		}
		return nil
	}
}

// encode returns row i in the type of the result: as the source has it if it
// has that type, else in row.
func (t *tensor) encode(i int, floats []float32, row []byte) ([]byte, error) {
	isVector := len(t.shape) == 1
	if t.order != nil && !isVector {
		i = t.order(i)
	}
	if c, ok := t.src.(*checkpoint.Tensor); ok && c.Type == t.typ && !isVector {
		return c.Row(i)
	}
	if err := t.src.ReadRow(i, floats); err != nil {
		return nil, err
	}
	if t.order != nil && isVector {
		inOrder := slices.Clone(floats)
		for k := range floats {
			floats[k] = inOrder[t.order(k)]
		}
	}
	return row, quant.Encode(t.typ, floats, row)
}

// vector is a computed vector.
type vector []float32

func (v vector) Row(int) ([]byte, error) {
	return nil, fmt.Errorf("a computed vector has no encoded rows")
}

func (v vector) ReadRow(_ int, dst []float32) error {
	copy(dst, v)
	return nil
}

// widened returns the type itself if it is in the list, else the narrowest of
// F16 and F32 that holds every value of the type.
func widened(t *quant.Type, list []*quant.Type) *quant.Type {
	switch {
	case slices.Contains(list, t):
		return t
	case t == quant.F8_E4M3 || t == quant.F8_E5M2 || t == quant.F8_E4M3FNUZ || t == quant.F8_E5M2FNUZ:
		return quant.F16
	}
	return quant.F32
}
