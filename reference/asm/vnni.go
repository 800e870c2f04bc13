package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vnni writes the kernels of integer weights for AVX-512. VPDPBUSD adds four
// products of an unsigned weight and a signed activation to 32 bits.
func vnni(c *constants) {
	for _, rows := range []int{1, 4} {
		vnniRows("nibbles", rows, false, c.nibbles, vnniNibbles)
		vnniRows("bytes", rows, false, c.signBytes, vnniBytes)
	}
	for _, rows := range []int{1, 2} {
		vnniRows("nibbles", rows, true, c.nibbles, vnniNibbles)
		vnniRows("bytes", rows, true, c.signBytes, vnniBytes)
	}
}

// unpack leaves the stored weights of four inputs, read as unsigned, as four
// registers of quads: the dword of lane 16t+4m+i is dword 4t+i of register m. It
// moves q on.
type unpack func(v isa, q GPVirtual, constant VecVirtual) []VecVirtual

func vnniRows(name string, rows int, split bool, constant Mem, weights unpack) {
	v := isa{"AVX512", 64}
	k := v.beginRows(name, rows, split)
	q, mask := pointer("q"), v.reg()
	VMOVUPS(constant, mask)
	loop("groups", "groups", func() {
		sums := make([][]VecVirtual, len(k.x))
		for i := range sums {
			sums[i] = v.zeroed(v.row())
		}
		loop("steps", "steps", func() {
			w := weights(v, q, mask)
			for i, x := range k.x {
				for m := range w {
					VPDPBUSD_BCST(Mem{Base: x}, w[m], sums[i][m])
				}
			}
			advance(4, k.x...)
		})
		for row := range rows {
			k.add(row, v.transposed(k.combined(sums, row)), 0)
		}
		k.next()
	})
	done()
}

// vnniNibbles unpacks two rows of bytes, each the weights of two inputs.
func vnniNibbles(v isa, q GPVirtual, mask VecVirtual) []VecVirtual {
	var pairs [2][2]VecVirtual
	for j, low := range v.loaded(q, 2) {
		high := v.reg()
		VPSRLW(U8(4), low, high)
		v.and(mask, low, low)
		v.and(mask, high, high)
		pairs[j] = v.interleave(VPUNPCKLBW, VPUNPCKHBW, low, high)
	}
	advance(2*64, q)
	return v.quads(pairs)
}

// vnniBytes unpacks four rows of signed bytes, made unsigned by flipping their
// signs.
func vnniBytes(v isa, q GPVirtual, flip VecVirtual) []VecVirtual {
	rows := v.loaded(q, 4)
	for _, r := range rows {
		v.xor(flip, r, r)
	}
	advance(4*64, q)
	return v.quads([2][2]VecVirtual{
		v.interleave(VPUNPCKLBW, VPUNPCKHBW, rows[0], rows[1]),
		v.interleave(VPUNPCKLBW, VPUNPCKHBW, rows[2], rows[3]),
	})
}

func (v isa) quads(pairs [2][2]VecVirtual) []VecVirtual {
	var out []VecVirtual
	for half := range 2 {
		both := v.interleave(VPUNPCKLWD, VPUNPCKHWD, pairs[0][half], pairs[1][half])
		out = append(out, both[0], both[1])
	}
	return out
}

func (v isa) interleave(low, high func(ops ...Op), a, b VecVirtual) [2]VecVirtual {
	l, h := v.reg(), v.reg()
	low(b, a, l)
	high(b, a, h)
	return [2]VecVirtual{l, h}
}

// transposed brings the 16-byte parts of quads to the order of lanes.
func (v isa) transposed(a []VecVirtual) []VecVirtual {
	t, out := v.regs(4), v.regs(4)
	for i, order := range []uint8{0x44, 0xEE} {
		VSHUFI32X4(U8(order), a[1], a[0], t[2*i])
		VSHUFI32X4(U8(order), a[3], a[2], t[2*i+1])
	}
	for i := range out {
		order := []uint8{0x88, 0xDD}[i%2]
		VSHUFI32X4(U8(order), t[i/2*2+1], t[i/2*2], out[i])
	}
	return out
}
