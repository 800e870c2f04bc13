// Package half converts the two 16-bit float formats of checkpoints, IEEE 754
// binary16 (float16) and bfloat16, to and from float32.
//
// Both narrowing conversions round to nearest, ties to even, as rule 7 of
// docs/numerics.md asks; a NaN stays a NaN of the same sign.
package half

import "math"

// F16ToF32 widens the float16 with the bits h. It is exact.
func F16ToF32(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch {
	case exp == 31 && frac != 0:
		return math.Float32frombits(sign | 0x7FC00000 | frac<<13)
	case exp == 31:
		return math.Float32frombits(sign | 0x7F800000)
	case exp == 0: // zero or subnormal: frac * 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(frac)*0x1p-24))
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// F32ToF16 returns the bits of the float16 nearest to f. Magnitudes of 65520
// and more become infinite, those of 2^-25 and less become zero.
func F32ToF16(f float32) uint16 {
	u := math.Float32bits(f)
	sign := uint16(u >> 16 & 0x8000)
	u &= 0x7FFFFFFF
	switch {
	case u > 0x7F800000:
		return sign | 0x7E00 | uint16(u>>13&0x3FF)
	case u >= 0x477FF000: // 65520
		return sign | 0x7C00
	case u < 0x38800000: // below 2^-14 the result is a multiple of 2^-24, the ULP of 0.5
		v := math.Float32frombits(u) + 0.5
		return sign | uint16(math.Float32bits(v)-0x3F000000)
	}
	u += 0xFFF + u>>13&1
	return sign | uint16((u-0x38000000)>>13)
}

// BF16ToF32 widens the bfloat16 with the bits b. It is exact.
func BF16ToF32(b uint16) float32 {
	return math.Float32frombits(uint32(b) << 16)
}

// F32ToBF16 returns the bits of the bfloat16 nearest to f.
func F32ToBF16(f float32) uint16 {
	u := math.Float32bits(f)
	if u&0x7FFFFFFF > 0x7F800000 {
		return uint16(u>>16) | 0x40
	}
	return uint16((u + 0x7FFF + u>>16&1) >> 16)
}
