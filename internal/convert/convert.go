// Package convert writes a checkpoint as the other world has it: as a GGUF file
// for llama.cpp, or as a Hugging Face folder for transformers. Names, shapes,
// the order of rows, the configuration and the tokenizer are translated; what
// the other world cannot express is an error.
//
// A plan reads back what it is going to write, and refuses if a reader would
// see another model.
//
// Sources: llama.cpp, convert_hf_to_gguf.py and gguf-py/gguf/constants.py;
// transformers, models/*/configuration_*.py.
package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

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
	width int  // elements of a row of src; 0 if rows are those of shape
	wide  bool // it is F32 in GGUF files whatever the type of the others
}

// cols is the number of elements of a row.
func (t *tensor) cols() int {
	if t.width != 0 {
		return t.width
	}
	return t.shape[len(t.shape)-1]
}

func (t *tensor) rows() int { return elements(t.shape) / t.cols() }

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
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
	if encoded, ok := t.src.Encoded(i, t.typ); ok {
		return encoded, nil
	}
	if err := t.src.ReadRow(i, floats); err != nil {
		return nil, err
	}
	return row, quant.Encode(t.typ, floats, row)
}

// fits says whether a type holds every element exactly.
func (t *tensor) fits(typ *quant.Type) (bool, error) {
	floats, back := make([]float32, t.cols()), make([]float32, t.cols())
	row := make([]byte, t.cols()*typ.Bytes)
	for i := range t.rows() {
		err := errors.Join(t.src.ReadRow(i, floats), quant.Encode(typ, floats, row), quant.Decode(typ, row, back))
		if err != nil || !slices.EqualFunc(floats, back, sameBits) {
			return false, err
		}
	}
	return true, nil
}

func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

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
