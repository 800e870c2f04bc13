package packed

import (
	"encoding/binary"
	"fmt"
)

// Compressed is the format "pack-quantized" of compressed-tensors (ac8e2ba,
// compressors/pack_quantized). Its tensors, with E = 32/bits integers in a word,
// all offset by half their range:
//
//	.weight_packed     I32 [out, ceil(in/E)]
//	.weight_scale          [out, groups]
//	.weight_zero_point I32 [ceil(out/E), groups], packed down the columns
//	.weight_g_idx      I32 [in], the group of each input
//	.weight_shape      I64 [2]
type Compressed struct {
	// Args returns how the weight of a module is packed.
	Args func(module string) (CompressedArgs, error)
}

// CompressedArgs are what a config group says about weights.
type CompressedArgs struct {
	Bits      int // 4 or 8
	Group     int // inputs of a group; -1: all
	Symmetric bool
	ActOrder  bool // actorder "group": groups need not be consecutive
}

// Marker implements Scheme.
func (Compressed) Marker() string { return ".weight_packed" }

// Suffix implements Scheme.
func (Compressed) Suffix() string { return ".weight" }

// Weight implements Scheme.
func (c Compressed) Weight(module string, parts Parts) (Weight, error) {
	args, err := c.Args(module)
	if err != nil {
		return nil, err
	}
	out, in, err := storedShape(parts)
	if err != nil {
		return nil, err
	}
	each := 32 / args.Bits
	w, err := need(parts, ".weight_packed", []int{out, (in + each - 1) / each}, "I32")
	if err != nil {
		return nil, err
	}
	m := matrix{name: "compressed", bits: args.Bits, out: out, in: in, group: args.Group, symmetric: args.Symmetric}
	if m.group == -1 {
		m.group = in
	}
	d, err := need(parts, ".weight_scale", []int{out, m.groups()}, floats...)
	if err != nil {
		return nil, err
	}
	m.wide = d.Type.Name != "F16"
	st := compressed{q: wordsOf(w), d: d, bits: args.Bits, middle: m.middle()}
	if !args.Symmetric {
		z, err := need(parts, ".weight_zero_point", []int{(out + each - 1) / each, m.groups()}, "I32")
		if err != nil {
			return nil, err
		}
		st.z = wordsOf(z)
	}
	m.store = st
	if err := m.readIndex(parts, ".weight_g_idx", args.ActOrder); err != nil {
		return nil, err
	}
	return newMatrix(m), nil
}

// storedShape reads .weight_shape.
func storedShape(parts Parts) (out, in int, err error) {
	t, err := need(parts, ".weight_shape", []int{2}, "I64")
	if err != nil {
		return 0, 0, err
	}
	a, b := binary.LittleEndian.Uint64(t.Data), binary.LittleEndian.Uint64(t.Data[8:])
	if a < 1 || b < 1 || a > maxDim || b > maxDim {
		return 0, 0, fmt.Errorf(".weight_shape is [%d %d], want 1 to %d", int64(a), int64(b), maxDim)
	}
	return int(a), int(b), nil
}

// maxDim bounds dimensions that a tensor states, so that no product overflows.
const maxDim = 1 << 24

type compressed struct {
	q, z   words
	d      Tensor
	bits   int
	middle uint8
}

func (s compressed) integers(i int, q []uint8) { s.q.along(i, s.bits, q) }

func (s compressed) zeros(i int, z []uint8) {
	each := 32 / s.bits
	for g := range z {
		z[g] = s.middle
		if s.z.data != nil {
			z[g] = uint8(s.z.at(i/each, g)>>(i%each*s.bits)) & (1<<s.bits - 1)
		}
	}
}

func (s compressed) scales(i int, d []float32) { s.d.rowStart(i, d) }
