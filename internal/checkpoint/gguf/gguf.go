// Package gguf reads GGUF files, version 3 (and 2, which differs in nothing but
// the number), as laid out in ggml's docs/gguf.md. It refuses what ggml's own
// reader, src/gguf.cpp, refuses.
//
// Only the header is read and copied; tensors are slices of the file.
package gguf

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// Limits on counts, far above what checkpoints have, that bound the memory a
// hostile header can take.
const (
	maxKeys    = 1 << 16
	maxTensors = 1 << 17
)

// File is a parsed GGUF file.
type File struct {
	version uint32
	keys    []string
	values  map[string]any
	tensors []Tensor
}

// Tensor is one tensor of a file.
type Tensor struct {
	Name  string
	Shape []int // outermost first, as Hugging Face writes it: GGUF's dims reversed
	Type  *quant.Type
	Data  []byte // the encoded elements, a slice of the file
}

// Parse reads the header of a GGUF file whose contents are data; path is for
// errors. The file keeps slices of data.
func Parse(path string, data []byte) (*File, error) {
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("gguf: %s: %w", path, err)
	}
	return f, nil
}

// Version returns 2 or 3.
func (f *File) Version() int { return int(f.version) }

// Keys returns the metadata keys in the order of the file.
func (f *File) Keys() []string { return f.keys }

// Value returns the metadata value of a key: one of uint8, int8, uint16, int16,
// uint32, int32, uint64, int64, float32, float64, bool, string, or a slice of
// one of these.
func (f *File) Value(key string) (value any, ok bool) {
	value, ok = f.values[key]
	return value, ok
}

// Tensors returns the tensors in the order of the file.
func (f *File) Tensors() []Tensor { return f.tensors }

func parse(data []byte) (*File, error) {
	f, infos, end, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	return f, f.place(infos, data, end)
}

// readHeader reads everything before the tensor data; end is where it ends.
func readHeader(data []byte) (f *File, infos []info, end int, err error) {
	c := &cursor{data: data}
	if magic := c.bytes(4, "magic"); c.err == nil && string(magic) != "GGUF" {
		return nil, nil, 0, fmt.Errorf("starts with %q, not with GGUF", magic)
	}
	f = &File{version: c.u32("version"), values: map[string]any{}}
	if err := checkVersion(f.version); c.err == nil && err != nil {
		return nil, nil, 0, err
	}
	nTensors := c.count(1, "number of tensors")
	nKeys := c.count(1, "number of metadata keys")
	c.limit(nTensors, maxTensors, "tensors")
	c.limit(nKeys, maxKeys, "metadata keys")
	for i := 0; i < nKeys && c.err == nil; i++ {
		f.readPair(c)
	}
	infos = readInfos(c, nTensors)
	return f, infos, c.pos, c.err
}

func (c *cursor) limit(n, most int, what string) {
	if n > most {
		c.fail("%d %s, more than %d", n, what, most)
	}
}

func checkVersion(v uint32) error {
	switch {
	case v != 0 && v&0xFFFF == 0:
		return fmt.Errorf("version is %#08x: the file is big-endian, which is not supported", v)
	case v < 2 || v > 3:
		return fmt.Errorf("version %d is not supported; 2 and 3 are", v)
	}
	return nil
}

// readPair reads one key and its value.
func (f *File) readPair(c *cursor) {
	key := c.str("metadata key")
	switch _, dup := f.values[key]; {
	case c.err != nil:
		return
	case key == "":
		c.fail("metadata key %d is empty", len(f.keys))
	case len(key) > 65535:
		c.fail("metadata key %d has %d bytes, more than 65535", len(f.keys), len(key))
	case dup:
		c.fail("metadata key %q appears twice", key)
	}
	what := fmt.Sprintf("metadata key %q", key)
	f.values[key] = c.value(c.u32(what), what)
	f.keys = append(f.keys, key)
}
