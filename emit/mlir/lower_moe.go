package mlir

import "github.com/lpuctl/lpuctl/ir"

// lowerMoELinear multiplies one selected expert after the other, at the dynamic
// offset of its matrix in the stack: no other matrix is read.
func lowerMoELinear(f *function, n *ir.Node) {
	m, ok := f.matrix(n)
	if !ok {
		return
	}
	ids, expert, kind := f.arg(n, 2), m.typ.Expert(), n.Attrs.Str("kind")
	x, k := f.arg(n, 0), ids.shape[1]
	shared := x.shape[1] == expert.Shape[1]
	if !shared {
		x = f.sideBySide(x, k)
	}
	in := f.inputs(n, x, expert)
	y := f.sideBySide(f.dest(n.Results[0]), k)
	carried := append([]tensor{y}, f.linearScratch(kind, 1, expert)...)
	carried = f.loop(f.index(y.shape[0]), carried, func(slot string, carried []tensor) []tensor {
		t, j := f.arith("divui", "index", slot, f.index(k)), f.arith("remui", "index", slot, f.index(k))
		matrix := f.expert(n, m, f.cast("index_cast", f.extract(ids, t, j), "i32", "index"))
		row := slot
		if shared {
			row = t
		}
		at := window{sizes{slot, 0}, sizes{1, expert.Shape[0]}, 0}
		part, scratch := f.linear(f.slice(carried[0], at), f.row(in, row), matrix, carried[1:])
		return append([]tensor{f.insert(part, carried[0], at)}, scratch...)
	})
	f.set(n, f.joined(carried[0], k))
}

// expert is the matrix of one expert, with its bias if n has biases.
func (f *function) expert(n *ir.Node, m weight, id string) weight {
	matrix := m.of(id)
	if len(n.Args) > 3 {
		biases := f.arg(n, 3)
		bias := f.slice(biases, element(biases, id))
		matrix.bias = &bias
	}
	return matrix
}

// row is row i alone, [1,K].
func (f *function) row(x inputs, i string) inputs {
	if !integerKind(x.kind) {
		width := x.floats.shape[1]
		x.floats = f.slice(x.floats, window{sizes{i, 0}, sizes{1, width}, 0})
		return x
	}
	q := x.quantized
	groups, size := q.q.shape[0], q.q.shape[2]
	column := window{sizes{0, i}, sizes{groups, 1}, 0}
	x.quantized = quantized{
		q:     f.slice(q.q, window{sizes{0, i, 0}, sizes{groups, 1, size}, 0}),
		scale: f.slice(q.scale, column),
		sum:   f.slice(q.sum, column),
	}
	return x
}

// sideBySide is x [T,k*N], whose rows are k vectors, as [T*k,N].
func (f *function) sideBySide(x tensor, k int) tensor {
	rows, width := x.shape[0], x.shape[1]/k
	return f.collapse(f.expand(x, "[[0], [1, 2]]", rows, k, width), "[[0, 1], [2]]", rows*k, width)
}

// joined is the inverse of sideBySide.
func (f *function) joined(x tensor, k int) tensor {
	rows, width := x.shape[0]/k, x.shape[1]
	return f.collapse(f.expand(x, "[[0, 1], [2]]", rows, k, width), "[[0], [1, 2]]", rows, k*width)
}

// lowerMoECombine adds in the order of selection.
func lowerMoECombine(f *function, n *ir.Node) {
	x, weights := f.arg(n, 0), f.arg(n, 1)
	rows, k := weights.shape[0], weights.shape[1]
	x = f.expand(x, "[[0], [1, 2]]", rows, k, x.shape[1]/k)
	y := f.fill(f.dest(n.Results[0]), f.f32(0))
	f.set(n, f.generic("t, +j, n", []operand{{weights, "t, j"}, {x, "t, j, n"}}, operand{y, "t, n"}, f.multiplyAdd))
}

// lowerClampedSwiGLU is (up + 1) * (gate / (1 + exp(-(gate*alpha)))) of clamped
// operands; NaN passes.
func lowerClampedSwiGLU(f *function, n *ir.Node) {
	alpha, limit := float32(n.Attrs.Float("alpha")), float32(n.Attrs.Float("limit"))
	f.elementwise(n, func(x []string) string {
		high, low := f.f32(limit), f.f32(-limit)
		gate := f.choose("cmpf ogt", "f32", x[0], high, high, x[0])
		up := f.choose("cmpf ogt", "f32", x[1], high, high, x[1])
		up = f.choose("cmpf olt", "f32", up, low, low, up)
		e := f.exp(f.assign("arith.negf %s : f32", f.mulf(gate, f.f32(alpha))))
		sigmoid := f.divf(gate, f.addf(f.bits(one), e))
		return f.mulf(f.addf(up, f.bits(one)), sigmoid)
	})
}
