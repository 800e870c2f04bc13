package half

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/x448/float16"
)

// TestF16AgainstLibrary compares both directions with an independent
// implementation: all float16, and around every float16 the values that decide
// rounding.
func TestF16AgainstLibrary(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		want := float16.Frombits(h).Float32()
		got := F16ToF32(h)
		if want != want {
			require.True(t, got != got, "%04x", h)
			require.NotZero(t, F32ToF16(got)&0x3FF, "%04x", h)
			continue
		}
		require.Equal(t, math.Float32bits(want), math.Float32bits(got), "%04x", h)
		require.Equal(t, h, F32ToF16(got), "%04x", h)
		for _, u := range neighbours(math.Float32bits(got)) {
			f := math.Float32frombits(u)
			require.Equal(t, float16.Fromfloat32(f).Bits(), F32ToF16(f), "%08x", u)
		}
	}
}

// neighbours are the bits around a float32 that is a float16, and around the
// midpoint to the next one.
func neighbours(u uint32) []uint32 {
	var list []uint32
	for _, mid := range []uint32{u, u + 0x1000} {
		for d := uint32(0); d < 5; d++ {
			if n := mid + d - 2; n&0x7FFFFFFF <= 0x7F800000 {
				list = append(list, n)
			}
		}
	}
	return list
}

func TestBF16(t *testing.T) {
	for i := range 1 << 16 {
		b := uint16(i)
		f := BF16ToF32(b)
		if f != f {
			require.True(t, BF16ToF32(F32ToBF16(f)) != f)
			continue
		}
		require.Equal(t, b, F32ToBF16(f), "%04x", b)
	}
	// Ties go to even, above and below a tie to the nearer one.
	for _, c := range []struct {
		bits uint32
		want uint16
	}{
		{0x3F808000, 0x3F80}, {0x3F818000, 0x3F82}, {0x3F808001, 0x3F81}, {0x3F817FFF, 0x3F81},
		{0x7F7FFFFF, 0x7F80}, {0xFF7FFFFF, 0xFF80}, {0x00008000, 0}, {0x00008001, 1}, {0x7F800001, 0x7FC0},
	} {
		require.Equal(t, c.want, F32ToBF16(math.Float32frombits(c.bits)), "%08x", c.bits)
	}
}
