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

// integerRows writes the kernel that multiplies a block of 64 outputs with rows
// of activations, group after group. The sum of a group is exact: VPDPBUSD adds
// four products of an unsigned weight and a signed activation to 32 bits. With
// split, activations are 128*high + low.
func integerRows(name string, rows int, split bool, constant uint32, weights unpack) {
	kind, vectors := "A8", rows
	if split {
		kind, vectors = "A15", 2*rows
	}
	function(fmt.Sprintf("%s%sx%d", name, kind, rows),
		"func(acc *float32, q *byte, scale, minimum *float32, zero *int32, zeroStep int, high, low *int8, xsum *int32, d *float32, at *[4]int, groups, quads int)",
		fmt.Sprintf("adds the products of %d rows with a block to acc[row][64]. Scale, minimum, which may be nil, and zero hold 64 numbers a group, activations 4*quads integers, one sum and one scale; at[row] is the first group of a row.", rows))
	acc, q := pointer("acc"), pointer("q")
	x := make([]GPVirtual, vectors)
	for v := range x {
		x[v] = firstGroup(v % rows)
		IMULQ(pointer("quads"), x[v])
		SHLQ(U8(2), x[v])
		ADDQ(pointer([]string{"high", "low"}[v/rows]), x[v])
	}
	group, scales, zeros := zeroedGP(), zeroedGP(), zeroedGP() // 4 bytes, 256 and 0 or 256 a group
	mask := broadcast(constant)
	loop("groups", "groups", func() {
		sums := make([][]VecVirtual, vectors)
		for v := range sums {
			sums[v] = zeroed(registers)
		}
		loop("quads", "quads", func() {
			w := weights(q, mask)
			for v, p := range x {
				for m := range w {
					VPDPBUSD_BCST(Mem{Base: p}, w[m], sums[v][m])
				}
				ADDQ(U8(4), p)
			}
		})
		for row := range rows {
			sum := sums[row]
			if split {
				for m, high := range sum {
					VPSLLD(U8(7), high, high)
					VPADDD(sums[rows+row][m], high, high)
				}
			}
			p := groupRow{acc: acc, row: row, group: group, scales: scales, zeros: zeros}
			p.add(transposed(sum))
		}
		ADDQ(U8(4), group)
		ADDQ(U32(256), scales)
		step := pointer("zeroStep")
		ADDQ(step, zeros)
	})
	done()
}

// firstGroup is the number of the first group of a row.
func firstGroup(row int) GPVirtual {
	p := pointer("at")
	MOVQ(Mem{Base: p, Disp: 8 * row}, p)
	return p
}

func zeroedGP() GPVirtual {
	r := GP64()
	XORQ(r, r)
	return r
}

// groupRow adds the sum of a group to the accumulators of a row.
type groupRow struct {
	acc, group, scales, zeros GPVirtual
	row                       int
}

// add is acc += float32(sum - zero*xsum) * (scale*d), then, if there are
// minimums, acc += float32(xsum) * (minimum*d), rounding each.
func (g groupRow) add(sum []VecVirtual) {
	xsum, d := ZMM(), ZMM()
	VPBROADCASTD(g.field("xsum"), xsum)
	VBROADCASTSS(g.field("d"), d)
	zero, scale := pointer("zero"), pointer("scale")
	acc := make([]VecVirtual, registers)
	for i, v := range sum {
		z, s := ZMM(), ZMM()
		VPMULLD(Mem{Base: zero, Index: g.zeros, Scale: 1, Disp: 64 * i}, xsum, z)
		VPSUBD(z, v, v)
		VCVTDQ2PS(v, v)
		VMULPS(Mem{Base: scale, Index: g.scales, Scale: 1, Disp: 64 * i}, d, s)
		VMULPS(s, v, v)
		VADDPS(at(g.acc, registers*g.row+i), v, v)
		acc[i] = v
	}
	minimum, none := pointer("minimum"), fmt.Sprintf("no_minimum%d", g.row)
	TESTQ(minimum, minimum)
	JZ(LabelRef(none))
	VCVTDQ2PS(xsum, xsum)
	for i, a := range acc {
		m := ZMM()
		VMULPS(Mem{Base: minimum, Index: g.scales, Scale: 1, Disp: 64 * i}, d, m)
		VMULPS(m, xsum, m)
		VADDPS(m, a, a)
	}
	Label(none)
	for i, a := range acc {
		VMOVUPS(a, at(g.acc, registers*g.row+i))
	}
}

// field is the number of this group of the row in an argument.
func (g groupRow) field(name string) Mem {
	p := firstGroup(g.row)
	SHLQ(U8(2), p)
	ADDQ(pointer(name), p)
	return Mem{Base: p, Index: g.group, Scale: 1}
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

func widenZeros() {
	function("widenZeros", "func(dst *int32, zero *int8, blocks int, offset int32)", "is dst = zero + offset for 16*blocks zero points.")
	dst, zero, offset := pointer("dst"), pointer("zero"), integer("offset")
	loop("blocks", "blocks", func() {
		z := ZMM()
		VPMOVSXBD(Mem{Base: zero}, z)
		VPADDD(offset, z, z)
		VMOVDQU32(z, Mem{Base: dst})
		ADDQ(U8(16), zero)
		ADDQ(U8(64), dst)
	})
	done()
}
