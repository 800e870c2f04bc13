package half

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/x448/float16"
)

func isNaN16(h uint16) bool { return h&0x7FFF > 0x7C00 }

func TestF16AllValues(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		f := F16ToF32(h)
		want := float16.Frombits(h).Float32()
		if isNaN16(h) {
			require.True(t, f != f, "%#04x", h)
			back := F32ToF16(f)
			require.True(t, isNaN16(back) && back>>15 == h>>15, "%#04x gives %#04x", h, back)
			continue
		}
		if math.Float32bits(f) != math.Float32bits(want) || F32ToF16(f) != h {
			t.Fatalf("%#04x: %v, want %v; back %#04x", h, f, want, F32ToF16(f))
		}
	}
}

// TestF16Rounding visits the neighbourhood of every float16 and of every
// midpoint between two of them.
func TestF16Rounding(t *testing.T) {
	for i := range 0x7C00 {
		lo, hi := F16ToF32(uint16(i)), F16ToF32(uint16(i+1))
		if i+1 == 0x7C00 {
			hi = 65536
		}
		mid := (lo + hi) / 2
		for _, f := range []float32{mid, math.Nextafter32(mid, 0), math.Nextafter32(mid, hi), math.Nextafter32(lo, 0), math.Nextafter32(lo, hi)} {
			if f < 0 {
				continue
			}
			want := uint16(float16.Fromfloat32(f))
			if F32ToF16(f) != want || F32ToF16(-f) != want|0x8000 {
				t.Fatalf("%v: %#04x, want %#04x", f, F32ToF16(f), want)
			}
		}
	}
}

func TestF32ToF16Cases(t *testing.T) {
	for _, c := range []struct {
		f    float32
		want uint16
	}{
		{0, 0}, {float32(math.Copysign(0, -1)), 0x8000}, {1, 0x3C00}, {65504, 0x7BFF}, {65519.996, 0x7BFF}, {65520, 0x7C00},
		{0x1p-25, 0}, {math.Nextafter32(0x1p-25, 1), 1}, {0x1.8p-24, 2}, {math.SmallestNonzeroFloat32, 0},
		{math.MaxFloat32, 0x7C00}, {float32(math.Inf(-1)), 0xFC00},
	} {
		require.Equal(t, c.want, F32ToF16(c.f), "%v", c.f)
	}
}

func TestBF16AllValues(t *testing.T) {
	for i := range 1 << 16 {
		b := uint16(i)
		back := F32ToBF16(BF16ToF32(b))
		if b&0x7FFF > 0x7F80 {
			require.Greater(t, back&0x7FFF, uint16(0x7F80), "%#04x", b)
			require.Equal(t, b>>15, back>>15)
			continue
		}
		require.Equal(t, b, back)
	}
}

// TestBF16Rounding checks against the nearest of the two neighbours, found in
// float64, where distances are exact.
func TestBF16Rounding(t *testing.T) {
	for i := range 0x7F7F {
		lo, hi := BF16ToF32(uint16(i)), BF16ToF32(uint16(i+1))
		base := uint32(i) << 16
		for _, low := range []uint32{1, 0x7FFF, 0x8000, 0x8001, 0xFFFF} {
			f := math.Float32frombits(base | low)
			down, up := float64(f)-float64(lo), float64(hi)-float64(f)
			want := uint16(i)
			if up < down || up == down && i%2 == 1 {
				want++
			}
			if F32ToBF16(f) != want {
				t.Fatalf("%v: %#04x, want %#04x", f, F32ToBF16(f), want)
			}
		}
	}
	require.Equal(t, uint16(0x7F80), F32ToBF16(math.MaxFloat32))
}
