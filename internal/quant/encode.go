package quant

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/lpuctl/lpuctl/internal/half"
)

// CanEncode says whether [Encode] knows the type.
func (t *Type) CanEncode() bool { return t.encode != nil }

// Encode writes elements in the encoding of a type: F32, F16 and BF16 round to
// nearest even, Q8_0 and Q4_0 give the bytes of GGML's quantize_row_*_ref.
// len(dst) must be the size of the elements. It fails on an element that is
// not finite or that float16 cannot hold.
func Encode(t *Type, src []float32, dst []byte) error {
	if t.encode == nil {
		return fmt.Errorf("type %s cannot be encoded", t.Name)
	}
	if err := t.check(dst, len(src)); err != nil {
		return err
	}
	limit := t.limit
	for i, v := range src {
		if !(v <= limit && v >= -limit) {
			return fmt.Errorf("element %d is %v, which %s cannot hold", i, v, t.Name)
		}
	}
	t.encode(src, dst)
	return nil
}

// Limits of what rounds to a finite number.
const (
	limitF16  = 65519.996 // below 65520
	limitBF16 = 0x1.fefffep127
	limitF32  = math.MaxFloat32
	limitQ4_0 = 8 * limitF16
	limitQ8_0 = 127 * limitF16
)

func encodeF32(src []float32, dst []byte) {
	for i, v := range src {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
	}
}

func encodeF16(src []float32, dst []byte) {
	for i, v := range src {
		binary.LittleEndian.PutUint16(dst[2*i:], half.F32ToF16(v))
	}
}

func encodeBF16(src []float32, dst []byte) {
	for i, v := range src {
		binary.LittleEndian.PutUint16(dst[2*i:], half.F32ToBF16(v))
	}
}

// inverse returns 1/d, and 0 for what is 0 in float16 and has no finite inverse.
func inverse(d float32) float32 {
	if d < 0x1p-126 && d > -0x1p-126 {
		return 0
	}
	return 1 / d
}

// encodeQ8_0: d = max|x|/127, q = x * (1/d), rounded half away from zero.
func encodeQ8_0(src []float32, dst []byte) {
	for ; len(src) > 0; src, dst = src[32:], dst[34:] {
		amax := float32(0)
		for _, v := range src[:32] {
			amax = max(amax, max(v, -v))
		}
		d := amax / 127
		id := inverse(d)
		binary.LittleEndian.PutUint16(dst, half.F32ToF16(d))
		for j, v := range src[:32] {
			dst[2+j] = uint8(int8(math.Round(float64(v * id))))
		}
	}
}

// encodeQ4_0: d = m/-8, where m is the first element of the largest magnitude;
// q = min(15, floor(x*(1/d) + 8.5)).
func encodeQ4_0(src []float32, dst []byte) {
	for ; len(src) > 0; src, dst = src[32:], dst[18:] {
		amax, m := float32(0), float32(0)
		for _, v := range src[:32] {
			if a := max(v, -v); a > amax {
				amax, m = a, v
			}
		}
		d := m / -8
		id := inverse(d)
		binary.LittleEndian.PutUint16(dst, half.F32ToF16(d))
		for j := range 16 {
			dst[2+j] = nibble(src[j]*id) | nibble(src[j+16]*id)<<4
		}
	}
}

// nibble rounds x, which is -8 to 8.
func nibble(x float32) uint8 { return uint8(min(15, int8(x+8.5))) }
