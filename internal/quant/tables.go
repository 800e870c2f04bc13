package quant

import (
	"encoding/binary"
	"math"
)

// The values of a nibble where it is an index into a table.
var (
	tableIQ4   = [16]int8{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}
	tableMXFP4 = [16]int8{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12} // twice the values of E2M1
)

// lookUp writes the table's integers for the nibbles of a block of 32: the low
// nibble of byte j is element j, the high one element j+16.
func lookUp(table *[16]int8, nibbles []byte, q []uint8) {
	for j, b := range nibbles[:16] {
		q[j], q[j+16] = uint8(table[b&15]), uint8(table[b>>4])
	}
}

// splitIQ4_NL: float16 d, then nibbles.
func splitIQ4_NL(src []byte, q []uint8, scale []float32) {
	for g := range scale {
		block := src[18*g : 18*g+18]
		scale[g] = f16(block)
		lookUp(&tableIQ4, block[2:], q[32*g:])
	}
}

// splitMXFP4: the exponent e of the scale 2^(e-128), which is half the scale of
// the values of E2M1, then nibbles.
func splitMXFP4(src []byte, q []uint8, scale []float32) {
	for g := range scale {
		block := src[17*g : 17*g+17]
		scale[g] = halfE8M0(block[0])
		lookUp(&tableMXFP4, block[1:], q[32*g:])
	}
}

// halfE8M0 returns 2^(e-128).
func halfE8M0(e uint8) float32 {
	if e < 2 { // below the normal numbers
		return math.Float32frombits(0x00200000 << e)
	}
	return math.Float32frombits(uint32(e-1) << 23)
}

// splitIQ4_XS: float16 d, 16 bits of high parts and 4 bytes of low parts of
// the 6-bit scales of 8 runs of 32, then nibbles; the scale is d*(sc-32),
// rounded to float32.
func splitIQ4_XS(src []byte, q []uint8, scale []float32) {
	for g := range scale {
		block, run := src[g/8*136:][:136], g%8
		high := binary.LittleEndian.Uint16(block[2:])
		sc := block[4+run/2]>>(run%2*4)&15 | uint8(high>>(2*run)&3)<<4
		scale[g] = f16(block) * float32(int(sc)-32)
		lookUp(&tableIQ4, block[8+16*run:], q[32*g:])
	}
}
