// Package checkpointtest makes checkpoints for tests: sound and hostile GGUF
// files, and Hugging Face folders.
package checkpointtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// GGUF describes a GGUF file. The zero values of the fields give a sound file;
// the others are for files that a reader must refuse.
type GGUF struct {
	Version uint32 // 3 if 0
	Align   int    // 32 if 0; it is not written as metadata
	KV      []KV
	Tensors []GGUFTensor
}

// KV is one metadata value.
type KV struct {
	Key   string
	Value any // string, []string, a number, bool, []float32, []int32, or Raw
}

// Raw is a metadata value as the bytes of the file: the id of its type and what
// follows.
type Raw []byte

// GGUFTensor is one tensor.
type GGUFTensor struct {
	Name      string
	Dims      []uint64 // contiguous dimension first
	Type      uint32   // id of the type, 0 for F32
	Data      []byte
	OffsetAdd uint64 // added to the right offset
}

// Bytes returns the file.
func (g GGUF) Bytes() []byte {
	version, align := g.Version, g.Align
	if version == 0 {
		version = 3
	}
	if align == 0 {
		align = 32
	}
	var b writer
	b.WriteString("GGUF")
	b.put(version, uint64(len(g.Tensors)), uint64(len(g.KV)))
	for _, kv := range g.KV {
		b.str(kv.Key)
		b.value(kv.Value)
	}
	offset := uint64(0)
	for _, t := range g.Tensors {
		b.str(t.Name)
		b.put(uint32(len(t.Dims)), t.Dims, t.Type, offset+t.OffsetAdd)
		offset += uint64((len(t.Data) + align - 1) / align * align)
	}
	for _, t := range g.Tensors {
		b.pad(align)
		b.Write(t.Data)
	}
	return b.Bytes()
}

// Set returns a copy of the file with a metadata value replaced or added; a nil
// value removes the key.
func (g GGUF) Set(key string, value any) GGUF {
	var list []KV
	for _, kv := range g.KV {
		if kv.Key != key {
			list = append(list, kv)
		}
	}
	if value != nil {
		list = append(list, KV{key, value})
	}
	g.KV = list
	return g
}

type writer struct{ bytes.Buffer }

// put writes numbers, little-endian. Writing to memory cannot fail.
func (w *writer) put(values ...any) {
	for _, v := range values {
		binary.Write(w, binary.LittleEndian, v)
	}
}

func (w *writer) str(s string) {
	w.put(uint64(len(s)))
	w.WriteString(s)
}

func (w *writer) pad(align int) {
	for w.Len()%align != 0 {
		w.WriteByte(0)
	}
}

// value writes the id of the type and the value.
func (w *writer) value(v any) {
	switch v := v.(type) {
	case Raw:
		w.Write(v)
	case string:
		w.put(uint32(8))
		w.str(v)
	case []string:
		w.put(uint32(9), uint32(8), uint64(len(v)))
		for _, s := range v {
			w.str(s)
		}
	case []float32:
		w.put(uint32(9), uint32(6), uint64(len(v)), v)
	case []int32:
		w.put(uint32(9), uint32(5), uint64(len(v)), v)
	default:
		w.put(scalarID(v), v)
	}
}

// scalarID returns the id of the type of a number or bool.
func scalarID(v any) uint32 {
	ids := map[string]uint32{
		"uint8": 0, "int8": 1, "uint16": 2, "int16": 3, "uint32": 4, "int32": 5, "float32": 6, "bool": 7,
		"uint64": 10, "int64": 11, "float64": 12,
	}
	id, ok := ids[fmt.Sprintf("%T", v)]
	if !ok {
		panic(fmt.Sprintf("checkpointtest: metadata of type %T", v))
	}
	return id
}
