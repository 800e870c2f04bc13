package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// mulAdd keeps the accumulators of 64 or 16 columns in registers while it walks
// down the rows of w. It multiplies, rounds, adds and rounds.
func (v isa) mulAdd() {
	v.function("mulAdd", "func(y, x, w *float32, rows, stride, blocks64, blocks16 int)",
		"is y[i] += sum over k < rows of x[k]*w[k*stride+i], k ascending, for 64*blocks64 + 16*blocks16 columns.")
	y, w, stride := pointer("y"), pointer("w"), pointer("stride")
	SHLQ(U8(2), stride)
	for _, columns := range []int{64, 16} {
		n := 4 * columns / v.bytes
		loop(fmt.Sprintf("columns%d", columns), fmt.Sprintf("blocks%d", columns), func() {
			acc, x, row := v.loaded(y, n), pointer("x"), GP64()
			MOVQ(w, row)
			loop(fmt.Sprintf("rows%d", columns), "rows", func() {
				k := v.reg()
				VBROADCASTSS(Mem{Base: x}, k)
				for i, a := range acc {
					p := v.reg()
					VMULPS(v.at(row, i), k, p)
					VADDPS(p, a, a)
				}
				advance(4, x)
				ADDQ(stride, row)
			})
			for i, a := range acc {
				VMOVUPS(a, v.at(y, i))
			}
			advance(4*columns, y, w)
		})
	}
	done()
}

// widen writes the conversion of 16-bit floats to float32.
func (v isa) widen(name, doc string, convert func(src Mem, dst VecVirtual)) {
	v.function(name, "func(dst *float32, src *uint16, blocks int)", doc)
	dst, src := pointer("dst"), pointer("src")
	loop("blocks", "blocks", func() {
		for i := range v.block() {
			r := v.reg()
			convert(Mem{Base: src, Disp: v.bytes / 2 * i}, r)
			VMOVUPS(r, v.at(dst, i))
		}
		advance(blockBytes/2, src)
		advance(blockBytes, dst)
	})
	done()
}

func (v isa) widenF16() {
	v.widen("widenF16", "converts 16*blocks float16 numbers.", func(src Mem, dst VecVirtual) { VCVTPH2PS(src, dst) })
}

func (v isa) widenBF16() {
	v.widen("widenBF16", "converts 16*blocks bfloat16 numbers.", func(src Mem, dst VecVirtual) {
		VPMOVZXWD(src, dst)
		VPSLLD(U8(16), dst, dst)
	})
}

func (v isa) addMinimums() {
	v.function("addMinimums", "func(dst *float32, minimum *[64]float32, rows int)", "is dst = dst + minimum for rows of 64 numbers.")
	dst, minimum := pointer("dst"), pointer("minimum")
	loop("rows", "rows", func() {
		for i, r := range v.loaded(dst, v.row()) {
			VADDPS(v.at(minimum, i), r, r)
			VMOVUPS(r, v.at(dst, i))
		}
		advance(rowBytes, dst)
	})
	done()
}

// dequantize writes rows of 64 bytes as float32: float32(q - zero) * scale,
// rounded once; packed bytes hold two inputs.
func (v isa) dequantize(name string, packed bool, c *constants) {
	v.function(name, "func(dst *float32, q *byte, scale *[64]float32, zero *[64]int32, rows int)",
		"decodes rows of 64 bytes: float32(q - zero) * scale for each lane, q read as unsigned.")
	dst, q, scale, zero := pointer("dst"), pointer("q"), pointer("scale"), pointer("zero")
	store := func(r VecVirtual, lane, row int) {
		VPSUBD(v.at(zero, lane), r, r)
		VCVTDQ2PS(r, r)
		VMULPS(v.at(scale, lane), r, r)
		VMOVUPS(r, v.at(dst, v.row()*row+lane))
	}
	loop("rows", "rows", func() {
		for i := range v.row() {
			r, high := v.reg(), v.reg()
			VPMOVZXBD(Mem{Base: q, Disp: v.bytes / 4 * i}, r)
			if !packed {
				v.xor(c.signByte, r, r)
				store(r, i, 0)
				continue
			}
			VPSRLD(U8(4), r, high)
			v.and(c.lowNibble, r, r)
			store(r, i, 0)
			store(high, i, 1)
		}
		advance(64, q)
		if packed {
			advance(2*rowBytes, dst)
		} else {
			advance(rowBytes, dst)
		}
	})
	done()
}

func (v isa) widenZeros() {
	v.function("widenZeros", "func(dst *int32, zero *int8, blocks int, offset int32)", "is dst = zero + offset for 16*blocks zero points.")
	dst, zero, offset := pointer("dst"), pointer("zero"), v.integer("offset")
	loop("blocks", "blocks", func() {
		for i := range v.block() {
			r := v.reg()
			VPMOVSXBD(Mem{Base: zero, Disp: v.bytes / 4 * i}, r)
			VPADDD(offset, r, r)
			VMOVUPS(r, v.at(dst, i))
		}
		advance(16, zero)
		advance(blockBytes, dst)
	})
	done()
}
