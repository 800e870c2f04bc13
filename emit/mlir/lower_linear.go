package mlir

import (
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// lowerLinear computes 64 outputs of all rows after the other, so that the
// weights are read once.
func lowerLinear(f *function, n *ir.Node) {
	m, ok := f.matrix(n)
	if !ok {
		return
	}
	x := f.inputs(n, f.arg(n, 0), m.typ)
	if len(n.Args) > 2 {
		bias := f.arg(n, 2)
		m.bias = &bias
	}
	y, _ := f.linear(f.dest(n.Results[0]), x, m, f.linearScratch(x.kind, n.Results[0].Type.Shape[0], m.typ))
	f.set(n, y)
}

// inputs are rows in the form that a kind of linear multiplies.
type inputs struct {
	kind      string
	floats    tensor    // f32 [T,K]: kinds f32 and f16
	quantized quantized // kinds a8 and a15
}

// inputs converts operand 0 of n, whose rows are x, for matrices of that type.
func (f *function) inputs(n *ir.Node, x tensor, matrix ir.Type) inputs {
	in := inputs{kind: n.Attrs.Str("kind"), floats: x}
	key := activationKey{n.Args[0], x.shape[1], in.kind, matrix.Quant.Group}
	switch in.kind {
	case ir.KindA8, ir.KindA15:
		in.quantized = f.quantize(key, x)
	case ir.KindF16:
		key.group = 0
		in.floats = f.round(key, x)
	}
	return in
}

// integerKind says whether a kind multiplies integers.
func integerKind(kind string) bool { return kind == ir.KindA8 || kind == ir.KindA15 }

// linearScratch makes what linear carries for that many rows: the sums of 64
// outputs f32[T,64], and for block-quantized weights one group, as floats
// f32[G,64] or as integer dot products i32[T,64].
func (f *function) linearScratch(kind string, rows int, matrix ir.Type) []tensor {
	scratch := []tensor{f.empty("f32", rows, pack.Lanes)}
	switch {
	case integerKind(kind):
		return append(scratch, f.empty("i32", rows, pack.Lanes))
	case matrix.Elem == ir.Block:
		return append(scratch, f.empty("f32", matrix.Quant.Group, pack.Lanes))
	}
	return scratch
}

// linear writes the product of x with the transposed matrix m, plus its bias, to
// y.
func (f *function) linear(y tensor, x inputs, m weight, scratch []tensor) (tensor, []tensor) {
	return f.blocks(y, m.bias, scratch, func(b string, scratch []tensor) []tensor {
		switch {
		case integerKind(x.kind):
			return f.integerProduct(x.quantized, m, b, scratch)
		case m.typ.Elem == ir.Block:
			return f.blockProduct(x.floats, m, b, scratch, x.kind == ir.KindF16)
		}
		return []tensor{f.product(x.floats, f.slice(m.parts[0], m.at(0, b)), scratch[0])}
	})
}

// blocks runs body for each block of 64 outputs of y. The body adds to
// scratch[0], which starts at +0, and carries the rest along; the bias, unless
// it is nil, comes last.
func (f *function) blocks(y tensor, bias *tensor, scratch []tensor,
	body func(b string, scratch []tensor) []tensor) (tensor, []tensor) {
	rows, outputs := y.shape[0], y.shape[1]
	carried := append([]tensor{y}, scratch...)
	results := f.loop(f.index(pack.Blocks(outputs)), carried, func(b string, carried []tensor) []tensor {
		carried[1] = f.fill(carried[1], f.f32(0))
		scratch := body(b, carried[1:])
		start := f.arith("muli", "index", b, f.index(pack.Lanes))
		var width any = pack.Lanes
		if outputs%pack.Lanes != 0 {
			rest := f.arith("subi", "index", f.index(outputs), start)
			width = f.arith("minui", "index", rest, f.index(pack.Lanes))
		}
		part := window{sizes{0, start}, sizes{rows, width}, 0}
		lanes := f.slice(scratch[0], window{sizes{0, 0}, sizes{rows, width}, 0})
		y := f.insert(f.addBias(lanes, bias, f.slice(carried[0], part), start, width), carried[0], part)
		return append([]tensor{y}, scratch...)
	})
	return results[0], results[1:]
}

// addBias writes the outputs from start on to y, with the bias unless it is nil.
func (f *function) addBias(lanes tensor, bias *tensor, y tensor, start string, width any) tensor {
	if bias == nil {
		return f.copyTo(lanes, y)
	}
	part := f.slice(*bias, window{sizes{start}, sizes{width}, 0})
	return f.generic("t, n", []operand{{lanes, "t, n"}, {part, "n"}}, operand{y, "t, n"}, func(x []string) string {
		return f.addf(x[0], x[1])
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
func (f *function) blockProduct(x tensor, m weight, b string, carried []tensor, half bool) []tensor {
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
	return carried
}

// dequantizeGroup writes the weights of one group to w f32[inputs,64].
func (f *function) dequantizeGroup(m weight, b, g string, w tensor, half bool) tensor {
	q, length := m.typ.Quant, w.shape[0]
	bytes := m.at(0, b, g)
	bytes.sizes[len(bytes.sizes)-2] = length * q.Bits / 8
	ins := []operand{{f.slice(m.parts[0], bytes), "j, n"}, {f.slice(m.parts[1], m.at(1, b, g)), "n"}}
	if !q.Symmetric() {
		ins = append(ins, operand{f.slice(m.parts[2], m.at(2, b, g)), "n"})
	}
	element := func(v string, x []string) string {
		offset := ""
		if !q.Symmetric() {
			offset = x[2]
		}
		v = f.dequantize(q, v, offset, f.widen(x[1], elemText(q.Scale)))
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

// dequantize is float32(q - zero) * scale, rounded once, or float32(q) * scale
// + min, rounded twice. offset is the zero point (i8), the minimum (of the type
// of scales), or "" for symmetric weights.
func (w *writer) dequantize(q ir.Quant, v, offset, scale string) string {
	switch {
	case q.Zero:
		v = w.arith("subi", "i32", v, w.cast("extsi", offset, "i8", "i32"))
	case q.Bits == 4 && !q.Min:
		v = w.arith("subi", "i32", v, w.i32(symmetricZero))
	}
	y := w.mulf(w.cast("sitofp", v, "i32", "f32"), scale)
	if q.Min {
		y = w.addf(y, w.widen(offset, elemText(q.Scale)))
	}
	return y
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
