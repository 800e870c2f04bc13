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
func (l *loops) floatBlock(s *scratch, acc []float32, x *activations, rows []int, w *matrix, i int) {
	for k := 0; k < w.k; k += tileInputs {
		n := min(tileInputs, w.k-k)
		tile := w.floatTile(l, s, n, i, k)
		if x.kind == ir.KindF16 && w.elem == ir.Block {
			l.roundF16(tile, tile)
		}
		for t, row := range rows {
			l.mulAdd(acc[t*lanes:(t+1)*lanes], x.f.f[row*x.width+k:][:n], tile, lanes)
		}
	}
}

// floatTile returns n inputs from k on of block i as float32: the weights
// themselves, or decoded into the scratch memory.
func (w *matrix) floatTile(l *loops, s *scratch, n, i, k int) []float32 {
	dst := s.tile[:n*lanes]
	at := (i*w.k + k) * lanes
	switch w.elem {
	case ir.F32:
		return w.f32[at : at+len(dst)]
	case ir.F16:
		l.widenF16(dst, w.u16[at:at+len(dst)])
	case ir.BF16:
		l.widenBF16(dst, w.u16[at:at+len(dst)])
	default:
		w.dequantize(l, &s.group, dst, i, k)
	}
	return dst
}

// dequantize decodes inputs of block i from k, a multiple of the group, on:
// float32(q - zero) * d, rounded once, or float32(q) * d + min, rounded twice.
func (w *matrix) dequantize(l *loops, g *groupScratch, dst []float32, i, k int) {
	size := w.quant.Group
	groups := w.quant.Groups(w.k)
	for ; len(dst) > 0; k += size {
		n := min(size*lanes, len(dst))
		at := i*groups + k/size
		w.readGroup(l, g, at)
		if w.quant.Bits == 4 {
			l.dequantize4(dst[:n], w.q[at*size/2*lanes:], &g.scale, &g.zero)
		} else {
			l.dequantize8(dst[:n], w.q[at*size*lanes:], &g.scale, &g.zero)
		}
		if w.quant.Min {
			l.addMinimums(dst[:n], &g.minimum)
		}
		dst = dst[n:]
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
func (w *matrix) row(l *loops, g *groupScratch, r int, dst []float32) {
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
		w.quantizedRow(l, g, block, lane, dst)
	}
}

// quantizedRow decodes one lane of a block, as dequantize does.
func (w *matrix) quantizedRow(l *loops, g *groupScratch, block, lane int, dst []float32) {
	size := w.quant.Group
	for k := range dst {
		group := block*w.quant.Groups(w.k) + k/size
		if k%size == 0 {
			w.readGroup(l, g, group)
		}
		dst[k] = float32(float32(w.integer(group, k%size, lane)-g.zero[lane]) * g.scale[lane])
		if w.quant.Min {
			dst[k] += g.minimum[lane]
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
