package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unpack leaves the stored weights of four inputs as four registers of quads:
// the dword of lane 16t+4m+i is dword 4t+i of register m. It moves q on.
type unpack func(q GPVirtual, mask VecVirtual) []VecVirtual

// dot writes the kernel that multiplies a group of a block of weights with some
// vectors of activations. Sums are exact: VPDPBUSD adds four products of an
// unsigned weight and a signed activation to 32 bits.
func dot(name string, vectors int, constant uint32, weights unpack) {
	args := ""
	for v := range vectors {
		args += fmt.Sprintf(", x%d", v)
	}
	name = fmt.Sprintf("%s%d", name, vectors)
	function(name, fmt.Sprintf("func(sums *[%d][64]int32, q *byte%s *int8, quads int)", vectors, args),
		"sets sums[v][l] to the sum over 4*quads inputs of the stored weight of lane l, read as unsigned, times xv.")
	q, mask := pointer("q"), broadcast(constant)
	var x []GPVirtual
	for v := range vectors {
		x = append(x, pointer(fmt.Sprintf("x%d", v)))
	}
	var acc [][]VecVirtual
	for range vectors {
		acc = append(acc, zeroed(registers))
	}
	loop("quads", pointer("quads"), func() {
		w := weights(q, mask)
		for v, p := range x {
			for m := range w {
				VPDPBUSD_BCST(Mem{Base: p}, w[m], acc[v][m])
			}
		}
		for _, p := range x {
			ADDQ(U8(4), p)
		}
	})
	sums := pointer("sums")
	for v := range acc {
		for t, z := range transposed(acc[v]) {
			VMOVDQU32(z, at(sums, registers*v+t))
		}
	}
	done()
}

// nibbles unpacks two rows of bytes, each the weights of two inputs.
func nibbles(q GPVirtual, mask VecVirtual) []VecVirtual {
	var pairs [2][2]VecVirtual
	for j := range pairs {
		low, high := ZMM(), ZMM()
		VMOVDQU32(at(q, j), low)
		VPSRLW(U8(4), low, high)
		VPANDD(mask, low, low)
		VPANDD(mask, high, high)
		pairs[j] = interleave(VPUNPCKLBW, VPUNPCKHBW, low, high)
	}
	ADDQ(U32(128), q)
	return quads(pairs)
}

// bytes unpacks four rows of signed bytes, made unsigned by flipping their signs.
func bytes(q GPVirtual, flip VecVirtual) []VecVirtual {
	rows := loaded(q, 4)
	for _, r := range rows {
		VPXORD(flip, r, r)
	}
	ADDQ(U32(256), q)
	return quads([2][2]VecVirtual{
		interleave(VPUNPCKLBW, VPUNPCKHBW, rows[0], rows[1]),
		interleave(VPUNPCKLBW, VPUNPCKHBW, rows[2], rows[3]),
	})
}

func quads(pairs [2][2]VecVirtual) []VecVirtual {
	var out []VecVirtual
	for half := range 2 {
		both := interleave(VPUNPCKLWD, VPUNPCKHWD, pairs[0][half], pairs[1][half])
		out = append(out, both[0], both[1])
	}
	return out
}

func interleave(low, high func(ops ...Op), a, b VecVirtual) [2]VecVirtual {
	l, h := ZMM(), ZMM()
	low(b, a, l)
	high(b, a, h)
	return [2]VecVirtual{l, h}
}

// transposed brings the 16-byte parts of quads to the order of lanes.
func transposed(a []VecVirtual) []VecVirtual {
	t, out := zmms(4), zmms(4)
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

// addGroup writes acc += float32(isum - zero*xsum) * (scale * d), rounding each;
// split takes isum as 128*high + low.
func addGroup(name string, split bool) {
	sums, text := "sums *[64]int32", "sums"
	if split {
		sums, text = "sums *[2][64]int32", "128*sums[0]+sums[1]"
	}
	function(name, fmt.Sprintf("func(acc *[64]float32, %s, zero *[64]int32, scale *[64]float32, xsum int32, d float32)", sums),
		fmt.Sprintf("is acc += float32(%s - zero*xsum) * (scale*d), rounding each.", text))
	acc, isum, zero, scale := pointer("acc"), pointer("sums"), pointer("zero"), pointer("scale")
	xsum, d := integer("xsum"), float("d")
	for i := range registers {
		v, z, s := ZMM(), ZMM(), ZMM()
		VMOVDQU32(at(isum, i), v)
		if split {
			VPSLLD(U8(7), v, v)
			VPADDD(at(isum, registers+i), v, v)
		}
		VPMULLD(at(zero, i), xsum, z)
		VPSUBD(z, v, v)
		VCVTDQ2PS(v, v)
		VMULPS(at(scale, i), d, s)
		VMULPS(s, v, v)
		VADDPS(at(acc, i), v, v)
		VMOVUPS(v, at(acc, i))
	}
	done()
}

func addMinimum() {
	function("addMinimum", "func(acc, minimum *[64]float32, xsum, d float32)",
		"is acc += xsum * (minimum*d), rounding each.")
	acc, minimum := pointer("acc"), pointer("minimum")
	xsum, d := float("xsum"), float("d")
	for i := range registers {
		m := ZMM()
		VMULPS(at(minimum, i), d, m)
		VMULPS(m, xsum, m)
		VADDPS(at(acc, i), m, m)
		VMOVUPS(m, at(acc, i))
	}
	done()
}

func widenZeros() {
	function("widenZeros", "func(dst *[64]int32, zero *int8, offset int32)", "is dst = zero + offset.")
	dst, zero, offset := pointer("dst"), pointer("zero"), integer("offset")
	for i := range registers {
		z := ZMM()
		VPMOVSXBD(Mem{Base: zero, Disp: 16 * i}, z)
		VPADDD(offset, z, z)
		VMOVDQU32(z, at(dst, i))
	}
	done()
}
