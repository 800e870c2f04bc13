package mlir

// The constants of tanh, as bits of float32; docs/numerics.md has its steps.
const (
	tanhNear = 0x3F200000 // 0.625: below it the polynomial
	tanhT5   = 0xBBBAF0E6
	tanhT4   = 0x3CA9134E
	tanhT3   = 0xBD5C1E2D
	tanhT2   = 0x3E088393
	tanhT1   = 0xBEAAAA99
	signBit  = -0x80000000
)

// tanh is the hyperbolic tangent of x. Both branches are computed, and one
// is chosen.
func (w *writer) tanh(x string) string {
	bits := w.cast("bitcast", x, "f32", "i32")
	a := w.cast("bitcast", w.arith("andi", "i32", bits, w.i32(magnitude)), "i32", "f32")
	z := w.mulf(a, a)
	p := w.bits(tanhT5)
	for _, c := range []uint32{tanhT4, tanhT3, tanhT2, tanhT1} {
		p = w.addf(w.mulf(p, z), w.bits(c))
	}
	small := w.addf(w.mulf(w.mulf(a, z), p), a)
	e := w.addf(w.exp(w.addf(a, a)), w.bits(one))
	large := w.subf(w.bits(one), w.divf(w.f32(2), e))
	y := w.choose("cmpf olt", "f32", a, w.bits(tanhNear), small, large)
	sign := w.arith("andi", "i32", bits, w.i32(signBit))
	return w.cast("bitcast", w.arith("ori", "i32", w.cast("bitcast", y, "f32", "i32"), sign), "i32", "f32")
}

// softcap is limit * tanh(x/limit).
func (w *writer) softcap(x string, limit float32) string {
	return w.mulf(w.tanh(w.divf(x, w.f32(limit))), w.f32(limit))
}
