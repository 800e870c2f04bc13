package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/lpuctl/lpuctl/ir"
)

// indexFormat names the version of the index and of the layouts of Parts.
const indexFormat = "lpuctl-weights/1"

// Index describes weights.bin; it is the JSON file beside it.
type Index struct {
	Format  string        `json:"format"`
	Size    int64         `json:"size"` // bytes of weights.bin
	Tensors []IndexTensor `json:"tensors"`
}

// IndexTensor is one array of one weight.
type IndexTensor struct {
	Name   string `json:"name"`           // Hugging Face name of the weight
	Part   string `json:"part,omitempty"` // "", "scale" or "zero"
	Weight string `json:"weight"`         // logical type, as in q4g32f16[64,64]
	Type   string `json:"type"`           // element type of the array
	Shape  []int  `json:"shape"`          // of the array, row-major
	Offset int64  `json:"offset"`         // bytes from the start of weights.bin
	SHA256 string `json:"sha256"`         // of the array's bytes, hexadecimal
}

// newIndex lists the arrays of a plan, the hashes still empty.
func newIndex(plan *Plan) *Index {
	x := &Index{Format: indexFormat, Size: plan.Size, Tensors: []IndexTensor{}}
	for _, p := range plan.Weights {
		for i, part := range p.Parts {
			x.Tensors = append(x.Tensors, IndexTensor{
				Name: p.Weight.Name, Part: part.Suffix, Weight: p.Weight.Type.String(),
				Type: part.Elem.String(), Shape: part.Shape, Offset: p.Offset[i],
			})
		}
	}
	return x
}

// ReadIndex reads the index of a weight file.
func ReadIndex(path string) (*Index, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	var x Index
	if err := json.Unmarshal(data, &x); err != nil {
		return nil, fmt.Errorf("pack: %s: %w", path, err)
	}
	if x.Format != indexFormat {
		return nil, fmt.Errorf("pack: %s: format %q, want %q", path, x.Format, indexFormat)
	}
	return &x, nil
}

// matches reports the first difference between the index and a plan.
func (x *Index) matches(plan *Plan) error {
	want := newIndex(plan)
	if x.Size != want.Size || len(x.Tensors) != len(want.Tensors) {
		return fmt.Errorf("%d arrays in %d bytes, the model has %d in %d",
			len(x.Tensors), x.Size, len(want.Tensors), want.Size)
	}
	for i, t := range x.Tensors {
		w := want.Tensors[i]
		if t.Name != w.Name || t.Part != w.Part || t.Weight != w.Weight || t.Offset != w.Offset || !slices.Equal(t.Shape, w.Shape) {
			return fmt.Errorf("array %d is %s %s at %d, the model has %s %s at %d",
				i, t.label(), t.Weight, t.Offset, w.label(), w.Weight, w.Offset)
		}
	}
	return nil
}

func (t IndexTensor) label() string {
	if t.Part == "" {
		return fmt.Sprintf("tensor %q", t.Name)
	}
	return fmt.Sprintf("tensor %q (%s)", t.Name, t.Part)
}

func (t IndexTensor) bytes() (int64, error) {
	for e := ir.F32; e < ir.Block; e++ {
		if e.String() == t.Type {
			return ir.Tensor(e, t.Shape...).Bytes(), nil
		}
	}
	return 0, fmt.Errorf("%s: unknown type %q", t.label(), t.Type)
}

// CheckHashes reads a weight file and compares every array with the index. It
// reports all arrays that differ, each as its own error in the joined one.
func (x *Index) CheckHashes(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	defer f.Close()
	var wrong []error
	for _, t := range x.Tensors {
		sum, err := t.hash(f)
		if err != nil {
			return fmt.Errorf("pack: %s: %w", path, err)
		}
		if sum != t.SHA256 {
			wrong = append(wrong, fmt.Errorf("pack: %s: %s has sha256 %s, the index says %s", path, t.label(), sum, t.SHA256))
		}
	}
	return errors.Join(wrong...)
}

func (t IndexTensor) hash(r io.ReaderAt) (string, error) {
	n, err := t.bytes()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	copied, err := io.Copy(h, io.NewSectionReader(r, t.Offset, n))
	if err != nil {
		return "", err
	}
	if copied != n {
		return "", fmt.Errorf("%s: %d of %d bytes at offset %d", t.label(), copied, n, t.Offset)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
