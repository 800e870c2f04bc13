package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// mulAdd keeps the accumulators of 64 or 16 columns in registers while it walks
// down the rows of w. It multiplies, rounds, adds and rounds.
func mulAdd() {
	function("mulAdd", "func(y, x, w *float32, rows, stride, blocks64, blocks16 int)",
		"is y[i] += sum over k < rows of x[k]*w[k*stride+i], k ascending, for 64*blocks64 + 16*blocks16 columns.")
	y, w, stride := pointer("y"), pointer("w"), pointer("stride")
	SHLQ(U8(2), stride)
	for _, n := range []int{registers, 1} {
		loop(fmt.Sprintf("columns%d", 16*n), fmt.Sprintf("blocks%d", 16*n), func() {
			acc, x, row := loaded(y, n), pointer("x"), GP64()
			MOVQ(w, row)
			loop(fmt.Sprintf("rows%d", 16*n), "rows", func() {
				v := ZMM()
				VBROADCASTSS(Mem{Base: x}, v)
				for i, a := range acc {
					p := ZMM()
					VMULPS(at(row, i), v, p)
					VADDPS(p, a, a)
				}
				ADDQ(U8(4), x)
				ADDQ(stride, row)
			})
			for i, a := range acc {
				VMOVUPS(a, at(y, i))
			}
			ADDQ(U32(uint32(64*n)), y)
			ADDQ(U32(uint32(64*n)), w)
		})
	}
	done()
}

// widen writes the conversion of 16-bit floats to float32.
func widen(name, doc string, convert func(src Mem, dst VecVirtual)) {
	function(name, "func(dst *float32, src *uint16, blocks int)", doc)
	dst, src := pointer("dst"), pointer("src")
	loop("blocks", "blocks", func() {
		z := ZMM()
		convert(Mem{Base: src}, z)
		VMOVUPS(z, Mem{Base: dst})
		ADDQ(U8(32), src)
		ADDQ(U8(64), dst)
	})
	done()
}

func widenF16() {
	widen("widenF16", "converts 16*blocks float16 numbers.", func(src Mem, dst VecVirtual) { VCVTPH2PS(src, dst) })
}

func widenBF16() {
	widen("widenBF16", "converts 16*blocks bfloat16 numbers.", func(src Mem, dst VecVirtual) {
		VPMOVZXWD(src, dst)
		VPSLLD(U8(16), dst, dst)
	})
}

func addMinimums() {
	function("addMinimums", "func(dst *float32, minimum *[64]float32, rows int)", "is dst = dst + minimum for rows of 64 numbers.")
	dst, minimum := pointer("dst"), loaded(pointer("minimum"), registers)
	loop("rows", "rows", func() {
		for i, m := range minimum {
			v := ZMM()
			VADDPS(at(dst, i), m, v)
			VMOVUPS(v, at(dst, i))
		}
		ADDQ(U32(256), dst)
	})
	done()
}

// dequantize writes rows of 64 bytes as float32: float32(q - zero) * scale,
// rounded once; packed bytes hold two inputs.
func dequantize(name string, packed bool) {
	function(name, "func(dst *float32, q *byte, scale *[64]float32, zero *[64]int32, rows int)",
		"decodes rows of 64 bytes: float32(q - zero) * scale for each lane, q read as unsigned.")
	dst, q := pointer("dst"), pointer("q")
	scale, zero := loaded(pointer("scale"), registers), loaded(pointer("zero"), registers)
	mask := broadcast(0x0F)
	if !packed {
		mask = broadcast(0x80)
	}
	store := func(v VecVirtual, lane, row int) {
		VPSUBD(zero[lane], v, v)
		VCVTDQ2PS(v, v)
		VMULPS(scale[lane], v, v)
		VMOVUPS(v, at(dst, registers*row+lane))
	}
	loop("rows", "rows", func() {
		for i := range registers {
			v := ZMM()
			VPMOVZXBD(Mem{Base: q, Disp: 16 * i}, v)
			if !packed {
				VPXORD(mask, v, v)
				store(v, i, 0)
				continue
			}
			high := ZMM()
			VPSRLD(U8(4), v, high)
			VPANDD(mask, v, v)
			store(v, i, 0)
			store(high, i, 1)
		}
		ADDQ(U8(64), q)
		if packed {
			ADDQ(U32(512), dst)
		} else {
			ADDQ(U32(256), dst)
		}
	})
	done()
}
