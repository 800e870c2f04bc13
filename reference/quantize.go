package reference

import (
	"math"

	"github.com/lpuctl/lpuctl/ir"
)

// maxGroup is the largest group of block-quantized weights.
const maxGroup = 128

// The largest activation integers of the kinds.
const (
	qmaxA8  = 127
	qmaxA15 = 127*128 + 63
)

// bias is added to activation integers where they have to be unsigned.
const bias = 128

func biased(q int8) uint64 { return uint64(uint8(q) ^ bias) }

func (a *activations) alloc(rows int) {
	a.groups = (a.width + a.group - 1) / a.group
	padded := rows * a.groups * a.group
	a.q = make([]int8, padded)
	if a.kind == ir.KindA15 {
		a.low = make([]int8, padded)
	}
	a.sum = make([]int32, rows*a.groups)
	a.scale = make([]float32, rows*a.groups)
}

// quantize fills row t from x, group by group (rule 9). The inputs that pad
// the last group are zeros.
func (a *activations) quantize(t int, x []float32) {
	qmax := float32(qmaxA8)
	if a.kind == ir.KindA15 {
		qmax = qmaxA15
	}
	var q [maxGroup]int32
	for g := range a.groups {
		from := x[g*a.group : min((g+1)*a.group, len(x))]
		at := t*a.groups + g
		clear(q[:])
		a.scale[at] = quantizeGroup(q[:len(from)], from, qmax)
		a.sum[at] = sum(q[:a.group])
		dst := at * a.group
		if a.kind == ir.KindA15 {
			storeA15(a.q[dst:dst+a.group], a.low[dst:dst+a.group], q[:a.group])
		} else {
			storeA8(a.q[dst:dst+a.group], q[:a.group])
		}
	}
}

// quantizeGroup rounds x/d to integers and returns d = amax/qmax: +0 below
// 2^-100, where all integers are 0, and NaN if an input is infinite or NaN.
func quantizeGroup(q []int32, x []float32, qmax float32) float32 {
	var m uint32 // the largest magnitude's bits: NaN above infinity above the rest
	for _, v := range x {
		m = max(m, math.Float32bits(v)&0x7FFFFFFF)
	}
	amax := math.Float32frombits(m)
	d := amax * 0
	if m >= 0x0D800000 && m < 0x7F800000 {
		d = amax / qmax
	}
	if !(d > 0) {
		return d // q is zero
	}
	inverse := 1 / d
	for i, v := range x {
		q[i] = roundEven(float32(v * inverse))
	}
	return d
}

// roundEven rounds half to even for |v| < 2^22: the addition does it.
func roundEven(v float32) int32 {
	return int32(math.Float32bits(v+0x1.8p23)) - 0x4B400000
}

func storeA8(dst []int8, q []int32) {
	for i, v := range q {
		dst[i] = int8(v)
	}
}

// storeA15 splits q into 128*hi + lo with lo in [-64, 63].
func storeA15(high, low []int8, q []int32) {
	for i, v := range q {
		h := (v + 64) >> 7
		high[i] = int8(h)
		low[i] = int8(v - h<<7)
	}
}

func sum(q []int32) int32 {
	var s int32
	for _, v := range q {
		s += v
	}
	return s
}
