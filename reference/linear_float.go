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

// floatBlock adds the products of block i of w to the accumulators [rows][64],
// inputs ascending (rule 2). Kinds f32 and f16.
func floatBlock(s *scratch, acc []float32, x *activations, w *matrix, i int) {
	rows := len(acc) / lanes
	for k := 0; k < w.k; k += tileInputs {
		n := min(tileInputs, w.k-k)
		tile := w.floatTile(s.tile[:n*lanes], i, k)
		if x.kind == ir.KindF16 && w.elem == ir.Block {
			roundF16(tile, tile)
		}
		for t := range rows {
			mulAdd(acc[t*lanes:(t+1)*lanes], x.f.f[t*x.width+k:][:n], tile, lanes)
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
// float32(q - zero) * d, rounded once.
func (w *matrix) dequantize(dst []float32, i, k int) {
	g := w.quant.Group
	groups := w.quant.Groups(w.k)
	var scale [lanes]float32
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
		dst = dst[n:]
	}
}

// groupScales widens the 64 scales of a group; at counts groups over all blocks.
func (w *matrix) groupScales(dst *[lanes]float32, at int) {
	if w.scale32 != nil {
		copy(dst[:], w.scale32[at*lanes:])
		return
	}
	for l, h := range w.scale16[at*lanes:][:lanes] {
		dst[l] = half.F16ToF32(h)
	}
}

// groupZeros are the 64 zero points of a group: 8 of symmetric nibbles, which
// are stored unsigned, and 0 of symmetric bytes.
func (w *matrix) groupZeros(dst *[lanes]int32, at int) {
	if w.zero != nil {
		for l, z := range w.zero[at*lanes:][:lanes] {
			dst[l] = int32(z)
		}
		return
	}
	implied := int32(0)
	if w.quant.Bits == 4 {
		implied = 8
	}
	for l := range dst {
		dst[l] = implied
	}
}

// dequantize4 decodes nibbles: byte j of a lane holds inputs 2j and 2j+1.
func dequantize4(dst []float32, q []byte, scale *[lanes]float32, zero *[lanes]int32) {
	for k := 0; len(dst) >= lanes; k++ {
		out := (*[lanes]float32)(dst)
		in := (*[lanes]byte)(q[k/2*lanes:])
		shift := uint(k&1) * 4
		for l := range out {
			out[l] = float32(float32(int32(in[l]>>shift&15)-zero[l]) * scale[l])
		}
		dst = dst[lanes:]
	}
}

// dequantize8 decodes signed bytes.
func dequantize8(dst []float32, q []byte, scale *[lanes]float32, zero *[lanes]int32) {
	for k := 0; len(dst) >= lanes; k++ {
		out := (*[lanes]float32)(dst)
		in := (*[lanes]byte)(q[k*lanes:])
		for l := range out {
			out[l] = float32(float32(int32(int8(in[l]))-zero[l]) * scale[l])
		}
		dst = dst[lanes:]
	}
}

// roundF16 rounds to float16 and widens again. Normal numbers lose 13 bits of
// the fraction where they are; the others take the long way.
func roundF16(y, x []float32) {
	for i, v := range x {
		u := math.Float32bits(v)
		if m := u & 0x7FFFFFFF; m >= 0x38800000 && m < 0x477FF000 {
			y[i] = math.Float32frombits((u + 0xFFF + u>>13&1) &^ 0x1FFF)
		} else {
			y[i] = half.F16ToF32(half.F32ToF16(v))
		}
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
	var scale [lanes]float32
	var zero [lanes]int32
	for k := range dst {
		group := block*w.quant.Groups(w.k) + k/g
		if k%g == 0 {
			w.groupScales(&scale, group)
			w.groupZeros(&zero, group)
		}
		dst[k] = float32(float32(w.integer(group, k%g, lane)-zero[lane]) * scale[lane])
	}
}

// integer is the stored weight of input k of a group.
func (w *matrix) integer(group, k, lane int) int32 {
	if w.quant.Bits == 8 {
		return int32(int8(w.q[(group*w.quant.Group+k)*lanes+lane]))
	}
	b := w.q[(group*w.quant.Group/2+k/2)*lanes+lane]
	return int32(b >> (k % 2 * 4) & 15)
}
