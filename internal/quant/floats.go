package quant

import (
	"encoding/binary"
	"math"

	"github.com/lpuctl/lpuctl/internal/half"
)

// The floats of 8 and 64 bits. Those of 8 bits are exact in float32 (OCP 8-bit
// floating point specification 1.0; the FNUZ kinds have no infinity, no
// negative zero, and a bias that is larger by one); float64 is rounded once.
var (
	F64         = &Type{Name: "F64", Block: 1, Bytes: 8, decode: decodeF64}
	F8_E5M2     = &Type{Name: "F8_E5M2", Block: 1, Bytes: 1, decode: decodeE5M2}
	F8_E4M3     = &Type{Name: "F8_E4M3", Block: 1, Bytes: 1, decode: decodeE4M3}
	F8_E8M0     = &Type{Name: "F8_E8M0", Block: 1, Bytes: 1, decode: decodeE8M0}
	F8_E4M3FNUZ = &Type{Name: "F8_E4M3FNUZ", Block: 1, Bytes: 1, decode: decodeE4M3FNUZ}
	F8_E5M2FNUZ = &Type{Name: "F8_E5M2FNUZ", Block: 1, Bytes: 1, decode: decodeE5M2FNUZ}
)

func decodeF64(src []byte, dst []float32) {
	for i := range dst {
		dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
	}
}

// decodeE5M2: the upper half of a float16.
func decodeE5M2(src []byte, dst []float32) {
	for i, b := range src {
		dst[i] = half.F16ToF32(uint16(b) << 8)
	}
}

func decodeE4M3(src []byte, dst []float32) {
	for i, b := range src {
		dst[i] = float8(b, 3, 7)
		if b&0x7F == 0x7F {
			dst[i] = nan32()
		}
	}
}

func decodeE4M3FNUZ(src []byte, dst []float32) {
	for i, b := range src {
		dst[i] = fnuz(b, 3, 8)
	}
}

func decodeE5M2FNUZ(src []byte, dst []float32) {
	for i, b := range src {
		dst[i] = fnuz(b, 2, 16)
	}
}

func fnuz(b uint8, mantissa, bias int) float32 {
	if b == 0x80 {
		return nan32()
	}
	return float8(b, mantissa, bias)
}

// float8 returns the value of a finite float of 8 bits: its exponent and
// mantissa, put into those of a float32, make it too small by the difference of
// the biases. Subnormal numbers become subnormal, so that one exact
// multiplication is right for all.
func float8(b uint8, mantissa, bias int) float32 {
	tiny := math.Float32frombits(uint32(b&0x80)<<24 | uint32(b&0x7F)<<(23-mantissa))
	return tiny * math.Float32frombits(uint32(127+127-bias)<<23)
}

// decodeE8M0: the exponent of a power of two; 255 is NaN.
func decodeE8M0(src []byte, dst []float32) {
	for i, b := range src {
		dst[i] = 2 * halfE8M0(b)
		if b == 0xFF {
			dst[i] = nan32()
		}
	}
}

func nan32() float32 { return float32(math.NaN()) }
