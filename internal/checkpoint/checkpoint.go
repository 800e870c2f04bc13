// Package checkpoint opens the weights of a Llama, from a GGUF file or a
// Hugging Face folder, and shows them in one way: Hugging Face's tensor names,
// shapes and row order, and one Config.
//
// Opening reads headers and checks that every tensor of the architecture is
// there with the right shape and that nothing in the configuration asks for
// arithmetic that lpuctl does not have. Weights stay in the mapped file.
package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// Checkpoint is an open checkpoint. Its methods may be called concurrently,
// except Close.
type Checkpoint struct {
	format  string
	dir     string
	config  Config
	tensors map[string]*Tensor
	value   func(key string) (any, bool)
	files   []io.Closer
}

// Open opens a GGUF file, the first part of a split one, or a folder with
// config.json and safetensors.
func Open(path string) (*Checkpoint, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if info.IsDir() {
		return openHF(path)
	}
	return openGGUF(path)
}

// unpermute makes q and k appear in Hugging Face's row order.
func (c *Checkpoint) unpermute() {
	if !c.config.RotatesPairs() {
		return
	}
	for i := range c.config.Layers {
		for _, name := range []string{"q_proj.weight", "k_proj.weight", "q_proj.bias", "k_proj.bias"} {
			if t := c.tensors[LayerPrefix(i)+"self_attn."+name]; t != nil {
				t.headDim = c.config.HeadDim
			}
		}
	}
}

// commonType returns the name of the type that most elements have.
func (c *Checkpoint) commonType() string {
	count := map[string]int{}
	for _, t := range c.tensors {
		count[t.Type.Name] += t.Rows() * t.Cols()
	}
	return slices.MaxFunc(sortedKeys(count), func(a, b string) int { return cmp.Compare(count[a], count[b]) })
}

// Close unmaps the files. Slices that Row returned must not be used any more.
func (c *Checkpoint) Close() error {
	var errs []error
	for _, f := range c.files {
		errs = append(errs, f.Close())
	}
	c.files = nil
	return errors.Join(errs...)
}

// Config returns the architecture.
func (c *Checkpoint) Config() Config { return c.config }

// Names returns the Hugging Face names of the tensors, sorted. A tied head is
// not among them.
func (c *Checkpoint) Names() []string { return sortedKeys(c.tensors) }

// Tensor returns the tensor with a Hugging Face name, whatever the file calls
// it. It fails if there is none.
func (c *Checkpoint) Tensor(name string) (*Tensor, error) {
	t, ok := c.tensors[name]
	if !ok {
		return nil, fmt.Errorf("checkpoint: no tensor %q", name)
	}
	return t, nil
}

// Format returns "gguf" or "safetensors".
func (c *Checkpoint) Format() string { return c.format }

// Metadata returns a metadata value of a GGUF file, of the types that
// [gguf.File.Value] lists. A Hugging Face folder has none.
func (c *Checkpoint) Metadata(key string) (value any, ok bool) { return c.value(key) }

// Dir returns the folder that may hold tokenizer files: the Hugging Face
// folder, the one a GGUF file is in, or "" for data in memory.
func (c *Checkpoint) Dir() string { return c.dir }

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
