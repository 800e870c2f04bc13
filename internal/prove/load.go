package prove

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// LoadGolden reads a recorded golden; golden/testdata/README.md describes the
// file.
func LoadGolden(path string) (*golden.Recorded, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseGolden(path, data)
}

// ParseGolden is LoadGolden of bytes; name is for errors.
func ParseGolden(name string, data []byte) (*golden.Recorded, error) {
	f, err := safetensors.Parse(name, data)
	if err != nil {
		return nil, err
	}
	r, err := readGolden(f)
	if err != nil {
		return nil, fmt.Errorf("golden: %s: %w", name, err)
	}
	return r, r.Check()
}

func readGolden(f *safetensors.File) (*golden.Recorded, error) {
	meta := f.Metadata()
	prompt, err := strconv.Atoi(meta["prompt_length"])
	if err != nil {
		return nil, fmt.Errorf("metadata prompt_length is %q, want a number", meta["prompt_length"])
	}
	r := &golden.Recorded{Engine: meta["engine"], Prompt: prompt}
	ids, err := find(f, "ids", safetensors.I64, 1)
	if err != nil {
		return nil, err
	}
	r.IDs = integers(ids)
	logits, err := find(f, "logits", quant.F32, 2)
	if err != nil {
		return nil, err
	}
	r.Vocab, r.Logits = logits.Shape[1], floats(logits)
	if hidden, err := find(f, "hidden", quant.F32, 3); err == nil {
		r.HiddenSize, r.Hidden = hidden.Shape[2], floats(hidden)
	}
	return r, nil
}

// find returns the tensor of that name, type and rank.
func find(f *safetensors.File, name string, typ *quant.Type, rank int) (*safetensors.Tensor, error) {
	tensors := f.Tensors()
	i := slices.IndexFunc(tensors, func(t safetensors.Tensor) bool { return t.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("no tensor %q", name)
	}
	t := &tensors[i]
	if t.Type != typ || len(t.Shape) != rank {
		return nil, fmt.Errorf("tensor %q is %s %v, want %s of rank %d", name, t.Type, t.Shape, typ, rank)
	}
	return t, nil
}

func integers(t *safetensors.Tensor) []int {
	values := make([]int, len(t.Data)/8)
	for i := range values {
		values[i] = int(int64(binary.LittleEndian.Uint64(t.Data[8*i:])))
	}
	return values
}

func floats(t *safetensors.Tensor) []float32 {
	values := make([]float32, len(t.Data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return values
}
