// Package quant knows how weights are encoded: the plain float types, the block
// formats of GGML, and lpuctl's own integer groups (see [RTN]).
//
// An encoding is a value of [Type]. Its blocks are consecutive elements of one
// row along the input dimension; all numbers are little-endian. Layouts of the
// block formats: ggml, src/ggml-common.h and src/ggml-quants.c.
package quant

import "fmt"

// Type is an encoding of elements in blocks. Types are compared by address:
// every encoding has one variable, such as [F32] or [Q4_0].
type Type struct {
	Name  string // as GGML or safetensors spells it, such as "Q4_0"
	Block int    // elements of a block, 1 for plain types
	Bytes int    // bytes of a block

	decode func(src []byte, dst []float32) // whole blocks; nil if it cannot be decoded
	encode func(src []float32, dst []byte) // whole blocks; nil if it cannot be encoded
	limit  float32                         // the largest magnitude that can be encoded
	ints   *Ints                           // nil if the type is not an integer with a scale
}

// The plain floats and GGML's block formats.
var (
	F32    = &Type{Name: "F32", Block: 1, Bytes: 4, decode: decodeF32, encode: encodeF32, limit: limitF32}
	F16    = &Type{Name: "F16", Block: 1, Bytes: 2, decode: decodeF16, encode: encodeF16, limit: limitF16}
	BF16   = &Type{Name: "BF16", Block: 1, Bytes: 2, decode: decodeBF16, encode: encodeBF16, limit: limitBF16}
	Q4_0   = &Type{Name: "Q4_0", Block: 32, Bytes: 18, decode: decodeQ4_0, encode: encodeQ4_0, limit: limitQ4_0, ints: intsQ4_0}
	Q4_1   = &Type{Name: "Q4_1", Block: 32, Bytes: 20, decode: decodeQ4_1, ints: &Ints{Bits: 4, Group: 32, Min: true, split: splitQ4_1}}
	Q5_0   = bytes32("Q5_0", 32, 22, false, splitQ5_0)
	Q5_1   = &Type{Name: "Q5_1", Block: 32, Bytes: 24, decode: decodeQ5_1, ints: &Ints{Bits: 8, Group: 32, Min: true, split: splitQ5_1}}
	Q8_0   = &Type{Name: "Q8_0", Block: 32, Bytes: 34, decode: intsQ8_0.decode, encode: encodeQ8_0, limit: limitQ8_0, ints: intsQ8_0}
	Q2_K   = &Type{Name: "Q2_K", Block: 256, Bytes: 84, decode: decodeQ2_K, ints: &Ints{Bits: 4, Group: 16, Min: true, Wide: true, split: splitQ2_K}}
	Q3_K   = &Type{Name: "Q3_K", Block: 256, Bytes: 110, decode: decodeQ3_K, ints: &Ints{Bits: 4, Group: 16, Zero: 8, Wide: true, split: splitQ3_K}}
	Q4_K   = &Type{Name: "Q4_K", Block: 256, Bytes: 144, decode: decodeQ4_K, ints: &Ints{Bits: 4, Group: 32, Min: true, Wide: true, split: splitQ4_K}}
	Q5_K   = &Type{Name: "Q5_K", Block: 256, Bytes: 176, decode: decodeQ5_K, ints: &Ints{Bits: 8, Group: 32, Min: true, Wide: true, split: splitQ5_K}}
	Q6_K   = &Type{Name: "Q6_K", Block: 256, Bytes: 210, decode: decodeQ6_K, ints: &Ints{Bits: 8, Group: 16, Wide: true, split: splitQ6_K}}
	IQ4_NL = bytes32("IQ4_NL", 32, 18, false, splitIQ4_NL)
	IQ4_XS = bytes32("IQ4_XS", 256, 136, true, splitIQ4_XS)
	MXFP4  = bytes32("MXFP4", 32, 17, true, splitMXFP4)
)

var (
	intsQ4_0 = &Ints{Bits: 4, Group: 32, Zero: 8, split: splitQ4_0}
	intsQ8_0 = &Ints{Bits: 8, Group: 32, split: splitQ8_0}
)

// bytes32 is a type whose elements are 8-bit integers with a scale for every 32.
func bytes32(name string, block, bytes int, wide bool, split func([]byte, []uint8, []float32)) *Type {
	form := &Ints{Bits: 8, Group: 32, Wide: wide, split: split}
	return &Type{Name: name, Block: block, Bytes: bytes, decode: form.decode, ints: form}
}

// String returns the name.
func (t *Type) String() string { return t.Name }

// CanDecode says whether [Decode] knows the type.
func (t *Type) CanDecode() bool { return t.decode != nil }

// Size returns the bytes of n elements. It fails if n is negative, not a whole
// number of blocks, or so large that the bytes overflow an int64.
func (t *Type) Size(n int64) (int64, error) {
	if n < 0 || n%int64(t.Block) != 0 {
		return 0, fmt.Errorf("quant: %d elements are not a whole number of %s blocks of %d", n, t.Name, t.Block)
	}
	blocks := n / int64(t.Block)
	size := blocks * int64(t.Bytes)
	if size/int64(t.Bytes) != blocks {
		return 0, fmt.Errorf("quant: the bytes of %d elements of type %s overflow", n, t.Name)
	}
	return size, nil
}

// Decode writes the elements encoded in src to dst. len(src) must be the size
// of len(dst) elements. Every product is rounded to float32 before a sum, so
// the results have the bits that GGML's dequantize_row functions give.
func Decode(t *Type, src []byte, dst []float32) error {
	if t.decode == nil {
		return t.unsupported()
	}
	if err := t.check(src, len(dst)); err != nil {
		return err
	}
	t.decode(src, dst)
	return nil
}

func (t *Type) unsupported() error {
	return fmt.Errorf("type %s cannot be decoded", t.Name)
}

// check fails unless src is exactly n elements.
func (t *Type) check(src []byte, n int) error {
	size, err := t.Size(int64(n))
	if err == nil && int64(len(src)) != size {
		err = fmt.Errorf("quant: %d elements of type %s are %d bytes, not %d", n, t.Name, size, len(src))
	}
	return err
}
