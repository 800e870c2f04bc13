package mlir

import (
	"github.com/lpuctl/lpuctl/ir"
)

// activationKey names a converted activation, which linears of one function
// share.
type activationKey struct {
	value *ir.Value
	width int // of a vector; a row of the value holds one or several
	kind  string
	group int
}

// quantized is an activation of kind a8 or a15 in groups.
type quantized struct {
	q     tensor // i16 [groups,T,G]; padded with zeros
	scale tensor // f32 [groups,T]
	sum   tensor // i32 [groups,T]: of q, for the zero points
}

const (
	magnitude   = 0x7FFFFFFF // the bits of a float32 without its sign
	tiny        = 0x0D800000 // 2^-100: groups below it are zero
	infinite    = 0x7F800000
	integersA8  = 127
	integersA15 = 127*128 + 63
)

// quantize is the activation x in integers, per group: d = amax/qmax,
// q = round_half_even(x * (1/d)). The 15 bits of a15 stay in one integer:
// 128*hi + lo of docs/numerics.md is q itself.
func (f *function) quantize(key activationKey, x tensor) quantized {
	if q, ok := f.quantized[key]; ok {
		return q
	}
	qmax := float32(integersA8)
	if key.kind == ir.KindA15 {
		qmax = integersA15
	}
	x = f.grouped(x, key.group)
	rows, groups := x.shape[0], x.shape[1]
	d := f.groupScale(x, qmax)
	q := f.generic("g, t, i", []operand{{x, "t, g, i"}, {d, "g, t"}}, operand{f.empty("i16", groups, rows, key.group), "g, t, i"},
		func(x []string) string { return f.cast("trunci", f.quantizeElement(x[0], x[1]), "i32", "i16") })
	sum := f.fill(f.empty("i32", groups, rows), f.i32(0))
	sum = f.generic("g, t, +i", []operand{{q, "g, t, i"}}, operand{sum, "g, t"}, func(x []string) string {
		return f.arith("addi", "i32", x[1], f.cast("extsi", x[0], "i16", "i32"))
	})
	f.quantized[key] = quantized{q, d, sum}
	return f.quantized[key]
}

// grouped is x [T,K] as [T,groups,G], the last group padded with zeros.
func (f *function) grouped(x tensor, group int) tensor {
	rows, width := x.shape[0], x.shape[1]
	groups := (width + group - 1) / group
	if width%group != 0 {
		padded := f.fill(f.empty("f32", rows, groups*group), f.f32(0))
		at := window{sizes{0, 0}, sizes{rows, width}, 0}
		x = f.insert(f.copyTo(x, f.slice(padded, at)), padded, at)
	}
	return f.expand(x, "[[0], [1, 2]]", rows, groups, group)
}

// groupScale is amax/qmax of each group, [groups,T]: +0 for tiny groups, NaN
// for those with an infinity or a NaN. The maximum is one of integers.
func (f *function) groupScale(x tensor, qmax float32) tensor {
	rows, groups := x.shape[0], x.shape[1]
	amax := f.fill(f.empty("i32", groups, rows), f.i32(0))
	amax = f.generic("g, t, +i", []operand{{x, "t, g, i"}}, operand{amax, "g, t"}, func(x []string) string {
		abs := f.arith("andi", "i32", f.cast("bitcast", x[0], "f32", "i32"), f.i32(magnitude))
		return f.arith("maxsi", "i32", x[1], abs)
	})
	return f.generic("g, t", []operand{{amax, "g, t"}}, operand{f.empty("f32", groups, rows), "g, t"}, func(x []string) string {
		a := f.cast("bitcast", x[0], "i32", "f32")
		invalid := f.mulf(a, f.f32(0))
		d := f.choose("cmpi sge", "i32", x[0], f.i32(tiny), f.divf(a, f.f32(qmax)), invalid)
		return f.choose("cmpi slt", "i32", x[0], f.i32(infinite), d, invalid)
	})
}

