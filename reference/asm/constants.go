package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// constants are words in memory, each 16 times, so that instructions of any
// width can take them as an operand.
type constants struct {
	nibbles, lowNibble, signBytes, signByte, sign Mem

	// of exp: docs/numerics.md
	high, low, under, magic, log2e, ln2High, ln2Low Mem
	c6, c5, c4, c3, half, one                       Mem
	offset, bias                                    Mem

	cubic, root Mem // of gelu
}

func newConstants() *constants {
	table, at := GLOBL("constants", RODATA|NOPTR), 0
	word := func(bits uint32) Mem {
		first := table.Offset(at)
		for range 16 {
			DATA(at, U32(bits))
			at += 4
		}
		return first
	}
	f := func(v float32) Mem { return word(math.Float32bits(v)) }
	return &constants{
		nibbles: word(0x0F0F0F0F), lowNibble: word(0x0F), signBytes: word(0x80808080), signByte: word(0x80), sign: word(1 << 31),
		high: f(89), low: f(-0x1.5d589ep+6), under: f(-150), magic: f(0x1.8p23), log2e: f(0x1.715476p+0),
		ln2High: f(0x1.62e4p-1), ln2Low: f(0x1.7f7d1cp-20),
		c6: f(0x1.6b6e44p-10), c5: f(0x1.122f84p-7), c4: f(0x1.555688p-5), c3: f(0x1.5554a4p-3), half: f(0.5), one: f(1),
		offset: word(0x4B400000), bias: word(127),
		cubic: f(0.044715), root: f(0.7978845608028654),
	}
}
