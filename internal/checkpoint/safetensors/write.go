package safetensors

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lpuctl/lpuctl/internal/atomicfile"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// Entry is one tensor to be written.
type Entry struct {
	Name  string
	Shape []int // outermost first
	Type  *quant.Type
	Write func(w io.Writer) error // writes the elements, little-endian
}

// Write writes tensors that are in memory, as WriteEntries does.
func Write(path string, tensors []Tensor, metadata map[string]string) error {
	entries := make([]Entry, len(tensors))
	for i, t := range tensors {
		entries[i] = Entry{t.Name, t.Shape, t.Type, func(w io.Writer) error {
			_, err := w.Write(t.Data)
			return err
		}}
	}
	return WriteEntries(path, entries, metadata)
}

// WriteEntries writes tensors and metadata to a file. The same arguments give
// the same bytes, those of Hugging Face's library: tensors are sorted by type,
// widest first, then by name; metadata by key; the header is padded with spaces
// to a multiple of 8 bytes. The file appears under its name only when it is
// complete.
//
// It fails if a name appears twice or is "__metadata__", if a type is not one
// of safetensors, or if a tensor writes more or fewer bytes than its type and
// shape say.
func WriteEntries(path string, tensors []Entry, metadata map[string]string) error {
	sorted := slices.SortedFunc(slices.Values(tensors), func(a, b Entry) int {
		return cmp.Or(cmp.Compare(rank(b.Type), rank(a.Type)), cmp.Compare(a.Name, b.Name))
	})
	head, err := encodeHeader(sorted, metadata)
	if err == nil {
		err = atomicfile.Write(path, 0o644, func(f *os.File) error {
			w := bufio.NewWriterSize(f, 1<<20)
			return errors.Join(write(w, head, sorted), w.Flush())
		})
	}
	if err != nil {
		return fmt.Errorf("safetensors: write %s: %w", path, err)
	}
	return nil
}

func write(w io.Writer, head []byte, tensors []Entry) error {
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range tensors {
		c := &counter{w: w}
		if err := t.Write(c); err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if size, err := t.size(); err != nil || c.n != size {
			return fmt.Errorf("tensor %q: %d bytes written, but its type and shape take %d", t.Name, c.n, size)
		}
	}
	return nil
}

// counter counts the bytes that are written.
type counter struct {
	w io.Writer
	n int
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += n
	return n, err
}

// wireEntry is a tensor of the header as JSON.
type wireEntry struct {
	Dtype       string `json:"dtype"`
	Shape       []int  `json:"shape"`
	DataOffsets [2]int `json:"data_offsets"`
}

// encodeHeader returns the length of the header and the header.
func encodeHeader(tensors []Entry, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, 8))
	enc := jsontext.NewEncoder(&b, jsontext.Multiline(false))
	if err := encodeObject(enc, tensors, metadata); err != nil {
		return nil, err
	}
	b.Truncate(len(bytes.TrimRight(b.Bytes(), "\n")))
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	head := b.Bytes()
	binary.LittleEndian.PutUint64(head, uint64(len(head)-8))
	return head, nil
}

func encodeObject(enc *jsontext.Encoder, tensors []Entry, metadata map[string]string) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	if len(metadata) > 0 {
		if err := encodeMember(enc, "__metadata__", metadata); err != nil {
			return err
		}
	}
	offset := 0
	for _, t := range tensors {
		size, err := t.size()
		if err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		offsets := [2]int{offset, offset + size}
		if err := encodeMember(enc, t.Name, wireEntry{t.Type.Name, t.Shape, offsets}); err != nil {
			return err
		}
		offset += size
	}
	return enc.WriteToken(jsontext.EndObject)
}

func encodeMember(enc *jsontext.Encoder, key string, value any) error {
	if err := enc.WriteToken(jsontext.String(key)); err != nil {
		return err
	}
	return json.MarshalEncode(enc, value, json.Deterministic(true), json.FormatNilSliceAsNull(false))
}

// size returns the bytes of a tensor. It makes the checks that the reader would
// make.
func (t *Entry) size() (int, error) {
	if t.Name == "__metadata__" {
		return 0, fmt.Errorf("the name is reserved")
	}
	if rank(t.Type) < 0 {
		return 0, fmt.Errorf("type %s does not exist in safetensors", t.Type)
	}
	for _, d := range t.Shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v is negative", t.Shape)
		}
	}
	e := entry{name: t.Name, typ: t.Type, shape: t.Shape}
	return e.size()
}
