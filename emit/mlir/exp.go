package mlir

import "math"

// The constants of exp, as bits of float32 or as integers; docs/numerics.md
// derives them.
const (
	expHigh    = 0x42B20000 // 89: above it the result is +Inf
	expLow     = 0xC2AEAC4F // below it the result would be subnormal, and is +0
	expOut     = 0xC3160000 // -150: the argument that gives +0
	expLog2E   = 0x3FB8AA3B // log2(e)
	expLn2High = 0x3F317200 // ln(2) to 15 bits
	expLn2Low  = 0x35BFBE8E // ln(2) - expLn2High
	expC6      = 0x3AB5B722
	expC5      = 0x3C0917C2
	expC4      = 0x3D2AAB44
	expC3      = 0x3E2AAA52
	expC2      = 0x3F000000 // 1/2
	one        = 0x3F800000
	magic      = 0x4B400000 // 1.5 * 2^23: added to a small float it leaves its integer in the low bits
)

// bits is a float32 constant given by its bits.
func (w *writer) bits(b uint32) string { return w.f32(math.Float32frombits(b)) }

// exp is e to the power x, in the steps of docs/numerics.md.
func (w *writer) exp(x string) string {
	high, low := w.bits(expHigh), w.bits(expLow)
	x = w.choose("cmpf ogt", "f32", x, high, high, x)
	x = w.choose("cmpf olt", "f32", x, low, w.bits(expOut), x)
	shift := w.bits(magic)
	t := w.addf(w.mulf(x, w.bits(expLog2E)), shift)
	n := w.subf(t, shift)
	r := w.subf(x, w.mulf(n, w.bits(expLn2High)))
	r = w.subf(r, w.mulf(n, w.bits(expLn2Low)))
	p := w.bits(expC6)
	for _, c := range []uint32{expC5, expC4, expC3, expC2} {
		p = w.addf(w.mulf(p, r), w.bits(c))
	}
	p = w.addf(w.mulf(w.mulf(r, r), p), r)
	p = w.addf(p, w.bits(one))
	k := w.roundedInt(t)
	k1 := w.arith("shrsi", "i32", k, w.i32(1))
	k2 := w.arith("subi", "i32", k, k1)
	return w.mulf(w.mulf(p, w.powerOf2(k1)), w.powerOf2(k2))
}

// roundedInt is the integer that adding magic left in the low bits of t.
func (w *writer) roundedInt(t string) string {
	return w.arith("subi", "i32", w.cast("bitcast", t, "f32", "i32"), w.i32(magic))
}

// powerOf2 is 2^k as float32, for -127 < k < 128.
func (w *writer) powerOf2(k string) string {
	exponent := w.arith("addi", "i32", k, w.i32(127))
	return w.cast("bitcast", w.arith("shli", "i32", exponent, w.i32(23)), "i32", "f32")
}
