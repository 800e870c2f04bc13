package mlir

import "github.com/lpuctl/lpuctl/ir"

// lowerRope rotates the pairs (i, i+R/2) of each head. It writes the halves in
// place, one after the other, and then the rest of the head.
func lowerRope(f *function, n *ir.Node) {
	x, result := f.arg(n, 0), f.dest(n.Results[0])
	rows, half := x.shape[0], n.Args[1].Type.Shape[1]
	d, rotated := ir.RopeDims(n)
	heads := x.shape[1] / d
	table := window{sizes{f.indices[n.Args[3]], 0}, sizes{rows, half}, 0}
	cos, sin := f.slice(f.arg(n, 1), table), f.slice(f.arg(n, 2), table)
	split := func(t tensor) tensor { return f.expand(t, "[[0], [1, 2]]", rows, heads, d) }
	first := window{sizes{0, 0, 0}, sizes{rows, heads, half}, 0}
	second := window{sizes{0, 0, half}, sizes{rows, heads, half}, 0}

	x, result = split(x), split(result)
	dims := "t, h, i"
	ins := []operand{{f.slice(x, first), dims}, {f.slice(x, second), dims}, {cos, "t, i"}, {sin, "t, i"}}
	y1 := f.generic(dims, ins, operand{f.slice(result, first), dims}, func(x []string) string {
		return f.subf(f.mulf(x[0], x[2]), f.mulf(x[1], x[3]))
	})
	result = f.insert(y1, result, first)
	y2 := f.generic(dims, ins, operand{f.slice(result, second), dims}, func(x []string) string {
		return f.addf(f.mulf(x[1], x[2]), f.mulf(x[0], x[3]))
	})
	result = f.insert(y2, result, second)
	if rest := (window{sizes{0, 0, rotated}, sizes{rows, heads, d - rotated}, 0}); d > rotated {
		result = f.insert(f.copyTo(f.slice(x, rest), f.slice(result, rest)), result, rest)
	}
	f.set(n, f.collapse(result, "[[0], [1, 2]]", rows, heads*d))
}
