package reference

import (
	"math"

	"github.com/lpuctl/lpuctl/internal/half"
	"github.com/lpuctl/lpuctl/ir"
)

// tileInputs is the number of inputs whose 64 weights each are decoded to
// float32 at a time: 32 KiB, which stay in the first-level cache while all
// rows of x use them. It is a multiple of every group size.
const tileInputs = 128

// floatBlock adds the products of rows of x with block i of w to the
// accumulators [rows][64], inputs ascending (rule 2). Kinds f32 and f16.
func floatBlock(s *scratch, acc []float32, x *activations, rows []int, w *matrix, i int) {
	for k := 0; k < w.k; k += tileInputs {
		n := min(tileInputs, w.k-k)
		tile := w.floatTile(s.tile[:n*lanes], i, k)
		if x.kind == ir.KindF16 && w.elem == ir.Block {
			roundF16(tile, tile)
		}
		for t, row := range rows {
			mulAdd(acc[t*lanes:(t+1)*lanes], x.f.f[row*x.width+k:][:n], tile, lanes)
		}
	}
}

// floatTile returns inputs k to k+len(dst)/64-1 of block i as float32: the
// weights themselves, or decoded into dst.
func (w *matrix) floatTile(dst []float32, i, k int) []float32 {
	at := (i*w.k + k) * lanes
	switch w.elem {
	case ir.F32:
		return w.f32[at : at+len(dst)]
	case ir.F16:
		for j, h := range w.u16[at : at+len(dst)] {
			dst[j] = half.F16ToF32(h)
		}
	case ir.BF16:
		for j, h := range w.u16[at : at+len(dst)] {
			dst[j] = half.BF16ToF32(h)
		}
	default:
		w.dequantize(dst, i, k)
	}
	return dst
}

// dequantize decodes inputs of block i from k, a multiple of the group, on:
// float32(q - zero) * d, rounded once, or float32(q) * d + min, rounded twice.
func (w *matrix) dequantize(dst []float32, i, k int) {
	g := w.quant.Group
	groups := w.quant.Groups(w.k)
	var scale, minimum [lanes]float32
	var zero [lanes]int32
	for ; len(dst) > 0; k += g {
		n := min(g*lanes, len(dst))
		at := i*groups + k/g
		w.groupScales(&scale, at)
		w.groupZeros(&zero, at)
		if w.quant.Bits == 4 {
			dequantize4(dst[:n], w.q[at*g/2*lanes:], &scale, &zero)
		} else {
			dequantize8(dst[:n], w.q[at*g*lanes:], &scale, &zero)
		}
		if w.quant.Min {
			w.groupMinimums(&minimum, at)
			addMinimums(dst[:n], &minimum)
		}
		dst = dst[n:]
	}
}

// groupScales are the 64 scales of a group; at counts groups over all blocks.
func (w *matrix) groupScales(dst *[lanes]float32, at int) {
	widenGroup(dst, w.scale32, w.scale16, at)
}

// groupMinimums are the 64 minimums of a group.
func (w *matrix) groupMinimums(dst *[lanes]float32, at int) {
	widenGroup(dst, w.min32, w.min16, at)
}

func widenGroup(dst *[lanes]float32, f32 []float32, f16 []uint16, at int) {
	if f32 != nil {
		copy(dst[:], f32[at*lanes:])
		return
	}
	for l, h := range f16[at*lanes:][:lanes] {
		dst[l] = half.F16ToF32(h)
	}
}

// addMinimums adds each lane's minimum to its decoded weights.
func addMinimums(dst []float32, minimum *[lanes]float32) {
	for ; len(dst) >= lanes; dst = dst[lanes:] {
		for l, v := range minimum {
			dst[l] += v
		}
	}
}

// groupZeros are the 64 zero points of a group, to be taken off the stored
// integers read as unsigned: of nibbles, those are what is stored, 8 for a
// symmetric zero, 0 with minimums; of bytes, the top bit is flipped, which adds 128.
func (w *matrix) groupZeros(dst *[lanes]int32, at int) {
	offset := int32(8)
	switch {
	case w.quant.Bits == 8:
		offset = 128
	case !w.quant.Symmetric():
		offset = 0
	}
	if w.zero == nil {
		for l := range dst {
			dst[l] = offset
		}
		return
	}
	for l, z := range w.zero[at*lanes:][:lanes] {
		dst[l] = int32(z) + offset
	}
}

