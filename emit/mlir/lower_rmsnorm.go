package mlir

import "github.com/lpuctl/lpuctl/ir"

// lanes is the number of interleaved partial sums of a reduction over one
// vector.
const lanes = 16

// lowerRMSNorm is (x * r) * w with r = 1 / sqrt(ss/D + eps), where the sum of
// squares ss goes over 16 lanes. Rows of several norms are split.
func lowerRMSNorm(f *function, n *ir.Node) {
	x, w, dest := f.arg(n, 0), f.arg(n, 1), f.dest(n.Results[0])
	full := x.shape
	if w.shape[0] != full[1] {
		x, dest = f.splitRows(x, w.shape[0]), f.splitRows(dest, w.shape[0])
	}
	y := f.normalize(x, w, dest, float32(n.Attrs.Float("eps")))
	if w.shape[0] != full[1] {
		y = f.expand(y, "[[0, 1], [2]]", full[0], full[1]/w.shape[0], w.shape[0])
		y = f.collapse(y, "[[0], [1, 2]]", full...)
	}
	f.set(n, y)
}

// splitRows is x [T,n*D] as [T*n,D].
func (w *writer) splitRows(x tensor, d int) tensor {
	rows, pieces := x.shape[0], x.shape[1]/d
	x = w.expand(x, "[[0], [1, 2]]", rows, pieces, d)
	return w.collapse(x, "[[0, 1], [2]]", rows*pieces, d)
}

// normalize writes the norms of the rows of x to dest.
func (f *function) normalize(x, w, dest tensor, eps float32) tensor {
	rows, width := x.shape[0], x.shape[1]
	acc := f.laneSums(x, rows, width, func(x string) string { return f.mulf(x, x) })
	r := f.generic("t", nil, operand{f.empty("f32", rows), "t"}, func([]string) string {
		ms := f.divf(f.treeSum(acc, f.assign("linalg.index 0 : index")), f.f32(float32(width)))
		root := f.assign("math.sqrt %s : f32", f.addf(ms, f.f32(eps)))
		return f.divf(f.bits(one), root)
	})
	return f.generic("t, h", []operand{{x, "t, h"}, {r, "t"}, {w, "h"}}, operand{dest, "t, h"},
		func(x []string) string { return f.mulf(f.mulf(x[0], x[1]), x[2]) })
}

// laneSums adds term(x[t][i]) into lane i mod 16 of row t, i ascending. The
// width is an int or the name of an index value. The result is f32[rows,16].
func (w *writer) laneSums(x tensor, rows int, width any, term func(x string) string) tensor {
	acc := w.fill(w.empty("f32", rows, lanes), w.f32(0))
	count, whole, tail := w.splitLanes(width)
	add := func(x []string) string { return w.addf(x[1], term(x[0])) }
	if whole != 0 {
		body := w.slice(x, window{sizes{0, 0}, sizes{rows, whole}, 0})
		body = w.expand(body, "[[0], [1, 2]]", rows, count, lanes)
		acc = w.generic("t, +i, l", []operand{{body, "t, i, l"}}, operand{acc, "t, l"}, add)
	}
	if tail != 0 {
		rest := w.slice(x, window{sizes{0, whole}, sizes{rows, tail}, 0})
		first := window{sizes{0, 0}, sizes{rows, tail}, 0}
		part := w.generic("t, l", []operand{{rest, "t, l"}}, operand{w.slice(acc, first), "t, l"}, add)
		acc = w.insert(part, acc, first)
	}
	return acc
}

// splitLanes gives the number of whole runs of 16 in width, the elements in
// them and those after them.
func (w *writer) splitLanes(width any) (count, whole, tail any) {
	if n, static := width.(int); static {
		return n / lanes, n / lanes * lanes, n % lanes
	}
	n, l := width.(string), w.index(lanes)
	runs := w.arith("divui", "index", n, l)
	elements := w.arith("muli", "index", runs, l)
	return runs, elements, w.arith("subi", "index", n, elements)
}

// treeSum adds the 16 lanes of a row in the order 8-4-2-1.
func (w *writer) treeSum(acc tensor, row string) string {
	var sums [lanes]string
	for i := range sums {
		sums[i] = w.extract(acc, row, w.index(i))
	}
	for width := lanes / 2; width > 0; width /= 2 {
		for i := range width {
			sums[i] = w.addf(sums[i], sums[i+width])
		}
	}
	return sums[0]
}
