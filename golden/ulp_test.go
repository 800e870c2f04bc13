package golden

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestULPs(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	tests := []struct {
		a, b float32
		want int64
	}{
		{1, 1, 0},
		{1, math.Nextafter32(1, 2), 1},
		{1, math.Nextafter32(1, 0), 1},
		{1, 2, 1 << 23},
		{0, float32(math.Copysign(0, -1)), 0},
		{-math.SmallestNonzeroFloat32, math.SmallestNonzeroFloat32, 2},
		{math.MaxFloat32, inf, 1},
		{-inf, inf, 2 * 0x7f800000},
		{nan, nan, 0},
		{nan, 1, math.MaxUint32},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, ULPs(tt.a, tt.b), "%v, %v", tt.a, tt.b)
		require.Equal(t, tt.want, ULPs(tt.b, tt.a), "%v, %v", tt.b, tt.a)
	}
}

func TestValueString(t *testing.T) {
	require.Equal(t, "1.0000001 (0x3f800001)", Value(math.Nextafter32(1, 2)).String())
	require.Equal(t, "-0 (0x80000000)", Value(math.Copysign(0, -1)).String())
	require.Equal(t, "NaN (0x7fc00000)", Value(math.Float32frombits(0x7fc00000)).String())
}