// dequantize4 decodes nibbles: a byte of a lane holds input 2j low, 2j+1 high.
func dequantize4(dst []float32, q []byte, scale *[lanes]float32, zero *[lanes]int32) {
	for ; len(dst) >= 2*lanes; dst = dst[2*lanes:] {
		low, high := (*[lanes]float32)(dst), (*[lanes]float32)(dst[lanes:])
		for l, b := range (*[lanes]byte)(q) {
			low[l] = float32(float32(int32(b&15)-zero[l]) * scale[l])
			high[l] = float32(float32(int32(b>>4)-zero[l]) * scale[l])
		}
		q = q[lanes:]
	}
	if len(dst) > 0 { // an odd number of inputs
		for l, b := range (*[lanes]byte)(q) {
			dst[l] = float32(float32(int32(b&15)-zero[l]) * scale[l])
		}
	}
}

// dequantize8 decodes signed bytes.
func dequantize8(dst []float32, q []byte, scale *[lanes]float32, zero *[lanes]int32) {
	for ; len(dst) >= lanes; dst = dst[lanes:] {
		out := (*[lanes]float32)(dst)
		for l, b := range (*[lanes]byte)(q) {
			out[l] = float32(float32(int32(b^0x80)-zero[l]) * scale[l])
		}
		q = q[lanes:]
	}
}

// roundF16 rounds to float16 and widens again. The fractions of normal numbers
// lose 13 bits where they are; below 2^-14 the sum with 0.5 rounds to a
// multiple of 2^-24. There is no branch between the two: zeros are frequent
// among weights, and not predictable.
func roundF16(y, x []float32) {
	for i, v := range x {
		u := math.Float32bits(v)
		m := u & 0x7FFFFFFF
		rounded := (m + 0xFFF + m>>13&1) &^ 0x1FFF
		if tiny := math.Float32bits(math.Float32frombits(m) + 0.5 - 0.5); m < 0x38800000 {
			rounded = tiny
		}
		if m >= 0x477FF000 { // infinity from 65520 on, NaN
			rounded = math.Float32bits(half.F16ToF32(half.F32ToF16(math.Float32frombits(m))))
		}
		y[i] = math.Float32frombits(rounded | u&0x80000000)
	}
}

// row decodes row r of a matrix to dst: one lane of its block.
func (w *matrix) row(r int, dst []float32) {
	block, lane := r/lanes, r%lanes
	at := block*w.k*lanes + lane
	switch w.elem {
	case ir.F32:
		for k := range dst {
			dst[k] = w.f32[at+k*lanes]
		}
	case ir.F16:
		for k := range dst {
			dst[k] = half.F16ToF32(w.u16[at+k*lanes])
		}
	case ir.BF16:
		for k := range dst {
			dst[k] = half.BF16ToF32(w.u16[at+k*lanes])
		}
	default:
		w.quantizedRow(block, lane, dst)
	}
}

// quantizedRow decodes one lane of a block, as dequantize does.
func (w *matrix) quantizedRow(block, lane int, dst []float32) {
	g := w.quant.Group
	var scale, minimum [lanes]float32
	var zero [lanes]int32
	for k := range dst {
		group := block*w.quant.Groups(w.k) + k/g
		if k%g == 0 {
			w.groupScales(&scale, group)
			w.groupZeros(&zero, group)
			if w.quant.Min {
				w.groupMinimums(&minimum, group)
			}
		}
		dst[k] = float32(float32(w.integer(group, k%g, lane)-zero[lane]) * scale[lane])
		if w.quant.Min {
			dst[k] += minimum[lane]
		}
	}
}

// integer is the stored weight of input k of a group, read as unsigned.
func (w *matrix) integer(group, k, lane int) int32 {
	if w.quant.Bits == 8 {
		return int32(w.q[(group*w.quant.Group+k)*lanes+lane] ^ 0x80)
	}
	b := w.q[(group*w.quant.Group/2+k/2)*lanes+lane]
	return int32(b >> (k % 2 * 4) & 15)
}
