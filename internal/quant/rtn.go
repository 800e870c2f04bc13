package quant

import (
	"fmt"
	"math"

	"github.com/lpuctl/lpuctl/internal/half"
)

// Groups returns how many groups of the given size a row of n elements has. The
// last group may be short: it holds exactly the n mod group elements that
// remain, and its scale comes from those alone.
func Groups(n, group int) int {
	return (n + group - 1) / group
}

// RTN quantizes a row symmetrically by rounding to nearest, one float16 scale
// for every group of elements (32, 64 or 128) along the input dimension:
//
//	scale = float16(max|w| / qmax)    qmax = 7 for 4 bits, 127 for 8
//	q     = clamp(round_half_even(w / scale), -qmax-1, qmax)
//
// where the divisions are in float32 and float16() rounds to nearest even. With
// 4 bits q[i] is stored offset by 8 (0..15, 8 stands for zero); with 8 bits it
// is an int8 in two's complement. A group whose scale is zero, because it has
// only zeros or magnitudes that vanish in float16, is stored as zeros.
//
// len(q) must be len(row) and len(scale) must be Groups(len(row), group). RTN
// fails on a weight that is not finite and on a scale beyond float16; what it
// has written by then is of no use.
func RTN(bits, group int, row []float32, q []uint8, scale []uint16) error {
	qmax, offset, err := rtnRange(bits)
	if err != nil {
		return err
	}
	if group != 32 && group != 64 && group != 128 {
		return fmt.Errorf("quant: group size %d is not 32, 64 or 128", group)
	}
	if len(q) != len(row) || len(scale) != Groups(len(row), group) {
		return fmt.Errorf("quant: %d weights in groups of %d need %d integers and %d scales, not %d and %d",
			len(row), group, len(row), Groups(len(row), group), len(q), len(scale))
	}
	for g := range scale {
		lo, hi := g*group, min(g*group+group, len(row))
		if scale[g], err = groupScale(row[lo:hi], qmax, lo); err != nil {
			return err
		}
		roundGroup(row[lo:hi], half.F16ToF32(scale[g]), qmax, offset, q[lo:hi])
	}
	return nil
}

func rtnRange(bits int) (qmax, offset int, err error) {
	switch bits {
	case 4:
		return 7, 8, nil
	case 8:
		return 127, 0, nil
	}
	return 0, 0, fmt.Errorf("quant: %d bits: only 4 and 8 can be quantized to", bits)
}

// groupScale returns the float16 scale of one group, whose first element is
// number first of its row.
func groupScale(w []float32, qmax, first int) (uint16, error) {
	amax := float32(0)
	for i, v := range w {
		a := float32(math.Abs(float64(v)))
		if !(a <= math.MaxFloat32) {
			return 0, fmt.Errorf("quant: weight %d is %v", first+i, v)
		}
		amax = max(amax, a)
	}
	s := half.F32ToF16(amax / float32(qmax))
	if s >= 0x7C00 {
		return 0, fmt.Errorf("quant: weights %d to %d reach %g: the scale %g is beyond float16", first, first+len(w)-1, amax, amax/float32(qmax))
	}
	return s, nil
}

// roundGroup writes the integers of one group.
func roundGroup(w []float32, scale float32, qmax, offset int, q []uint8) {
	for i, v := range w {
		n := 0
		if scale > 0 {
			r := math.RoundToEven(float64(v / scale))
			n = int(max(float64(-qmax-1), min(r, float64(qmax))))
		}
		q[i] = uint8(n + offset)
	}
}
