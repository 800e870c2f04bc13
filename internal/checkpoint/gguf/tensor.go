package gguf

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/lpuctl/lpuctl/internal/quant"
)

const (
	maxName          = 63 // bytes of a tensor name
	maxDims          = 4
	defaultAlignment = 32
)

// info is one entry of the tensor table.
type info struct {
	name   string
	dims   []uint64 // dims[0] is contiguous
	typ    *quant.Type
	offset uint64 // from the start of the tensor data
}

// readInfos reads the tensor table and checks each entry by itself.
func readInfos(c *cursor, n int) []info {
	var infos []info
	seen := map[string]bool{}
	for i := 0; i < n && c.err == nil; i++ {
		t := readInfo(c, i)
		if c.err == nil && seen[t.name] {
			c.fail("tensor %q appears twice", t.name)
		}
		seen[t.name] = true
		infos = append(infos, t)
	}
	return infos
}

func readInfo(c *cursor, i int) info {
	t := info{name: c.str(fmt.Sprintf("name of tensor %d", i))}
	if len(t.name) > maxName {
		c.fail("tensor %d has a name of %d bytes, more than %d", i, len(t.name), maxName)
	}
	what := fmt.Sprintf("tensor %q", t.name)
	n := c.u32(what)
	if n > maxDims {
		c.fail("%s: %d dimensions, more than %d", what, n, maxDims)
	}
	for j := uint32(0); j < n && c.err == nil; j++ {
		t.dims = append(t.dims, c.u64(what))
	}
	id := c.u32(what)
	t.offset = c.u64(what)
	if t.typ = tensorType(id); t.typ == nil && c.err == nil {
		c.fail("%s: type id %d does not exist", what, id)
	}
	return t
}

// size returns the bytes of the tensor.
func (t *info) size() (uint64, error) {
	n := int64(1)
	for _, d := range t.dims {
		if d > math.MaxInt64 {
			return 0, fmt.Errorf("tensor %q: dimension %d is negative", t.name, int64(d))
		}
		hi, lo := bits.Mul64(uint64(n), d)
		if hi != 0 || lo > math.MaxInt64 {
			return 0, fmt.Errorf("tensor %q: the product of dimensions %v overflows", t.name, t.dims)
		}
		n = int64(lo)
	}
	if row := t.row(); row%uint64(t.typ.Block) != 0 {
		return 0, fmt.Errorf("tensor %q: rows of %d elements are not a whole number of %s blocks of %d", t.name, row, t.typ, t.typ.Block)
	}
	size, err := t.typ.Size(n)
	if err != nil {
		return 0, fmt.Errorf("tensor %q: %w", t.name, err)
	}
	return uint64(size), nil
}

// row returns the elements of a contiguous row.
func (t *info) row() uint64 {
	if len(t.dims) == 0 {
		return 1
	}
	return t.dims[0]
}

// place finds the data of the tensors, which start at the first multiple of the
// alignment from pos on. Each tensor must start where the one before it ends,
// rounded up to the alignment, and end in the file.
func (f *File) place(infos []info, data []byte, pos int) error {
	align, err := f.alignment()
	if err != nil {
		return err
	}
	start, next := padded(uint64(pos), align), uint64(0)
	for i := range infos {
		t := &infos[i]
		size, err := t.size()
		if err != nil {
			return err
		}
		if t.offset != next {
			return fmt.Errorf("tensor %q: offset %d, but the tensors before it end at %d", t.name, t.offset, next)
		}
		if room := uint64(len(data)); start > room || t.offset > room-start || size > room-start-t.offset {
			return fmt.Errorf("tensor %q: offset %d + %d bytes end after the file (%d bytes, tensor data from %d)", t.name, t.offset, size, len(data), start)
		}
		f.tensors = append(f.tensors, t.tensor(data[start+t.offset:][:size:size]))
		next = padded(t.offset+size, align)
	}
	return nil
}

func (t *info) tensor(data []byte) Tensor {
	shape := make([]int, len(t.dims))
	for i, d := range t.dims {
		shape[i] = int(d)
	}
	slices.Reverse(shape)
	return Tensor{t.name, shape, t.typ, data}
}

// alignment returns general.alignment, a power of two.
func (f *File) alignment() (uint64, error) {
	value, ok := f.values["general.alignment"]
	if !ok {
		return defaultAlignment, nil
	}
	align, ok := value.(uint32)
	if !ok {
		return 0, fmt.Errorf("general.alignment is a %T, not a uint32", value)
	}
	if bits.OnesCount32(align) != 1 {
		return 0, fmt.Errorf("general.alignment %d is not a power of two", align)
	}
	return uint64(align), nil
}

func padded(n, align uint64) uint64 {
	return (n + align - 1) / align * align
}
