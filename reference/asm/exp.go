package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// exp replaces x by its exponential, as docs/numerics.md defines it.
// Comparisons are false for NaN, which stays.
func (v isa) exp(c *constants, x VecVirtual) {
	high := v.reg()
	VMOVUPS(c.high, high)
	VMINPS(x, high, x) // x, not the limit, if x is NaN
	v.replaceBelow(x, c.low, c.under)
	t, n, r, s := v.reg(), v.reg(), v.reg(), v.reg()
	VMULPS(c.log2e, x, t)
	VADDPS(c.magic, t, t)
	VSUBPS(c.magic, t, n)
	VMULPS(c.ln2High, n, s)
	VSUBPS(s, x, r)
	VMULPS(c.ln2Low, n, s)
	VSUBPS(s, r, r)
	VMULPS(c.c6, r, x)
	VADDPS(c.c5, x, x)
	for _, k := range []Mem{c.c4, c.c3, c.half} {
		VMULPS(r, x, x)
		VADDPS(k, x, x)
	}
	VMULPS(r, r, s)
	VMULPS(x, s, x)
	VADDPS(r, x, x)
	VADDPS(c.one, x, x)
	VPSUBD(c.offset, t, t)
	VPSRAD(U8(1), t, n)
	VPSUBD(n, t, t)
	for _, half := range []VecVirtual{n, t} {
		VPADDD(c.bias, half, half)
		VPSLLD(U8(23), half, half)
		VMULPS(half, x, x)
	}
}

// replaceBelow puts a constant where x is below a limit.
func (v isa) replaceBelow(x VecVirtual, limit, constant Mem) {
	if v.bytes == 64 {
		k := K()
		VCMPPS(U8(1), limit, x, k)
		VMOVUPS(constant, k, x)
		return
	}
	below, value := v.reg(), v.reg()
	VCMPPS(U8(1), limit, x, below)
	VMOVUPS(constant, value)
	VBLENDVPS(below, value, x, x)
}

func (v isa) softmaxExp(c *constants) {
	v.function("softmaxExp", "func(p *float32, blocks int, m float32, sums *[16]float32)",
		"replaces 16*blocks scores by exp(p-m) and adds them to the interleaved sums.")
	p, sums, m := pointer("p"), pointer("sums"), v.float("m")
	total := v.loaded(sums, v.block())
	loop("blocks", "blocks", func() {
		for i, t := range total {
			x := v.reg()
			VMOVUPS(v.at(p, i), x)
			VSUBPS(m, x, x)
			v.exp(c, x)
			VMOVUPS(x, v.at(p, i))
			VADDPS(x, t, t)
		}
		advance(blockBytes, p)
	})
	for i, t := range total {
		VMOVUPS(t, v.at(sums, i))
	}
	done()
}

// unary writes y = f(x) for blocks of 16.
func (v isa) unary(name, doc string, f func(x VecVirtual)) {
	v.function(name, "func(y, x *float32, blocks int)", doc)
	y, x := pointer("y"), pointer("x")
	loop("blocks", "blocks", func() {
		for i := range v.block() {
			r := v.reg()
			VMOVUPS(v.at(x, i), r)
			f(r)
			VMOVUPS(r, v.at(y, i))
		}
		advance(blockBytes, x, y)
	})
	done()
}

func (v isa) roundF16() {
	v.unary("roundF16", "rounds 16*blocks numbers to float16, to the nearest, ties to even.", func(x VecVirtual) {
		h := v.half()
		VCVTPS2PH(U8(0), x, h)
		VCVTPH2PS(h, x)
	})
}

func (v isa) silu(c *constants) {
	v.unary("silu", "is y = x / (1 + exp(-x)) for 16*blocks numbers.", func(x VecVirtual) {
		t := v.reg()
		v.xor(c.sign, x, t)
		v.divided(c, x, t)
	})
}

// divided is x = x / (1 + exp(t)).
func (v isa) divided(c *constants, x, t VecVirtual) {
	v.exp(c, t)
	VADDPS(c.one, t, t)
	VDIVPS(t, x, x)
}

func (v isa) gelu(c *constants) {
	v.unary("gelu", "is y = x / (1 + exp(-2u)), u = sqrt(2/pi) * (x + 0.044715*x^3), for 16*blocks numbers.", func(x VecVirtual) {
		u := v.reg()
		VMULPS(x, x, u)
		VMULPS(x, u, u)
		VMULPS(c.cubic, u, u)
		VADDPS(u, x, u)
		VMULPS(c.root, u, u)
		VADDPS(u, u, u)
		v.xor(c.sign, u, u)
		v.divided(c, x, u)
	})
}

func (v isa) squares() {
	v.function("squareSums", "func(sums *[16]float32, x *float32, blocks int)", "sets sums to the interleaved sums of squares of 16*blocks numbers.")
	x, total := pointer("x"), v.zeroed(v.block())
	loop("blocks", "blocks", func() {
		for i, t := range total {
			r := v.reg()
			VMOVUPS(v.at(x, i), r)
			VMULPS(r, r, r)
			VADDPS(r, t, t)
		}
		advance(blockBytes, x)
	})
	sums := pointer("sums")
	for i, t := range total {
		VMOVUPS(t, v.at(sums, i))
	}
	done()
}

func (v isa) normalize() {
	v.function("normalize", "func(y, x, w *float32, blocks int, r float32)", "is y = (x*r) * w for 16*blocks numbers.")
	y, x, w, r := pointer("y"), pointer("x"), pointer("w"), v.float("r")
	loop("blocks", "blocks", func() {
		for i := range v.block() {
			p := v.reg()
			VMULPS(v.at(x, i), r, p)
			VMULPS(v.at(w, i), p, p)
			VMOVUPS(p, v.at(y, i))
		}
		advance(blockBytes, y, x, w)
	})
	done()
}
