package checkpoint

import (
	"fmt"
	"path/filepath"

	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/mmap"
)

// openGGUF opens a GGUF file, or the first part of a split one and with it the
// others, which lie beside it.
func openGGUF(path string) (*Checkpoint, error) {
	c := &Checkpoint{format: "gguf", dir: filepath.Dir(path), tensors: map[string]*Tensor{}}
	if err := c.loadGGUF(path); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// loadGGUF maps the parts and adopts their tensors.
func (c *Checkpoint) loadGGUF(path string) error {
	first, err := c.mapGGUF(path)
	if err != nil {
		return err
	}
	count, err := first.Parts()
	if err != nil {
		return fmt.Errorf("gguf: %s: %w", path, err)
	}
	if count == 1 {
		return c.fromGGUF([]string{path}, []*gguf.File{first}, first)
	}
	paths, err := gguf.PartPaths(path, count)
	if err != nil {
		return err
	}
	parts := []*gguf.File{first}
	for _, p := range paths[1:] {
		part, err := c.mapGGUF(p)
		if err != nil {
			return fmt.Errorf("part %d of %d: %w", len(parts)+1, count, err)
		}
		parts = append(parts, part)
	}
	joined, err := gguf.Join(paths, parts)
	if err != nil {
		return err
	}
	return c.fromGGUF(paths, parts, joined)
}

// mapGGUF maps and parses one file.
func (c *Checkpoint) mapGGUF(path string) (*gguf.File, error) {
	file, err := mmap.Open(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	c.files = append(c.files, file)
	return gguf.Parse(path, file.Data)
}

// FromGGUF opens a GGUF file whose contents are data, which must not change
// while the checkpoint is in use; name is for errors. The file must be whole:
// the parts of a split one are found by [Open] only.
func FromGGUF(name string, data []byte) (*Checkpoint, error) {
	file, err := gguf.Parse(name, data)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{format: "gguf", tensors: map[string]*Tensor{}}
	if err := c.fromGGUF([]string{name}, []*gguf.File{file}, file); err != nil {
		return nil, err
	}
	return c, nil
}

// fromGGUF takes the configuration from whole, which joins the parts, and
// adopts the tensors of the parts.
func (c *Checkpoint) fromGGUF(paths []string, parts []*gguf.File, whole *gguf.File) (err error) {
	if c.config, err = ConfigOfGGUF(whole); err != nil {
		return fmt.Errorf("gguf: %s: %w", paths[0], err)
	}
	c.value = whole.Value
	found := map[string]*Tensor{}
	for i, part := range parts {
		for _, t := range part.Tensors() {
			found[t.Name] = &Tensor{Name: t.Name, Shape: t.Shape, Type: t.Type, path: paths[i], data: t.Data}
		}
	}
	if err := c.adopt(found); err != nil {
		return fmt.Errorf("gguf: %s: %w", paths[0], err)
	}
	c.unpermute()
	c.config.DType = c.commonType()
	return nil
}
