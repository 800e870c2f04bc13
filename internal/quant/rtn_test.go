package quant

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/half"
)

func rtn(t *testing.T, bits, group int, row []float32) (q []uint8, scale []uint16) {
	t.Helper()
	q, scale = make([]uint8, len(row)), make([]uint16, Groups(len(row), group))
	require.NoError(t, RTN(bits, group, row, q, scale))
	return q, scale
}

// value decodes one integer of RTN.
func value(bits int, q uint8) float64 {
	if bits == 4 {
		return float64(q) - 8
	}
	return float64(int8(q))
}

// TestRTNError: rounding costs half a step. The scale itself is rounded to 11
// bits, which can push the largest weight of a group out of range by at most
// qmax * 2^-11 steps; that is less than half a step, so no weight loses more.
func TestRTNError(t *testing.T) {
	for _, bits := range []int{4, 8} {
		for _, group := range []int{32, 64, 128} {
			for _, n := range []int{1, 32, 172, 576, 1000} {
				row := randomRow(n, 0.02)
				q, scale := rtn(t, bits, group, row)
				for i, w := range row {
					s := float64(half.F16ToF32(scale[i/group]))
					diff := math.Abs(float64(w) - value(bits, q[i])*s)
					require.LessOrEqual(t, diff, s*0.5*(1+1e-6), "bits %d group %d n %d element %d", bits, group, n, i)
				}
			}
		}
	}
}

// TestRTNTail: 172 = 5*32 + 12; the last group depends on its 12 elements only.
func TestRTNTail(t *testing.T) {
	row := randomRow(172, 1)
	q, scale := rtn(t, 4, 32, row)
	require.Len(t, scale, 6)
	tailQ, tailScale := rtn(t, 4, 32, row[160:])
	require.Equal(t, tailQ, q[160:])
	require.Equal(t, tailScale, scale[5:])
}

func TestRTNExact(t *testing.T) {
	q, scale := rtn(t, 4, 32, []float32{7, -7, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0})
	require.Equal(t, []uint16{0x3C00}, scale)
	require.Equal(t, []uint8{15, 1, 8, 10, 10, 8, 6, 6, 8}, q, "ties go to even")
	q, scale = rtn(t, 8, 32, []float32{127, -127, 0.5, 1.5, -2.5})
	require.Equal(t, []uint16{0x3C00}, scale)
	require.Equal(t, []uint8{127, 0x81, 0, 2, 0xFE}, q)
}

func TestRTNZeros(t *testing.T) {
	q, scale := rtn(t, 4, 32, make([]float32, 33))
	require.Equal(t, []uint16{0, 0}, scale)
	for _, v := range q {
		require.Equal(t, uint8(8), v)
	}
	q, scale = rtn(t, 8, 32, []float32{0, 0x1p-30, -0x1p-30})
	require.Equal(t, []uint16{0}, scale, "the scale vanishes in float16")
	require.Equal(t, []uint8{0, 0, 0}, q)
}

// TestRTNSubnormalScale: a scale of one unit of float16 is far too small for
// the largest weight, which is clamped.
func TestRTNSubnormalScale(t *testing.T) {
	q, scale := rtn(t, 4, 32, []float32{7 * 0x1.6p-24, -7 * 0x1.6p-24})
	require.Equal(t, []uint16{1}, scale)
	require.Equal(t, []uint8{15, 0}, q)
}

func TestRTNErrors(t *testing.T) {
	row := make([]float32, 64)
	q, scale := make([]uint8, 64), make([]uint16, 2)
	row[40] = float32(math.NaN())
	require.EqualError(t, RTN(4, 32, row, q, scale), "quant: weight 40 is NaN")
	row[40] = float32(math.Inf(-1))
	require.EqualError(t, RTN(4, 32, row, q, scale), "quant: weight 40 is -Inf")
	row[40] = 7 * 65520
	require.EqualError(t, RTN(4, 32, row, q, scale), "quant: weights 32 to 63 reach 458640: the scale 65520 is beyond float16")
	row[40] = 7 * 65504
	require.NoError(t, RTN(4, 32, row, q, scale))
	require.EqualError(t, RTN(5, 32, row, q, scale), "quant: 5 bits: only 4 and 8 can be quantized to")
	require.EqualError(t, RTN(4, 48, row, q, scale), "quant: group size 48 is not 32, 64 or 128")
	require.EqualError(t, RTN(4, 32, row, q, scale[:1]),
		"quant: 64 weights in groups of 32 need 64 integers and 2 scales, not 64 and 1")
}