// quantizeElement is x/d rounded half to even, or 0 unless d > 0, as i32.
func (f *function) quantizeElement(x, d string) string {
	zero := f.f32(0)
	scaled := f.mulf(x, f.divf(f.bits(one), d))
	scaled = f.choose("cmpf ogt", "f32", d, zero, scaled, zero)
	return f.roundedInt(f.addf(scaled, f.bits(magic)))
}

// round is the activation x rounded to float16, in float32.
func (f *function) round(key activationKey, x tensor) tensor {
	if t, ok := f.rounded[key]; ok {
		return t
	}
	f.rounded[key] = f.generic("t, k", []operand{{x, "t, k"}}, operand{f.empty("f32", x.shape...), "t, k"},
		func(x []string) string { return f.roundHalf(x[0]) })
	return f.rounded[key]
}

// integerProduct adds, for each group in order, the exact integer dot product
// with one block times the product of the scales. It carries the sum and the
// dot products of one group.
func (f *function) integerProduct(x quantized, m weight, b string, carried []tensor) []tensor {
	return f.loop(f.index(x.q.shape[0]), carried, func(g string, carried []tensor) []tensor {
		dot := f.groupDot(f.slice(x.q, element(x.q, g)), f.slice(m.parts[0], m.at(0, b, g)), carried[1], m.typ.Quant)
		return []tensor{f.scaleDot(dot, x, m, b, g, carried[0]), dot}
	})
}

// groupDot is the integer dot product of one group, without zero points.
func (f *function) groupDot(x, w, dot tensor, q ir.Quant) tensor {
	dot = f.fill(dot, f.i32(0))
	multiplyAdd := func(acc, w, x string) string {
		return f.arith("addi", "i32", acc, f.arith("muli", "i32", w, f.cast("extsi", x, "i16", "i32")))
	}
	if q.Bits == 8 {
		return f.generic("t, +j, n", []operand{{x, "t, j"}, {w, "j, n"}}, operand{dot, "t, n"}, func(x []string) string {
			return multiplyAdd(x[2], f.cast("extsi", x[1], "i8", "i32"), x[0])
		})
	}
	ins := []operand{{x, "t, 2 * j"}, {x, "t, 2 * j + 1"}, {w, "j, n"}}
	return f.generic("t, +j, n", ins, operand{dot, "t, n"}, func(x []string) string {
		low, high := f.nibbles(x[2])
		return multiplyAdd(multiplyAdd(x[3], low, x[0]), high, x[1])
	})
}

// scaleDot adds float32(dot - zero*sum) * (scale of w * scale of x) to acc, and
// then, for weights with minimums, float32(sum) * (min * scale of x).
func (f *function) scaleDot(dot tensor, x quantized, m weight, b, g string, acc tensor) tensor {
	q := m.typ.Quant
	ins := []operand{
		{dot, "t, n"}, {f.slice(x.scale, element(x.scale, g)), "t"}, {f.slice(x.sum, element(x.sum, g)), "t"},
		{f.slice(m.parts[1], m.at(1, b, g)), "n"},
	}
	if !q.Symmetric() {
		ins = append(ins, operand{f.slice(m.parts[2], m.at(2, b, g)), "n"})
	}
	return f.generic("t, n", ins, operand{acc, "t, n"}, func(x []string) string {
		dot, dx, sum, dw, acc := x[0], x[1], x[2], x[3], x[len(x)-1]
		switch {
		case q.Zero:
			zero := f.cast("extsi", x[4], "i8", "i32")
			dot = f.arith("subi", "i32", dot, f.arith("muli", "i32", zero, sum))
		case q.Bits == 4 && !q.Min:
			dot = f.arith("subi", "i32", dot, f.arith("muli", "i32", f.i32(symmetricZero), sum))
		}
		add := func(acc, integer, factor string) string {
			scale := f.mulf(f.widen(factor, elemText(q.Scale)), dx)
			return f.addf(acc, f.mulf(f.cast("sitofp", integer, "i32", "f32"), scale))
		}
		acc = add(acc, dot, dw)
		if q.Min {
			acc = add(acc, sum, x[4])
		}
		return acc
	})
}
