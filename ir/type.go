package ir

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Elem is the element type of a tensor.
type Elem uint8

// The element types. Block is the element type of block-quantized weights,
// which [Quant] describes.
const (
	Invalid Elem = iota
	F32          // IEEE 754 binary32
	F16          // IEEE 754 binary16
	BF16         // the upper half of a binary32
	I8           // signed 8-bit integer
	I32          // signed 32-bit integer
	Block        // integers with a scale per group
)

var elemNames = [...]string{"invalid", "f32", "f16", "bf16", "i8", "i32", "block"}

func (e Elem) String() string {
	if int(e) < len(elemNames) {
		return elemNames[e]
	}
	return fmt.Sprintf("elem(%d)", uint8(e))
}

// Size is the bytes of one element; 0 for Block, whose size depends on its Quant.
func (e Elem) Size() int {
	switch e {
	case F32, I32:
		return 4
	case F16, BF16:
		return 2
	case I8:
		return 1
	}
	return 0
}

// Quant describes block-quantized weights: integers of Bits bits, and per
// Group consecutive elements of the input dimension one scale and, if Zero,
// one zero point, or if Min one minimum. The weight is (q - zero) * scale, or
// q*scale + min. A last group may be short.
type Quant struct {
	Bits  int  // 4 or 8
	Group int  // 16, 32, 64 or 128
	Scale Elem // F16 or F32
	Zero  bool // a zero point per group
	Min   bool // a minimum per group, of the type of the scale; without either, symmetric
}

// String is the form of the text format: q4g32f16, with a trailing z when
// there are zero points and a trailing m when there are minimums.
func (q Quant) String() string {
	s := fmt.Sprintf("q%dg%d%v", q.Bits, q.Group, q.Scale)
	if q.Zero {
		s += "z"
	}
	if q.Min {
		s += "m"
	}
	return s
}

// Symmetric reports whether there are neither zero points nor minimums: 4-bit
// integers are stored with 8 added then.
func (q Quant) Symmetric() bool { return !q.Zero && !q.Min }

// Groups is the number of groups that cover k elements.
func (q Quant) Groups(k int) int { return (k + q.Group - 1) / q.Group }

func (q Quant) check() error {
	switch {
	case q.Bits != 4 && q.Bits != 8:
		return fmt.Errorf("%v: %d bits, want 4 or 8", q, q.Bits)
	case q.Group != 16 && q.Group != 32 && q.Group != 64 && q.Group != 128:
		return fmt.Errorf("%v: group of %d, want 16, 32, 64 or 128", q, q.Group)
	case q.Scale != F16 && q.Scale != F32:
		return fmt.Errorf("%v: scale %v, want f16 or f32", q, q.Scale)
	case q.Zero && q.Min:
		return fmt.Errorf("%v: zero points and minimums", q)
	}
	return nil
}

// Type is the type of a value: an element type and a static shape, row-major,
// the last dimension contiguous. A nil shape is a scalar.
type Type struct {
	Elem  Elem
	Quant Quant // zero unless Elem is Block
	Shape []int
}

// maxElements bounds the elements of one tensor, so that no product of
// dimensions or size in bytes overflows.
const maxElements = 1 << 48

// Tensor is the type of a tensor of plain elements.
func Tensor(e Elem, shape ...int) Type { return Type{Elem: e, Shape: shape} }

// Quantized is the type of a block-quantized weight [out, in].
func Quantized(q Quant, out, in int) Type {
	return Type{Elem: Block, Quant: q, Shape: []int{out, in}}
}

// QuantizedExperts is the type of a stack of block-quantized weights
// [experts, out, in].
func QuantizedExperts(q Quant, experts, out, in int) Type {
	return Type{Elem: Block, Quant: q, Shape: []int{experts, out, in}}
}

// Expert is the type [out, in] of one of a stack of matrices [experts, out, in].
func (t Type) Expert() Type {
	t.Shape = t.Shape[1:]
	return t
}

// Equal reports whether t and u are the same type.
func (t Type) Equal(u Type) bool {
	return t.Elem == u.Elem && t.Quant == u.Quant && slices.Equal(t.Shape, u.Shape)
}

// Elements is the number of elements.
func (t Type) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Bytes is the size of the elements without padding; for block-quantized
// weights it counts integers, scales, zero points (one byte each) and minimums.
func (t Type) Bytes() int64 {
	if t.Elem != Block {
		return int64(t.Elements()) * int64(t.Elem.Size())
	}
	k := t.Shape[len(t.Shape)-1]
	rows := int64(t.Elements() / k)
	perGroup := t.Quant.Scale.Size()
	if t.Quant.Zero {
		perGroup++
	}
	if t.Quant.Min {
		perGroup += t.Quant.Scale.Size()
	}
	return rows * (int64(k)*int64(t.Quant.Bits)/8 + int64(t.Quant.Groups(k)*perGroup))
}

// String is the form of the text format, as in f32[8,64] or q4g32f16[512,64].
func (t Type) String() string {
	var b strings.Builder
	if t.Elem == Block {
		b.WriteString(t.Quant.String())
	} else {
		b.WriteString(t.Elem.String())
	}
	b.WriteByte('[')
	for i, d := range t.Shape {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(d))
	}
	b.WriteByte(']')
	return b.String()
}

func (t Type) check() error {
	if t.Elem == Invalid || t.Elem > Block {
		return fmt.Errorf("%v: no element type", t)
	}
	n := 1
	for _, d := range t.Shape {
		if d < 1 || n > maxElements/d {
			return fmt.Errorf("%v: dimensions must be at least 1 and their product at most 2^48", t)
		}
		n *= d
	}
	if t.Elem != Block {
		if t.Quant != (Quant{}) {
			return fmt.Errorf("%v: quantization on plain elements", t)
		}
		return nil
	}
	if len(t.Shape) != 2 && len(t.Shape) != 3 {
		return fmt.Errorf("%v: block-quantized weights have the shape [out, in] or [experts, out, in]", t)
	}
	if t.Quant.Bits == 4 && t.Shape[len(t.Shape)-1]%2 != 0 {
		return fmt.Errorf("%v: 4-bit rows have an even length", t)
	}
	return t.Quant.check()
}

// parseElem reads the element part of a type, such as f32 or q4g32f16z.
func parseElem(s string) (Elem, Quant, error) {
	for e := F32; e < Block; e++ {
		if s == e.String() {
			return e, Quant{}, nil
		}
	}
	for _, bits := range []int{4, 8} {
		for _, group := range []int{16, 32, 64, 128} {
			for _, scale := range []Elem{F16, F32} {
				q := Quant{Bits: bits, Group: group, Scale: scale}
				switch s {
				case q.String():
					return Block, q, nil
				case q.String() + "z":
					q.Zero = true
					return Block, q, nil
				case q.String() + "m":
					q.Min = true
					return Block, q, nil
				}
			}
		}
	}
	return Invalid, Quant{}, fmt.Errorf("unknown element type %q", s)
}
