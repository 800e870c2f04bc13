// Package half converts float32 to and from the two 16-bit floating-point
// types, float16 (IEEE 754 binary16) and bfloat16, as bit patterns. Narrowing
// rounds to nearest, ties to even; a NaN stays a NaN.
package half

import "math"

// F16ToF32 widens a float16, exactly.
func F16ToF32(h uint16) float32 {
	sign, magnitude := uint32(h&0x8000)<<16, uint32(h&0x7FFF)
	if magnitude-0x0400 < 0x7800 { // a normal number: the exponent's bias is 112 more
		return math.Float32frombits(sign | (magnitude<<13 + 112<<23))
	}
	return math.Float32frombits(sign | widenSpecial(magnitude))
}

// widenSpecial widens a subnormal number, a multiple of 2^-24, infinity or NaN.
func widenSpecial(magnitude uint32) uint32 {
	if magnitude < 0x0400 {
		return math.Float32bits(float32(magnitude) * 0x1p-24)
	}
	return magnitude<<13 | 0x7F800000
}

// F32ToF16 narrows to float16; 65520 and up become infinity.
func F32ToF16(f float32) uint16 {
	u := math.Float32bits(f)
	sign := uint16(u >> 16 & 0x8000)
	u &= 0x7FFFFFFF
	switch {
	case u > 0x7F800000:
		return sign | 0x7E00 | uint16(u>>13&0x3FF)
	case u >= 0x477FF000: // 65520
		return sign | 0x7C00
	case u < 0x38800000: // below 2^-14: the addition rounds to a multiple of 2^-24
		v := math.Float32frombits(u) + 0.5
		return sign | uint16(math.Float32bits(v)-0x3F000000)
	}
	u += 0xFFF + u>>13&1
	return sign | uint16((u-0x38000000)>>13)
}

// BF16ToF32 widens a bfloat16, exactly.
func BF16ToF32(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// F32ToBF16 narrows to bfloat16.
func F32ToBF16(f float32) uint16 {
	u := math.Float32bits(f)
	if u&0x7FFFFFFF > 0x7F800000 {
		return uint16(u>>16) | 0x40
	}
	return uint16((u + 0x7FFF + u>>16&1) >> 16)
}
