package mlir

import "github.com/lpuctl/lpuctl/ir"

// lowerAttention computes one row after the other: row t reads positions
// 0..pos+t as slices of dynamic size, so that nothing after them can enter.
func lowerAttention(f *function, n *ir.Node) {
	q, dest := f.arg(n, 0), f.dest(n.Results[0])
	dims, _ := ir.Cache(n.Args[1].Type, ir.LayoutK) // verified
	a := attention{
		writer: f.writer, dims: dims, heads: q.shape[1] / dims.HeadDim,
		keys: f.arg(n, 1), values: f.arg(n, 2), layer: f.indices[n.Args[3]],
		scale: float32(n.Attrs.Float("scale")),
	}
	scores := f.empty("f32", a.heads, dims.Context)
	results := f.loop(f.index(q.shape[0]), []tensor{dest, scores}, func(t string, carried []tensor) []tensor {
		count := f.arith("addi", "index", f.arith("addi", "index", f.indices[n.Args[4]], t), f.index(1))
		row := element(q, t)
		y, scores := a.row(f.slice(q, row), f.slice(carried[0], row), carried[1], count)
		return []tensor{f.insert(y, carried[0], row), scores}
	})
	f.set(n, results[0])
}

// attention is what the rows of one attention have in common.
type attention struct {
	*writer
	dims         ir.CacheDims
	heads        int
	keys, values tensor // the caches
	layer        string
	scale        float32
}

// row is attention of one row q f32[H*D] over count positions, written to y.
func (a *attention) row(q, y, scores tensor, count string) (tensor, tensor) {
	seen := window{sizes{0, 0}, sizes{a.heads, count}, 0}
	p := a.softmax(a.score(q, a.slice(scores, seen), count), a.heads, count)

	perKV := a.heads / a.dims.KVHeads
	grouped := a.expand(p, "[[0, 1], [2]]", a.dims.KVHeads, perKV, count)
	v := a.slice(a.values, window{sizes{a.layer, 0, 0, 0}, sizes{1, count, a.dims.KVHeads, a.dims.HeadDim}, 1})
	y = a.expand(a.fill(y, a.f32(0)), "[[0, 1, 2]]", a.dims.KVHeads, perKV, a.dims.HeadDim)
	y = a.generic("k, r, +s, d", []operand{{grouped, "k, r, s"}, {v, "s, k, d"}}, operand{y, "k, r, d"}, a.multiplyAdd)
	return a.collapse(y, "[[0, 1, 2]]", a.heads*a.dims.HeadDim), a.insert(p, scores, seen)
}

// score is (q . k) * scale for each head and position.
func (a *attention) score(q, scores tensor, count string) tensor {
	perKV := a.heads / a.dims.KVHeads
	q = a.expand(q, "[[0, 1, 2]]", a.dims.KVHeads, perKV, a.dims.HeadDim)
	k := a.slice(a.keys, window{sizes{a.layer, 0, 0, 0}, sizes{1, a.dims.KVHeads, a.dims.HeadDim, count}, 1})
	s := a.expand(a.fill(scores, a.f32(0)), "[[0, 1], [2]]", a.dims.KVHeads, perKV, count)
	s = a.generic("k, r, +d, s", []operand{{q, "k, r, d"}, {k, "k, d, s"}}, operand{s, "k, r, s"}, a.multiplyAdd)
	s = a.collapse(s, "[[0, 1], [2]]", a.heads, dynamic)
	return a.generic("h, s", nil, operand{s, "h, s"}, func(x []string) string { return a.mulf(x[0], a.f32(a.scale)) })
}

// multiplyAdd is acc + a*b, both rounded.
func (w *writer) multiplyAdd(x []string) string { return w.addf(x[2], w.mulf(x[0], x[1])) }
