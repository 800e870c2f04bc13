package quant

import (
	"encoding/binary"
	"math"

	"github.com/lpuctl/lpuctl/internal/half"
)

// f16 reads the float16 at the start of b.
func f16(b []byte) float32 {
	return half.F16ToF32(binary.LittleEndian.Uint16(b))
}

func decodeF32(src []byte, dst []float32) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func decodeF16(src []byte, dst []float32) {
	for i := range dst {
		dst[i] = f16(src[2*i:])
	}
}

func decodeBF16(src []byte, dst []float32) {
	for i := range dst {
		dst[i] = half.BF16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

// decodeQ4_0: float16 d, then 16 bytes; the low nibble of byte j is element j,
// the high one element j+16; (q-8)*d.
func decodeQ4_0(src []byte, dst []float32) {
	for ; len(dst) > 0; src, dst = src[18:], dst[32:] {
		d := f16(src)
		for j, b := range src[2:18] {
			dst[j] = float32(int(b&15)-8) * d
			dst[j+16] = float32(int(b>>4)-8) * d
		}
	}
}

// decodeQ4_1: float16 d and m, then nibbles as in Q4_0; q*d + m.
func decodeQ4_1(src []byte, dst []float32) {
	for ; len(dst) > 0; src, dst = src[20:], dst[32:] {
		d, m := f16(src), f16(src[2:])
		for j, b := range src[4:20] {
			dst[j] = float32(float32(b&15)*d) + m
			dst[j+16] = float32(float32(b>>4)*d) + m
		}
	}
}

// decodeQ5_1: float16 d and m, 32 fifth bits, then nibbles; q*d + m.
func decodeQ5_1(src []byte, dst []float32) {
	var q [32]uint8
	for ; len(dst) > 0; src, dst = src[24:], dst[32:] {
		d, m := f16(src), f16(src[2:])
		fifthBits(src[4:], src[8:], q[:])
		for j, v := range q {
			dst[j] = float32(float32(v)*d) + m
		}
	}
}

// fifthBits joins the 5-bit integers of a block of 32: bit i of high is the
// fifth bit of element i; nibbles as in Q4_0.
func fifthBits(high, nibbles []byte, q []uint8) {
	h := binary.LittleEndian.Uint32(high)
	for j, b := range nibbles[:16] {
		q[j] = b&15 | uint8(h>>j&1)<<4
		q[j+16] = b>>4 | uint8(h>>(j+16)&1)<<4
	}
}
