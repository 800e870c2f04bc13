package mlir

import (
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// lowerLinear computes 64 outputs of all rows after the other, so that the
// weights are read once.
func lowerLinear(f *function, n *ir.Node) {
	x, m := n.Args[0], f.weights[n.Args[1]]
	kind := n.Attrs.Str("kind")
	if m.typ.Elem == ir.Block && m.typ.Quant.Bits == 4 && m.typ.Shape[1]%2 != 0 {
		f.fail(n, "weight %v: 4-bit rows of odd length", m.typ)
		return
	}
	switch {
	case kind == ir.KindA8 || kind == ir.KindA15:
		f.integerLinear(n, f.quantize(x, kind, m.typ.Quant.Group), m)
	case kind == ir.KindF16:
		f.floatLinear(n, f.round(x), m, true)
	default:
		f.floatLinear(n, f.tensors[x], m, false)
	}
}

// blocks runs body for each block of 64 outputs. The body adds into acc
// f32[T,64], which starts at +0, and may carry a scratch tensor.
func (f *function) blocks(n *ir.Node, scratch []tensor, body func(b string, acc tensor, scratch []tensor) (tensor, []tensor)) {
	y := f.dest(n.Results[0])
	rows, outputs := y.shape[0], y.shape[1]
	carried := append([]tensor{y, f.empty("f32", rows, pack.Lanes)}, scratch...)
	results := f.loop(f.index(pack.Blocks(outputs)), carried, func(b string, carried []tensor) []tensor {
		acc, scratch := body(b, f.fill(carried[1], f.f32(0)), carried[2:])
		start := f.arith("muli", "index", b, f.index(pack.Lanes))
		var width any = pack.Lanes
		if outputs%pack.Lanes != 0 {
			rest := f.arith("subi", "index", f.index(outputs), start)
			width = f.arith("minui", "index", rest, f.index(pack.Lanes))
		}
		part := window{sizes{0, start}, sizes{rows, width}, 0}
		lanes := f.slice(acc, window{sizes{0, 0}, sizes{rows, width}, 0})
		y := f.insert(f.copyTo(lanes, f.slice(carried[0], part)), carried[0], part)
		return append([]tensor{y, acc}, scratch...)
	})
	f.set(n, results[0])
}

// floatLinear adds x*w, inputs ascending. With half, x has been rounded to
// float16 and dequantized weights are.
func (f *function) floatLinear(n *ir.Node, x tensor, m weight, half bool) {
	f.blocks(n, nil, func(b string, acc tensor, _ []tensor) (tensor, []tensor) {
		if m.typ.Elem == ir.Block {
			return f.blockProduct(x, m, b, acc, half), nil
		}
		w := f.slice(m.parts[0], m.at(0, b))
		return f.generic("t, +k, n", []operand{{x, "t, k"}, {w, "k, n"}}, operand{acc, "t, n"}, func(x []string) string {
			return f.multiplyAdd([]string{x[0], f.widen(x[1], w.elem), x[2]})
		}), nil
	})
}

// blockProduct adds the product of x with one block of a block-quantized
// weight: whole groups, then a short one over its own length.
func (f *function) blockProduct(x tensor, m weight, b string, acc tensor, half bool) tensor {
	size, width := m.typ.Quant.Group, m.typ.Shape[1]
	whole, rest := width/size, width%size
	if whole > 0 {
		acc = f.loop(f.index(whole), []tensor{acc}, func(g string, carried []tensor) []tensor {
			start := f.arith("muli", "index", g, f.index(size))
			return []tensor{f.groupProduct(x, m, b, g, start, size, carried[0], half)}
		})[0]
	}
	if rest > 0 {
		acc = f.groupProduct(x, m, b, f.index(whole), f.index(whole*size), rest, acc, half)
	}
	return acc
}

// groupProduct adds inputs start..start+length-1 of x times group g.
func (f *function) groupProduct(x tensor, m weight, b, g, start string, length int, acc tensor, half bool) tensor {
	q := m.typ.Quant
	xg := f.slice(x, window{sizes{0, start}, sizes{acc.shape[0], length}, 0})
	bytes := m.at(0, b, g)
	bytes.sizes[len(bytes.sizes)-2] = length * q.Bits / 8
	w := operand{f.slice(m.parts[0], bytes), "j, n"}
	constants := []operand{{f.slice(m.parts[1], m.at(1, b, g)), "n"}}
	if q.Zero {
		constants = append(constants, operand{f.slice(m.parts[2], m.at(2, b, g)), "n"})
	}
	weightOf := func(v string, constants []string) string {
		zero := ""
		if q.Zero {
			zero = constants[1]
		}
		v = f.dequantize(q, v, zero, f.widen(constants[0], elemText(q.Scale)))
		if half {
			v = f.roundHalf(v)
		}
		return v
	}
	if q.Bits == 8 {
		ins := append([]operand{{xg, "t, j"}, w}, constants...)
		return f.generic("t, +j, n", ins, operand{acc, "t, n"}, func(x []string) string {
			return f.multiplyAdd([]string{x[0], weightOf(f.cast("extsi", x[1], "i8", "i32"), x[2:]), x[len(x)-1]})
		})
	}
	ins := append([]operand{{xg, "t, 2 * j"}, {xg, "t, 2 * j + 1"}, w}, constants...)
	return f.generic("t, +j, n", ins, operand{acc, "t, n"}, func(x []string) string {
		low, high := f.nibbles(x[2])
		sum := f.multiplyAdd([]string{x[0], weightOf(low, x[3:]), x[len(x)-1]})
		return f.multiplyAdd([]string{x[1], weightOf(high, x[3:]), sum})
	})
}

// nibbles are the low and the high four bits of a byte, as i32.
func (w *writer) nibbles(b string) (low, high string) {
	low = w.arith("andi", "i8", b, w.constant("15", "i8"))
	high = w.arith("shrui", "i8", b, w.constant("4", "i8"))
	return w.cast("extui", low, "i8", "i32"), w.cast("extui", high, "i8", "i32")
}

// dequantize is float32(q - zero) * scale, rounded once. The zero point is i8,
// or "" for symmetric weights.
func (w *writer) dequantize(q ir.Quant, v, zero, scale string) string {
	switch {
	case q.Zero:
		v = w.arith("subi", "i32", v, w.cast("extsi", zero, "i8", "i32"))
	case q.Bits == 4:
		v = w.arith("subi", "i32", v, w.i32(symmetricZero))
	}
	return w.mulf(w.cast("sitofp", v, "i32", "f32"), scale)
}

// symmetricZero is what is added to symmetric 4-bit weights in storage.
const symmetricZero = 8

// widen converts a float of the named type to float32, exactly.
func (w *writer) widen(v, elem string) string {
	if elem == "f32" {
		return v
	}
	return w.cast("extf", v, elem, "f32")
}

// roundHalf rounds float32 to the nearest float16, ties to even.
func (w *writer) roundHalf(v string) string {
	return w.cast("extf", w.cast("truncf", v, "f32", "f16"), "f16", "f32")
}
