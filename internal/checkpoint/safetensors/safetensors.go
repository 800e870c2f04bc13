// Package safetensors reads and writes safetensors files: the length of a JSON
// header as 64 bits, the header, and the tensors without a gap, little-endian.
//
// The reader makes the checks of the reference implementation (huggingface/
// safetensors 24b0b28, SafeTensors::read_metadata and Metadata::validate) in
// its order. It also enforces what the format's README demands and the
// reference leaves to its JSON parser: no duplicate keys.
package safetensors

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// maxHeader is the reference's limit on the bytes of the header.
const maxHeader = 100_000_000

// File is a parsed safetensors file.
type File struct {
	metadata map[string]string
	tensors  []Tensor
}

// Tensor is one tensor of a file.
type Tensor struct {
	Name  string
	Shape []int // outermost first; empty for a scalar
	Type  *quant.Type
	Data  []byte // little-endian, C order; a slice of the file
}

// Parse reads the header of a safetensors file whose contents are data; path is
// for errors. Only the header is copied: tensors are slices of data.
func Parse(path string, data []byte) (*File, error) {
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return f, nil
}

// Metadata returns the free-form strings of the header's "__metadata__".
func (f *File) Metadata() map[string]string { return f.metadata }

// Tensors returns the tensors in the order of their data.
func (f *File) Tensors() []Tensor { return f.tensors }

func parse(data []byte) (*File, error) {
	text, body, err := split(data)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("the header is not valid UTF-8")
	}
	if len(text) == 0 || text[0] != '{' {
		return nil, fmt.Errorf("the header does not start with {")
	}
	h, err := parseHeader(text)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	tensors, err := place(h.entries, body)
	if err != nil {
		return nil, err
	}
	return &File{h.metadata, tensors}, nil
}

// split separates the header from the tensor data.
func split(data []byte) (header, body []byte, err error) {
	if len(data) < 8 {
		return nil, nil, fmt.Errorf("%d bytes: too short for the length of a header", len(data))
	}
	n, rest := binary.LittleEndian.Uint64(data), data[8:]
	switch {
	case n > maxHeader:
		return nil, nil, fmt.Errorf("header of %d bytes, more than %d", n, maxHeader)
	case n > uint64(len(rest)):
		return nil, nil, fmt.Errorf("header of %d bytes ends after the file (%d bytes)", n, len(data))
	}
	return rest[:n], rest[n:], nil
}

// place sorts the entries by their data and checks that they fill body.
func place(entries []entry, body []byte) ([]Tensor, error) {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name))
	})
	end := uint64(0)
	for _, e := range entries {
		if err := e.check(end); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", e.name, err)
		}
		end = e.end
	}
	if end != uint64(len(body)) {
		return nil, fmt.Errorf("the tensors take %d bytes, but %d follow the header", end, len(body))
	}
	tensors := make([]Tensor, len(entries))
	for i, e := range entries {
		tensors[i] = Tensor{e.name, e.shape, e.typ, body[e.begin:e.end:e.end]}
	}
	return tensors, nil
}

// check tests the offsets of an entry against the end of the one before it and
// against its shape.
func (e *entry) check(previous uint64) error {
	if e.begin != previous || e.end < e.begin {
		return fmt.Errorf("data_offsets [%d, %d], but the tensors before it end at %d", e.begin, e.end, previous)
	}
	size, err := e.size()
	if err != nil {
		return err
	}
	if uint64(size) != e.end-e.begin {
		return fmt.Errorf("%s of shape %v takes %d bytes, but data_offsets [%d, %d] hold %d",
			e.typ, e.shape, size, e.begin, e.end, e.end-e.begin)
	}
	return nil
}

// size returns the bytes that type and shape take.
func (e *entry) size() (int, error) {
	n := uint64(1)
	for _, d := range e.shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, fmt.Errorf("the product of shape %v overflows", e.shape)
		}
		n = lo
	}
	size, err := e.typ.Size(int64(n))
	return int(size), err
}
