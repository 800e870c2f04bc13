package quant

import (
	"fmt"
	"reflect"
)

// Ints describes a type whose elements are integers times a scale, one scale
// per group: w = (q - Zero) * scale, or with minimums w = q*scale + min.
type Ints struct {
	Bits  int  // 4: q is 0..15; 8: q is an int8 in two's complement
	Group int  // elements that share a scale, consecutive in a row
	Zero  int  // the q that stands for 0: 8 for 4 bits, 0 for 8 bits
	Zeros bool // each group has a zero point of its own, beside Zero
	Min   bool // each group has a minimum; Zero is 0
	Wide  bool // scales and minimums need float32; else they are float16

	split func(src []byte, q []uint8, scale []float32)
}

// Ints returns the integer form of the type; ok is false if it has none.
func (t *Type) Ints() (form Ints, ok bool) {
	if t.ints == nil {
		return Ints{}, false
	}
	return *t.ints, true
}

// Same says whether two forms hold the same numbers.
func (form Ints) Same(other Ints) bool {
	form.split, other.split = nil, nil
	return reflect.DeepEqual(form, other)
}

// Integers takes the row src apart without loss: the integers in element order,
// one a byte, and the scales, one a group, followed by the minimums if the type
// has them. It fails if the type has no integer form or a length does not fit.
func Integers(t *Type, src []byte, q []uint8, scale []float32) error {
	if t.ints == nil {
		return fmt.Errorf("quant: type %s has no integers with a scale", t.Name)
	}
	if err := t.check(src, len(q)); err != nil {
		return err
	}
	want := len(q) / t.ints.Group
	if t.ints.Min {
		want *= 2
	}
	if len(scale) != want {
		return fmt.Errorf("quant: %d elements of type %s have %d scales and minimums, not %d", len(q), t.Name, want, len(scale))
	}
	t.ints.split(src, q, scale)
	return nil
}

// decode decodes a type of 8-bit integers.
func (form *Ints) decode(src []byte, dst []float32) {
	q, scale := make([]uint8, len(dst)), make([]float32, len(dst)/form.Group)
	form.split(src, q, scale)
	for g, d := range scale {
		y := dst[g*form.Group:][:form.Group]
		for i, v := range q[g*form.Group:][:form.Group] {
			y[i] = float32(int8(v)) * d
		}
	}
}

func splitQ4_0(src []byte, q []uint8, scale []float32) {
	for g := range scale {
		block := src[18*g : 18*g+18]
		scale[g] = f16(block)
		for j, b := range block[2:] {
			q[32*g+j] = b & 15
			q[32*g+j+16] = b >> 4
		}
	}
}

// splitQ4_1: float16 d and m, then nibbles as in Q4_0; q*d + m.
func splitQ4_1(src []byte, q []uint8, scale []float32) {
	groups := len(scale) / 2
	for g := range groups {
		block := src[20*g : 20*g+20]
		scale[g], scale[groups+g] = f16(block), f16(block[2:])
		for j, b := range block[4:] {
			q[32*g+j] = b & 15
			q[32*g+j+16] = b >> 4
		}
	}
}

// splitQ5_1: float16 d and m, 32 fifth bits, then nibbles as in Q4_0; q*d + m.
func splitQ5_1(src []byte, q []uint8, scale []float32) {
	groups := len(scale) / 2
	for g := range groups {
		block := src[24*g : 24*g+24]
		scale[g], scale[groups+g] = f16(block), f16(block[2:])
		fifthBits(block[4:], block[8:], q[32*g:])
	}
}

// splitQ5_0: float16 d, 32 fifth bits, then nibbles as in Q4_0; the integers
// minus 16 are 8-bit integers.
func splitQ5_0(src []byte, q []uint8, scale []float32) {
	for g := range scale {
		block := src[22*g : 22*g+22]
		scale[g] = f16(block)
		fifthBits(block[2:], block[6:], q[32*g:])
		for j, v := range q[32*g:][:32] {
			q[32*g+j] = v - 16
		}
	}
}

func splitQ8_0(src []byte, q []uint8, scale []float32) {
	for g := range scale {
		block := src[34*g : 34*g+34]
		scale[g] = f16(block)
		copy(q[32*g:], block[2:])
	}
}
