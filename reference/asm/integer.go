package main

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowsKernel is a kernel that multiplies a block of 64 outputs with rows of
// activations, group after group. Sums of a group are exact. With split,
// activations are 128*high + low.
type rowsKernel struct {
	isa
	rows  int
	split bool
	acc   GPVirtual
	x     []GPVirtual // high of the rows, then low
	group GPVirtual   // 4 bytes a group
	scale GPVirtual   // 256 bytes a group
	zero  GPVirtual   // zeroStep bytes a group
}

// beginRows writes what precedes the loop over groups.
func (v isa) beginRows(name string, rows int, split bool) *rowsKernel {
	kind, vectors := "A8", rows
	if split {
		kind, vectors = "A15", 2*rows
	}
	v.function(fmt.Sprintf("%s%sx%d", name, kind, rows),
		"func(acc *float32, q *byte, scale, minimum *float32, zero *int32, zeroStep int, high, low *int8, xsum *int32, d *float32, at *[4]int, groups, steps int)",
		fmt.Sprintf("adds the products of %d rows with a block to acc[row][64]. Scale, minimum, which may be nil, and zero hold 64 numbers a group; at[row] is the first group of a row; a group has %d*steps inputs.", rows, v.inputs()))
	k := &rowsKernel{isa: v, rows: rows, split: split, acc: pointer("acc")}
	for i := range vectors {
		x := k.firstGroup(i % rows)
		IMULQ(pointer("steps"), x)
		SHLQ(U8(bits.TrailingZeros(v.inputs())), x)
		ADDQ(pointer([]string{"high", "low"}[i/rows]), x)
		k.x = append(k.x, x)
	}
	k.group, k.scale, k.zero = zeroedGP(), zeroedGP(), zeroedGP()
	return k
}

// inputs is how many of a group a step takes.
func (v isa) inputs() uint {
	if v.bytes == 64 {
		return 4
	}
	return 16
}

func zeroedGP() GPVirtual {
	r := GP64()
	XORQ(r, r)
	return r
}

// next moves on to the next group.
func (k *rowsKernel) next() {
	advance(4, k.group)
	advance(rowBytes, k.scale)
	ADDQ(pointer("zeroStep"), k.zero)
}

// firstGroup is the number of the first group of a row.
func (k *rowsKernel) firstGroup(row int) GPVirtual {
	p := pointer("at")
	MOVQ(Mem{Base: p, Disp: 8 * row}, p)
	return p
}

// field is the number of this group of a row in an argument.
func (k *rowsKernel) field(row int, name string) Mem {
	p := k.firstGroup(row)
	SHLQ(U8(2), p)
	ADDQ(pointer(name), p)
	return Mem{Base: p, Index: k.group, Scale: 1}
}

// combined is the sum of a row: that of its vector, or 128*high + low.
func (k *rowsKernel) combined(sums [][]VecVirtual, row int) []VecVirtual {
	sum := sums[row]
	if k.split {
		for i, high := range sum {
			VPSLLD(U8(7), high, high)
			VPADDD(sums[k.rows+row][i], high, high)
		}
	}
	return sum
}

// add adds the sum of a group, whose registers begin with lane first, to the
// accumulators: acc += float32(sum - zero*xsum) * (scale*d), then, if there are
// minimums, acc += float32(xsum) * (minimum*d), rounding each.
func (k *rowsKernel) add(row int, sum []VecVirtual, first int) {
	place := func(base, index GPVirtual, i int) Mem {
		return Mem{Base: base, Index: index, Scale: 1, Disp: 4*first + k.bytes*i}
	}
	accumulator := func(i int) Mem { return Mem{Base: k.acc, Disp: rowBytes*row + 4*first + k.bytes*i} }
	xsum, d := k.reg(), k.reg()
	VPBROADCASTD(k.field(row, "xsum"), xsum)
	VBROADCASTSS(k.field(row, "d"), d)
	zero, scale := pointer("zero"), pointer("scale")
	for i, r := range sum {
		t := k.reg()
		VPMULLD(place(zero, k.zero, i), xsum, t)
		VPSUBD(t, r, r)
		VCVTDQ2PS(r, r)
		VMULPS(place(scale, k.scale, i), d, t)
		VMULPS(t, r, r)
		VADDPS(accumulator(i), r, r)
	}
	minimum, none := pointer("minimum"), fmt.Sprintf("no_minimum%d_%d", row, first)
	TESTQ(minimum, minimum)
	JZ(LabelRef(none))
	VCVTDQ2PS(xsum, xsum)
	for i, r := range sum {
		t := k.reg()
		VMULPS(place(minimum, k.scale, i), d, t)
		VMULPS(t, xsum, t)
		VADDPS(t, r, r)
	}
	Label(none)
	for i, r := range sum {
		VMOVUPS(r, accumulator(i))
	}
}
