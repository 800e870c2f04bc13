package gguf

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/lpuctl/lpuctl/internal/atomicfile"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// Pair is one metadata value to be written: a string, uint32, float32, bool,
// []string, []float32 or []int32.
type Pair struct {
	Key   string
	Value any
}

// Entry is one tensor to be written.
type Entry struct {
	Name  string
	Shape []int // outermost first
	Type  *quant.Type
	Write func(w io.Writer) error // writes the encoded elements
}

// Write writes a file of version 3 with the default alignment. The same
// arguments give the same bytes. The file appears under its name only when it
// is complete. It fails on what the reader would refuse, and if a tensor writes
// more or fewer bytes than it has.
func Write(path string, pairs []Pair, tensors []Entry) error {
	head, err := encodeHeader(pairs, tensors)
	if err == nil {
		err = atomicfile.Write(path, 0o644, func(f *os.File) error {
			w := &counter{w: bufio.NewWriterSize(f, 1<<20)}
			return errors.Join(writeFile(w, head, tensors), w.w.Flush())
		})
	}
	if err != nil {
		return fmt.Errorf("gguf: write %s: %w", path, err)
	}
	return nil
}

// Preview returns what a reader will see of the file that Write writes. Of the
// tensors only those of one dimension have data.
func Preview(pairs []Pair, tensors []Entry) (*File, error) {
	head, err := encodeHeader(pairs, tensors)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	f, _, _, err := readHeader(head)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	for _, t := range tensors {
		var data bytes.Buffer
		if len(t.Shape) == 1 {
			if err := t.Write(&data); err != nil {
				return nil, fmt.Errorf("gguf: tensor %q: %w", t.Name, err)
			}
		}
		f.tensors = append(f.tensors, Tensor{t.Name, t.Shape, t.Type, data.Bytes()})
	}
	return f, nil
}

// counter counts the bytes that are written.
type counter struct {
	w *bufio.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// pad writes zeros up to the alignment.
func (c *counter) pad() error {
	_, err := c.Write(make([]byte, padded(uint64(c.n), defaultAlignment)-uint64(c.n)))
	return err
}

func writeFile(w *counter, head []byte, tensors []Entry) error {
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range tensors {
		if err := w.pad(); err != nil {
			return err
		}
		start := w.n
		if err := t.Write(w); err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if size, _ := t.size(); uint64(w.n-start) != size {
			return fmt.Errorf("tensor %q: %d bytes written, but its type and shape take %d", t.Name, w.n-start, size)
		}
	}
	return w.pad()
}

func (t *Entry) size() (uint64, error) {
	i := info{name: t.Name, typ: t.Type}
	for _, d := range slices.Backward(t.Shape) {
		i.dims = append(i.dims, uint64(d))
	}
	return i.size()
}

// encodeHeader returns everything before the tensor data.
func encodeHeader(pairs []Pair, tensors []Entry) ([]byte, error) {
	b := []byte("GGUF")
	b = binary.LittleEndian.AppendUint32(b, 3)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(tensors)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(pairs)))
	var err error
	for _, p := range pairs {
		if b, err = appendValue(appendString(b, p.Key), p.Value); err != nil {
			return nil, fmt.Errorf("metadata key %q: %w", p.Key, err)
		}
	}
	offset := uint64(0)
	for _, t := range tensors {
		id := slices.Index(tensorTypes[:], t.Type)
		size, err := t.size()
		if id < 0 {
			err = fmt.Errorf("tensor %q: GGUF has no type %s", t.Name, t.Type)
		}
		if err != nil {
			return nil, err
		}
		b = appendInfo(b, &t, uint32(id), offset)
		offset = padded(offset+size, defaultAlignment)
	}
	_, _, _, err = readHeader(b) // what the reader refuses is not written
	return b, err
}

func appendInfo(b []byte, t *Entry, id uint32, offset uint64) []byte {
	b = appendString(b, t.Name)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(t.Shape)))
	for _, d := range slices.Backward(t.Shape) {
		b = binary.LittleEndian.AppendUint64(b, uint64(d))
	}
	b = binary.LittleEndian.AppendUint32(b, id)
	return binary.LittleEndian.AppendUint64(b, offset)
}

func appendString(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

// appendValue appends the id of the type of a metadata value, and the value.
func appendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return appendString(binary.LittleEndian.AppendUint32(b, typeString), v), nil
	case []string:
		b = appendArray(b, typeString, len(v))
		for _, s := range v {
			b = appendString(b, s)
		}
		return b, nil
	case []float32:
		return binary.Append(appendArray(b, typeF32, len(v)), binary.LittleEndian, v)
	case []int32:
		return binary.Append(appendArray(b, typeI32, len(v)), binary.LittleEndian, v)
	case uint32:
		return binary.Append(binary.LittleEndian.AppendUint32(b, typeU32), binary.LittleEndian, v)
	case float32:
		return binary.Append(binary.LittleEndian.AppendUint32(b, typeF32), binary.LittleEndian, v)
	case bool:
		return binary.Append(binary.LittleEndian.AppendUint32(b, typeBool), binary.LittleEndian, v)
	}
	return nil, fmt.Errorf("a value of type %T cannot be written", v)
}

// appendArray appends what stands before the elements of an array.
func appendArray(b []byte, id uint32, n int) []byte {
	b = binary.LittleEndian.AppendUint32(b, typeArray)
	b = binary.LittleEndian.AppendUint32(b, id)
	return binary.LittleEndian.AppendUint64(b, uint64(n))
}
