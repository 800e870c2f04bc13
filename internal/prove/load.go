package prove

import (
	"fmt"
	"strconv"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
)

// LoadGolden reads a recorded golden; golden/testdata/README.md describes the
// file.
func LoadGolden(path string) (*golden.Recorded, error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readGolden(f, path)
}

// ParseGolden is LoadGolden of bytes.
func ParseGolden(name string, data []byte) (*golden.Recorded, error) {
	f, err := safetensors.Parse(name, data)
	if err != nil {
		return nil, err
	}
	return readGolden(f, name)
}

func readGolden(f *safetensors.File, name string) (*golden.Recorded, error) {
	meta := f.Metadata()
	prompt, err := strconv.Atoi(meta["prompt_length"])
	if err != nil {
		return nil, fmt.Errorf("%s: metadata prompt_length is %q, want a number", name, meta["prompt_length"])
	}
	r := &golden.Recorded{Engine: meta["engine"], Prompt: prompt}
	ids, err := readIDs(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.IDs = ids
	shape, logits, err := readFloats(f, "logits", 2)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.Vocab, r.Logits = shape[1], logits
	if _, ok := f.Tensor("hidden"); ok {
		shape, r.Hidden, err = readFloats(f, "hidden", 3)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.HiddenSize = shape[2]
	}
	return r, r.Check()
}

func readIDs(f *safetensors.File) ([]int, error) {
	t, ok := f.Tensor("ids")
	if !ok {
		return nil, fmt.Errorf("no tensor \"ids\"")
	}
	wide, err := t.Int64s()
	if err != nil {
		return nil, err
	}
	ids := make([]int, len(wide))
	for i, id := range wide {
		ids[i] = int(id)
	}
	return ids, nil
}

func readFloats(f *safetensors.File, name string, rank int) ([]int, []float32, error) {
	t, ok := f.Tensor(name)
	if !ok || len(t.Shape) != rank {
		return nil, nil, fmt.Errorf("no tensor %q of rank %d", name, rank)
	}
	values, err := t.Float32s()
	return t.Shape, values, err
}
