package mlir

import (
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// lowerLinear computes 64 outputs of all rows after the other, so that the
// weights are read once.
func lowerLinear(f *function, n *ir.Node) {
	x, kind := f.arg(n, 0), n.Attrs.Str("kind")
	m, ok := f.matrix(n)
	if !ok {
		return
	}
	switch {
	case kind == ir.KindA8 || kind == ir.KindA15:
		f.integerLinear(n, f.quantize(activationKey{n.Args[0], kind, m.typ.Quant.Group}, x), m)
	case kind == ir.KindF16:
		f.floatLinear(n, f.round(activationKey{value: n.Args[0], kind: kind}, x), m, true)
	default:
		f.floatLinear(n, x, m, false)
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
		y := f.insert(f.addBias(n, lanes, f.slice(carried[0], part), start, width), carried[0], part)
		return append([]tensor{y, acc}, scratch...)
	})
	f.set(n, results[0])
}

// addBias writes the outputs from start on to y, with the bias if n has one.
func (f *function) addBias(n *ir.Node, lanes, y tensor, start string, width any) tensor {
	if len(n.Args) < 3 {
		return f.copyTo(lanes, y)
	}
	bias := f.slice(f.arg(n, 2), window{sizes{start}, sizes{width}, 0})
	return f.generic("t, n", []operand{{lanes, "t, n"}, {bias, "n"}}, operand{y, "t, n"}, func(x []string) string {
		return f.addf(x[0], x[1])
	})
}

// floatLinear adds x*w, inputs ascending. With half, x has been rounded to
// float16 and dequantized weights are.
func (f *function) floatLinear(n *ir.Node, x tensor, m weight, half bool) {
	if m.typ.Elem != ir.Block {
		f.blocks(n, nil, func(b string, acc tensor, _ []tensor) (tensor, []tensor) {
			return f.product(x, f.slice(m.parts[0], m.at(0, b)), acc), nil
		})
		return
	}
	scratch := []tensor{f.empty("f32", m.typ.Quant.Group, pack.Lanes)}
	f.blocks(n, scratch, func(b string, acc tensor, scratch []tensor) (tensor, []tensor) {
		return f.blockProduct(x, m, b, []tensor{acc, scratch[0]}, half)
	})
}

// product adds x[t,k]*w[k,n] to acc, k ascending.
func (f *function) product(x, w, acc tensor) tensor {
	return f.generic("t, +k, n", []operand{{x, "t, k"}, {w, "k, n"}}, operand{acc, "t, n"}, func(x []string) string {
		return f.multiplyAdd([]string{x[0], f.widen(x[1], w.elem), x[2]})
	})
}

// blockProduct adds the product of x with one block of a block-quantized
// weight: whole groups, then a short one over its own length. It carries the
// sum and a scratch tensor of one dequantized group.
func (f *function) blockProduct(x tensor, m weight, b string, carried []tensor, half bool) (tensor, []tensor) {
	size, width := m.typ.Quant.Group, m.typ.Shape[1]
	whole, rest := width/size, width%size
	group := func(g string, length int, carried []tensor) []tensor {
		start := f.arith("muli", "index", g, f.index(size))
		xg := f.slice(x, window{sizes{0, start}, sizes{carried[0].shape[0], length}, 0})
		used := window{sizes{0, 0}, sizes{length, pack.Lanes}, 0}
		w := f.dequantizeGroup(m, b, g, f.slice(carried[1], used), half)
		acc := f.product(xg, w, carried[0])
		return []tensor{acc, f.insert(w, carried[1], used)}
	}
	if whole > 0 {
		carried = f.loop(f.index(whole), carried, func(g string, carried []tensor) []tensor {
			return group(g, size, carried)
		})
	}
	if rest > 0 {
		carried = group(f.index(whole), rest, carried)
	}
	return carried[0], carried[1:]
}

// dequantizeGroup writes the weights of one group to w f32[inputs,64].
func (f *function) dequantizeGroup(m weight, b, g string, w tensor, half bool) tensor {
	q, length := m.typ.Quant, w.shape[0]
	bytes := m.at(0, b, g)
	bytes.sizes[len(bytes.sizes)-2] = length * q.Bits / 8
	ins := []operand{{f.slice(m.parts[0], bytes), "j, n"}, {f.slice(m.parts[1], m.at(1, b, g)), "n"}}
	if q.Zero {
		ins = append(ins, operand{f.slice(m.parts[2], m.at(2, b, g)), "n"})
	}
	element := func(v string, x []string) string {
		zero := ""
		if q.Zero {
			zero = x[2]
		}
		v = f.dequantize(q, v, zero, f.widen(x[1], elemText(q.Scale)))
		if half {
			v = f.roundHalf(v)
		}
		return v
	}
	if q.Bits == 8 {
		return f.generic("j, n", ins, operand{w, "j, n"}, func(x []string) string {
			return element(f.cast("extsi", x[0], "i8", "i32"), x)
		})
	}
	w = f.expand(w, "[[0, 1], [2]]", length/2, 2, pack.Lanes)
	w = f.generic("j, p, n", ins, operand{w, "j, p, n"}, func(x []string) string {
		return element(f.nibble(x[0], f.assign("linalg.index 1 : index")), x)
	})
	return f.collapse(w, "[[0, 1], [2]]", length, pack.Lanes)
}

// nibble is the low (p = 0) or the high (p = 1) half of a byte, as i32.
func (w *writer) nibble(b, p string) string {
	shift := w.arith("muli", "i32", w.assign("arith.index_cast %s : index to i32", p), w.i32(4))
	return w.arith("andi", "i32", w.arith("shrui", "i32", w.cast("extui", b, "i8", "i32"), shift), w.i32(15))
}

// nibbles are the low and the high four bits of a byte, as i32.
func (w *writer) nibbles(b string) (low, high string) {
	v := w.cast("extui", b, "i8", "i32")
	return w.arith("andi", "i32", v, w.i32(15)), w.arith("shrui", "i32", v, w.i32(4))
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
