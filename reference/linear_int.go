package reference

import (
	"encoding/binary"

	"github.com/lpuctl/lpuctl/ir"
)

// plainIntegerBlock is integerBlock, with multiplications of words that hold
// several weights. Kinds a8 and a15.
func (l *loops) plainIntegerBlock(s *scratch, acc []float32, x *activations, rows []int, w *matrix, i int) {
	size := x.group
	bytes := size * w.quant.Bits / 8 * lanes
	g := &s.group
	for group := range x.groups {
		at := i*x.groups + group
		q := w.q[at*bytes:][:bytes]
		w.readGroup(l, g, at)
		w.sumWeights(&g.weights, q)
		for t, row := range rows {
			in := row*x.groups + group
			w.dotGroup(g, q, x, in*size)
			sums := (*[lanes]float32)(acc[t*lanes:])
			addGroup(sums, &g.sum, &g.zero, &g.scale, x.sum[in], x.scale[in])
			if w.quant.Min {
				addMinimum(sums, &g.minimum, x.sum[in], x.scale[in])
			}
		}
	}
}

// addGroup is acc += float32(isum - zero*xsum) * (scale * d), rounding each.
func addGroup(acc *[lanes]float32, isum, zero *[lanes]int32, scale *[lanes]float32, xsum int32, d float32) {
	for l := range acc {
		acc[l] += float32(float32(isum[l]-zero[l]*xsum) * float32(scale[l]*d))
	}
}

// addMinimum is acc += float32(xsum) * (min * d), rounding each.
func addMinimum(acc, minimum *[lanes]float32, xsum int32, d float32) {
	for l := range acc {
		acc[l] += float32(float32(xsum) * float32(minimum[l]*d))
	}
}

// dotGroup is the exact sum of stored weight times activation integer for each
// lane. Activations are read with a bias, which weights, the sums of the stored
// weights, take off again. at is the place of the group in x.
func (w *matrix) dotGroup(g *groupScratch, q []byte, x *activations, at int) {
	isum, low := &g.sum, &g.low
	w.dot(isum, q, x.q[at:at+x.group])
	for l := range isum {
		isum[l] -= bias * g.weights[l]
	}
	if x.kind == ir.KindA8 {
		return
	}
	w.dot(low, q, x.low[at:at+x.group])
	for l := range isum {
		isum[l] = isum[l]<<7 + low[l] - bias*g.weights[l]
	}
}

// dot is the sum of stored weight times biased activation for each lane.
func (w *matrix) dot(isum *[lanes]int32, q []byte, x []int8) {
	clear(isum[:])
	if w.quant.Bits == 8 {
		dotBytes(isum, q, x)
	} else {
		dotNibbles(isum, q, x)
	}
}

// sumWeights adds the stored weights of a group for each lane.
func (w *matrix) sumWeights(sums *[lanes]int32, q []byte) {
	clear(sums[:])
	if w.quant.Bits == 8 {
		sumBytes(sums, q)
	} else {
		sumNibbles(sums, q)
	}
}

// Eight bytes hold the nibbles of eight lanes. Masked, they are four 16-bit
// fields that one multiplication by an activation of at most 255 multiplies
// all at once: 15*255 < 2^12, so 16 products fit a field.
const (
	nibbles  = 0x000F000F000F000F
	perFlush = 8 // bytes of a lane, so 16 inputs, between two widenings
)

// dotNibbles adds w[k]*x[k] for each lane, x with its bias.
func dotNibbles(isum *[lanes]int32, q []byte, x []int8) {
	for ; len(x) >= 2*perFlush; x = x[2*perFlush:] {
		in := (*[2 * perFlush]int8)(x)
		for l := 0; l < lanes; l += 8 {
			var even, odd uint64
			for j := range perFlush {
				v := binary.LittleEndian.Uint64(q[j*lanes+l:])
				a, b := biased(in[2*j]), biased(in[2*j+1])
				even += v&nibbles*a + v>>4&nibbles*b
				odd += v>>8&nibbles*a + v>>12&nibbles*b
			}
			widen((*[8]int32)(isum[l:]), even, odd)
		}
		q = q[perFlush*lanes:]
	}
}

// sumNibbles adds the nibbles of each lane; a group of 128 fits the fields.
func sumNibbles(sums *[lanes]int32, q []byte) {
	for l := 0; l < lanes; l += 8 {
		var even, odd uint64
		for at := l; at+8 <= len(q); at += lanes {
			v := binary.LittleEndian.Uint64(q[at:])
			even += v&nibbles + v>>4&nibbles
			odd += v>>8&nibbles + v>>12&nibbles
		}
		widen((*[8]int32)(sums[l:]), even, odd)
	}
}

// widen adds the 16-bit fields of the even and the odd lanes.
func widen(sums *[8]int32, even, odd uint64) {
	sums[0] += int32(even & 0xFFFF)
	sums[1] += int32(odd & 0xFFFF)
	sums[2] += int32(even >> 16 & 0xFFFF)
	sums[3] += int32(odd >> 16 & 0xFFFF)
	sums[4] += int32(even >> 32 & 0xFFFF)
	sums[5] += int32(odd >> 32 & 0xFFFF)
	sums[6] += int32(even >> 48)
	sums[7] += int32(odd >> 48)
}
