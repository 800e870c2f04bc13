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
)

// Write writes tensors and metadata to a file. The same arguments give the same
// bytes, those of Hugging Face's library: tensors are sorted by type, widest
// first, then by name; metadata by key; the header is padded with spaces to a
// multiple of 8 bytes. The file appears under its name only when it is complete.
//
// It fails if a name appears twice or is "__metadata__", if a type is not one
// of safetensors, or if Data is not as long as Type and Shape say.
func Write(path string, tensors []Tensor, metadata map[string]string) error {
	sorted := slices.SortedFunc(slices.Values(tensors), func(a, b Tensor) int {
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

func write(w io.Writer, head []byte, tensors []Tensor) error {
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

// wireEntry is a tensor of the header as JSON.
type wireEntry struct {
	Dtype       string `json:"dtype"`
	Shape       []int  `json:"shape"`
	DataOffsets [2]int `json:"data_offsets"`
}

// encodeHeader returns the length of the header and the header.
func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
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

func encodeObject(enc *jsontext.Encoder, tensors []Tensor, metadata map[string]string) error {
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
		if err := checkTensor(t, offset); err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		offsets := [2]int{offset, offset + len(t.Data)}
		if err := encodeMember(enc, t.Name, wireEntry{t.Type.Name, t.Shape, offsets}); err != nil {
			return err
		}
		offset += len(t.Data)
	}
	return enc.WriteToken(jsontext.EndObject)
}

func encodeMember(enc *jsontext.Encoder, key string, value any) error {
	if err := enc.WriteToken(jsontext.String(key)); err != nil {
		return err
	}
	return json.MarshalEncode(enc, value, json.Deterministic(true), json.FormatNilSliceAsNull(false))
}

// checkTensor makes the checks that the reader would make.
func checkTensor(t Tensor, offset int) error {
	if t.Name == "__metadata__" {
		return fmt.Errorf("the name is reserved")
	}
	if rank(t.Type) < 0 {
		return fmt.Errorf("type %s does not exist in safetensors", t.Type)
	}
	for _, d := range t.Shape {
		if d < 0 {
			return fmt.Errorf("shape %v is negative", t.Shape)
		}
	}
	e := entry{t.Name, t.Type, t.Shape, uint64(offset), uint64(offset + len(t.Data))}
	return e.check(uint64(offset))
}
