package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// avx2 writes the kernels of integer weights for AVX2. They take half of the
// lanes of a group at a time: its sums fill registers.
func avx2(c *constants) {
	for _, rows := range []int{1, 2} {
		avx2Rows("nibbles", rows, false, 8, c.avx2Nibbles)
		avx2Rows("bytes", rows, false, 16, c.avx2Bytes)
	}
	avx2Rows("nibbles", 1, true, 8, c.avx2Nibbles)
	avx2Rows("bytes", 1, true, 16, c.avx2Bytes)
}

// step16 adds the products of 16 inputs to the sums of 32 lanes. q is the first
// row of 64 bytes, and x gives the activations of a vector from some input on.
type step16 func(v isa, q GPVirtual, x func(vector, input int) Mem, sums [][]VecVirtual)

// avx2Rows writes a kernel; bytes is how many rows of 64 bytes 16 inputs have.
func avx2Rows(name string, rows int, split bool, bytes int, step step16) {
	v := isa{"AVX2", 32}
	k := v.beginRows(name, rows, split)
	first, input := pointer("q"), zeroedGP() // of the group
	loop("groups", "groups", func() {
		q, at := GP64(), GP64()
		for half := range 2 {
			MOVQ(first, q)
			advance(32*half, q)
			MOVQ(input, at)
			sums := make([][]VecVirtual, len(k.x))
			for i := range sums {
				sums[i] = v.zeroed(v.row() / 2)
			}
			loop(fmt.Sprintf("steps%d", half), "steps", func() {
				step(v, q, func(vector, input int) Mem {
					return Mem{Base: k.x[vector], Index: at, Scale: 1, Disp: input}
				}, sums)
				advance(64*bytes, q)
				advance(16, at)
			})
			for row := range rows {
				k.add(row, k.combined(sums, row), 32*half)
			}
		}
		LEAQ(Mem{Base: q, Disp: -32}, first)
		MOVQ(at, input)
		k.next()
	})
	done()
}

// avx2Nibbles adds pairs of products in 16 bits: eight rows of at most
// 2*15*128 fit, and are widened then.
func (c *constants) avx2Nibbles(v isa, q GPVirtual, x func(vector, input int) Mem, sums [][]VecVirtual) {
	words := make([][]VecVirtual, len(sums))
	for i := range words {
		words[i] = v.regs(2)
	}
	for row := range 8 {
		low, high := v.reg(), v.reg()
		VMOVDQU(Mem{Base: q, Disp: 64 * row}, low)
		VPSRLW(U8(4), low, high)
		v.and(c.nibbles, low, low)
		v.and(c.nibbles, high, high)
		pairs := []VecVirtual{v.reg(), low}
		VPUNPCKLBW(high, low, pairs[0])
		VPUNPCKHBW(high, low, low)
		for i, w := range words {
			in := v.reg()
			VPBROADCASTW(x(i, 2*row), in)
			for j, p := range pairs {
				if row == 0 {
					VPMADDUBSW(in, p, w[j])
					continue
				}
				t := v.reg()
				VPMADDUBSW(in, p, t)
				VPADDW(t, w[j], w[j])
			}
		}
	}
	for i, w := range words {
		for j, r := range w {
			v.eachHalf(r, func(half int, x VecVirtual) {
				t := v.reg()
				VPMOVSXWD(x, t)
				VPADDD(t, sums[i][2*half+j], sums[i][2*half+j])
			})
		}
	}
}

// eachHalf calls f with the low and the high half of a register.
func (v isa) eachHalf(r VecVirtual, f func(half int, x VecVirtual)) {
	f(0, r.AsX().(VecVirtual))
	high := v.half()
	VEXTRACTI128(U8(1), r, high)
	f(1, high)
}

// avx2Bytes multiplies pairs of signed words.
func (c *constants) avx2Bytes(v isa, q GPVirtual, x func(vector, input int) Mem, sums [][]VecVirtual) {
	for row := 0; row < 16; row += 2 {
		ins := v.regs(len(sums))
		for i, in := range ins {
			b := v.half()
			VPBROADCASTW(x(i, row), b)
			VPMOVSXBW(b, in)
		}
		a, b, low := v.reg(), v.reg(), v.reg()
		VMOVDQU(Mem{Base: q, Disp: 64 * row}, a)
		VMOVDQU(Mem{Base: q, Disp: 64 * (row + 1)}, b)
		VPUNPCKLBW(b, a, low)
		VPUNPCKHBW(b, a, a)
		for j, pairs := range []VecVirtual{low, a} {
			v.eachHalf(pairs, func(half int, bytes VecVirtual) {
				w := v.reg()
				VPMOVSXBW(bytes, w)
				for i, in := range ins {
					t := v.reg()
					VPMADDWD(in, w, t)
					VPADDD(t, sums[i][2*half+j], sums[i][2*half+j])
				}
			})
		}
	}
}
