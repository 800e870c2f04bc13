package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// exponential is exp of docs/numerics.md on a register.
type exponential struct {
	high, low, under, magic, log2e, ln2High, ln2Low VecVirtual
	c                                               []VecVirtual // from the sixth power down to the constant
	offset, bias                                    VecVirtual
}

func newExponential() exponential {
	f := func(v float32) VecVirtual { return broadcast(math.Float32bits(v)) }
	e := exponential{
		high: f(89), low: f(-0x1.5d589ep+6), under: f(-150), magic: f(0x1.8p23), log2e: f(0x1.715476p+0),
		ln2High: f(0x1.62e4p-1), ln2Low: f(0x1.7f7d1cp-20),
		offset: broadcast(0x4B400000), bias: broadcast(127),
	}
	for _, c := range []float32{0x1.6b6e44p-10, 0x1.122f84p-7, 0x1.555688p-5, 0x1.5554a4p-3, 0.5, 1} {
		e.c = append(e.c, f(c))
	}
	return e
}

// of replaces x by its exponential. Comparisons are false for NaN, which stays.
func (e exponential) of(x VecVirtual) {
	k := K()
	VCMPPS(U8(14), e.high, x, k) // x > high
	VMOVAPS(e.high, k, x)
	k = K()
	VCMPPS(U8(1), e.low, x, k) // x < low
	VMOVAPS(e.under, k, x)
	t, n, r, s := ZMM(), ZMM(), ZMM(), ZMM()
	VMULPS(e.log2e, x, t)
	VADDPS(e.magic, t, t)
	VSUBPS(e.magic, t, n)
	VMULPS(e.ln2High, n, s)
	VSUBPS(s, x, r)
	VMULPS(e.ln2Low, n, s)
	VSUBPS(s, r, r)
	p := x
	VMULPS(e.c[0], r, p)
	VADDPS(e.c[1], p, p)
	for _, c := range e.c[2:5] {
		VMULPS(r, p, p)
		VADDPS(c, p, p)
	}
	VMULPS(r, r, s)
	VMULPS(p, s, p)
	VADDPS(r, p, p)
	VADDPS(e.c[5], p, p)
	VPSUBD(e.offset, t, t)
	VPSRAD(U8(1), t, n)
	VPSUBD(n, t, t)
	for _, half := range []VecVirtual{n, t} {
		VPADDD(e.bias, half, half)
		VPSLLD(U8(23), half, half)
		VMULPS(half, p, p)
	}
}

func softmaxExp() {
	function("softmaxExp", "func(p *float32, blocks int, m float32, sums *[16]float32)",
		"replaces 16*blocks scores by exp(p-m) and adds them to the interleaved sums.")
	p, sums, m, total := pointer("p"), pointer("sums"), float("m"), ZMM()
	VMOVUPS(Mem{Base: sums}, total)
	e := newExponential()
	loop("blocks", "blocks", func() {
		x := ZMM()
		VMOVUPS(Mem{Base: p}, x)
		VSUBPS(m, x, x)
		e.of(x)
		VMOVUPS(x, Mem{Base: p})
		VADDPS(x, total, total)
		ADDQ(U8(64), p)
	})
	VMOVUPS(total, Mem{Base: sums})
	done()
}

// unary writes y = f(x) for blocks of 16; prepare loads the constants of f.
func unary(name, doc string, prepare func() (f func(x VecVirtual))) {
	function(name, "func(y, x *float32, blocks int)", doc)
	y, x, f := pointer("y"), pointer("x"), prepare()
	loop("blocks", "blocks", func() {
		v := ZMM()
		VMOVUPS(Mem{Base: x}, v)
		f(v)
		VMOVUPS(v, Mem{Base: y})
		ADDQ(U8(64), x)
		ADDQ(U8(64), y)
	})
	done()
}

func roundF16() {
	unary("roundF16", "rounds 16*blocks numbers to float16, to the nearest, ties to even.", func() func(VecVirtual) {
		return func(x VecVirtual) {
			h := YMM()
			VCVTPS2PH(U8(0), x, h)
			VCVTPH2PS(h, x)
		}
	})
}

func silu() {
	unary("silu", "is y = x / (1 + exp(-x)) for 16*blocks numbers.", func() func(VecVirtual) {
		e, sign := newExponential(), broadcast(1<<31)
		return func(x VecVirtual) {
			t := ZMM()
			VPXORD(sign, x, t)
			e.divided(x, t)
		}
	})
}

// divided is x = x / (1 + exp(t)).
func (e exponential) divided(x, t VecVirtual) {
	e.of(t)
	VADDPS(e.c[5], t, t)
	VDIVPS(t, x, x)
}

func gelu() {
	unary("gelu", "is y = x / (1 + exp(-2u)), u = sqrt(2/pi) * (x + 0.044715*x^3), for 16*blocks numbers.", func() func(VecVirtual) {
		e, sign := newExponential(), broadcast(1<<31)
		cubic, root := broadcast(math.Float32bits(0.044715)), broadcast(math.Float32bits(0.7978845608028654))
		return func(x VecVirtual) {
			u := ZMM()
			VMULPS(x, x, u)
			VMULPS(x, u, u)
			VMULPS(cubic, u, u)
			VADDPS(u, x, u)
			VMULPS(root, u, u)
			VADDPS(u, u, u)
			VPXORD(sign, u, u)
			e.divided(x, u)
		}
	})
}

func squares() {
	function("squareSums", "func(sums *[16]float32, x *float32, blocks int)", "sets sums to the interleaved sums of squares of 16*blocks numbers.")
	x, total := pointer("x"), ZMM()
	VPXORD(total, total, total)
	loop("blocks", "blocks", func() {
		v := ZMM()
		VMOVUPS(Mem{Base: x}, v)
		VMULPS(v, v, v)
		VADDPS(v, total, total)
		ADDQ(U8(64), x)
	})
	VMOVUPS(total, Mem{Base: pointer("sums")})
	done()
}

func normalize() {
	function("normalize", "func(y, x, w *float32, blocks int, r float32)", "is y = (x*r) * w for 16*blocks numbers.")
	y, x, w, r := pointer("y"), pointer("x"), pointer("w"), float("r")
	loop("blocks", "blocks", func() {
		v := ZMM()
		VMULPS(Mem{Base: x}, r, v)
		VMULPS(Mem{Base: w}, v, v)
		VMOVUPS(v, Mem{Base: y})
		for _, p := range []GPVirtual{y, x, w} {
			ADDQ(U8(64), p)
		}
	})
	done()
}
