package reference

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTanh compares with tanh in float64. The worst of all 2^31 positive
// inputs is 1.332 ULP, at 3F218C1D; the test sees one in 37.
func TestTanh(t *testing.T) {
	worst, at := 0.0, float32(0)
	for bits := uint32(0x30000000); bits < 0x42000000; bits += 37 {
		x := math.Float32frombits(bits)
		want := math.Tanh(float64(x))
		ulp := float64(math.Nextafter32(float32(want), 2)) - float64(float32(want))
		if d := math.Abs(float64(tanh(x))-want) / ulp; d > worst {
			worst, at = d, x
		}
	}
	require.Less(t, worst, 1.34, "tanh(%g)", at)
}

// TestVectors are the check vectors of docs/numerics.md.
func TestVectors(t *testing.T) {
	c := math.Float32frombits
	for _, v := range [][2]uint32{
		{0, 0}, {0x80000000, 0x80000000}, {0x38D1B717, 0x38D1B717}, {0x3F000000, 0x3EEC9A9F}, {0x3F1FFFFF, 0x3F0DFA3E},
		{0x3F200000, 0x3F0DFA40}, {0x3F800000, 0x3F42F7D6}, {0xBF800000, 0xBF42F7D6}, {0x40400000, 0x3F7EBBE9},
		{0x41200000, 0x3F800000}, {0xFF800000, 0xBF800000},
	} {
		require.Equal(t, v[1], math.Float32bits(tanh(c(v[0]))), "tanh of %08X", v[0])
	}
	require.True(t, math.IsNaN(float64(tanh(float32(math.NaN())))))
	for _, v := range [][2]uint32{
		{0x3F800000, 0x3F57585C}, {0xBF800000, 0xBE229E90}, {0x3F000000, 0x3EB1016D}, {0xC0000000, 0xBD39F7C5}, {0x41200000, 0x41200000},
	} {
		y := []float32{0}
		gelu(y, []float32{c(v[0])})
		require.Equal(t, v[1], math.Float32bits(y[0]), "gelu of %08X", v[0])
	}
}
