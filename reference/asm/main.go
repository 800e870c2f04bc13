// Command asm writes the SIMD kernels of package reference: simd_amd64.s and
// their declarations. It is a module of its own, so that lpuctl does not depend
// on the generator.
//
//	go generate ./reference
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	c := newConstants()
	for _, v := range []isa{{"AVX512", 64}, {"AVX2", 32}} {
		v.mulAdd()
		v.widenF16()
		v.widenBF16()
		v.roundF16()
		v.addMinimums()
		v.dequantize("dequantizeNibbles", true, c)
		v.dequantize("dequantizeBytes", false, c)
		v.softmaxExp(c)
		v.silu(c)
		v.gelu(c)
		v.squares()
		v.normalize()
		v.widenZeros()
	}
	vnni(c)
	avx2(c)
	Generate()
}

// isa is a set of instructions by the bytes of its registers. AVX2 stands for
// AVX2 with F16C, AVX512 for F, BW, DQ, VL and VNNI.
type isa struct {
	name  string
	bytes int
}

// A row of weights has 64 lanes, and other loops work on blocks of 16 numbers.
const (
	rowBytes   = 256
	blockBytes = 64
)

// row and block are how many registers that takes.
func (v isa) row() int   { return rowBytes / v.bytes }
func (v isa) block() int { return blockBytes / v.bytes }

// function begins a kernel. Its doc comment begins with its name.
func (v isa) function(name, signature, doc string) {
	TEXT(name+v.name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + v.name + " " + doc)
}

// done ends a kernel: Go's own code uses SSE, which is slow while the upper
// halves of registers are in use.
func done() {
	VZEROUPPER()
	RET()
}

func (v isa) reg() VecVirtual {
	if v.bytes == 64 {
		return ZMM()
	}
	return YMM()
}

// half is a register of half the bytes.
func (v isa) half() VecVirtual {
	if v.bytes == 64 {
		return YMM()
	}
	return XMM()
}

func (v isa) regs(n int) []VecVirtual {
	all := make([]VecVirtual, n)
	for i := range all {
		all[i] = v.reg()
	}
	return all
}

func (v isa) zeroed(n int) []VecVirtual {
	all := v.regs(n)
	for _, r := range all {
		v.xor(r, r, r)
	}
	return all
}

func (v isa) loaded(p GPVirtual, n int) []VecVirtual {
	all := v.regs(n)
	for i, r := range all {
		VMOVUPS(v.at(p, i), r)
	}
	return all
}

// at is register i of what a pointer is to.
func (v isa) at(p GPVirtual, i int) Mem { return Mem{Base: p, Disp: v.bytes * i} }

func (v isa) xor(a Op, b, dst VecVirtual) {
	if v.bytes == 64 {
		VPXORD(a, b, dst)
	} else {
		VPXOR(a, b, dst)
	}
}

func (v isa) and(a Op, b, dst VecVirtual) {
	if v.bytes == 64 {
		VPANDD(a, b, dst)
	} else {
		VPAND(a, b, dst)
	}
}

// float and integer are registers of a 32-bit argument.
func (v isa) float(name string) VecVirtual {
	r := v.reg()
	VBROADCASTSS(Load(Param(name), XMM()), r)
	return r
}

func (v isa) integer(name string) VecVirtual {
	x, r := XMM(), v.reg()
	VMOVD(Load(Param(name), GP32()), x)
	VPBROADCASTD(x, r)
	return r
}

func pointer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

func advance(bytes int, pointers ...GPVirtual) {
	for _, p := range pointers {
		ADDQ(U32(uint32(bytes)), p)
	}
}

// loop runs body as often as an argument says.
func loop(label, argument string, body func()) {
	counter := pointer(argument)
	TESTQ(counter, counter)
	JLE(LabelRef(label + "_done"))
	Label(label)
	body()
	DECQ(counter)
	JNZ(LabelRef(label))
	Label(label + "_done")
}
