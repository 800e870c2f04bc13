// Command asm writes the AVX-512 kernels of package reference: simd_amd64.s and
// their declarations. It is a module of its own, so that lpuctl does not depend
// on the generator.
//
//	cd reference/asm && go run . -out ../simd_amd64.s -stubs ../simd_stubs_amd64.go -pkg reference
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	mulAdd()
	for _, split := range []bool{false, true} {
		for _, rows := range []int{1, 4} {
			if split && rows > 2 {
				rows = 2
			}
			integerRows("nibbles", rows, split, 0x0F0F0F0F, nibbles)
			integerRows("bytes", rows, split, 0x80808080, bytes)
		}
	}
	widenF16()
	widenBF16()
	roundF16()
	addMinimums()
	widenZeros()
	dequantize("dequantizeNibbles", true)
	dequantize("dequantizeBytes", false)
	softmaxExp()
	silu()
	gelu()
	squares()
	normalize()
	Generate()
}

// lanes is the number of outputs of a block of weights: four registers.
const (
	lanes     = 64
	registers = 4
)

// function begins a kernel. Its doc comment begins with its name.
func function(name, signature, doc string) {
	TEXT(name+"AVX512", NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + "AVX512 " + doc)
}

// done ends a kernel: Go's own code uses SSE, which is slow while the upper
// halves of registers are in use.
func done() {
	VZEROUPPER()
	RET()
}

// at is lane block i of 16 of what a pointer is to.
func at(p GPVirtual, i int) Mem { return Mem{Base: p, Disp: 64 * i} }

func pointer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

// float and integer are zmm of a 32-bit argument.
func float(name string) VecVirtual {
	z := ZMM()
	VBROADCASTSS(Load(Param(name), XMM()), z)
	return z
}

func integer(name string) VecVirtual {
	z := ZMM()
	VPBROADCASTD(Load(Param(name), GP32()), z)
	return z
}

func zmms(n int) []VecVirtual {
	all := make([]VecVirtual, n)
	for i := range all {
		all[i] = ZMM()
	}
	return all
}

func zeroed(n int) []VecVirtual {
	all := zmms(n)
	for _, z := range all {
		VPXORD(z, z, z)
	}
	return all
}

func loaded(p GPVirtual, n int) []VecVirtual {
	all := zmms(n)
	for i, z := range all {
		VMOVUPS(at(p, i), z)
	}
	return all
}

// broadcast is a zmm of one 32-bit word.
func broadcast(bits uint32) VecVirtual {
	r, z := GP32(), ZMM()
	MOVL(U32(bits), r)
	VPBROADCASTD(r, z)
	return z
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
