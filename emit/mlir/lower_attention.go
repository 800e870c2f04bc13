package mlir

import "github.com/lpuctl/lpuctl/ir"

// lowerAttention computes one row after the other: row t reads positions up to
// pos+t, all or the last of them, as slices of dynamic size, so that nothing
// outside of them can enter.
func lowerAttention(f *function, n *ir.Node) {
	q, dest := f.arg(n, 0), f.dest(n.Results[0])
	dims, _ := ir.Cache(n.Args[1].Type, ir.LayoutK) // verified
	a := attention{
		writer: f.writer, dims: dims, heads: q.shape[1] / dims.HeadDim,
		keys: f.arg(n, 1), values: f.arg(n, 2), layer: f.indices[n.Args[3]],
		scale: float32(n.Attrs.Float("scale")), softcap: float32(n.Attrs.Float("softcap")),
	}
	if len(n.Args) > 5 {
		sinks := f.arg(n, 5)
		a.sinks = &sinks
	}
	longest := dims.Context
	if w := n.Attrs.Int("window"); w > 0 {
		longest = min(longest, w)
	}
	scores := f.empty("f32", a.heads, longest)
	results := f.loop(f.index(q.shape[0]), []tensor{dest, scores}, func(t string, carried []tensor) []tensor {
		seen := a.seen(f.arith("addi", "index", f.arith("addi", "index", f.indices[n.Args[4]], t), f.index(1)), longest)
		row := element(q, t)
		y, scores := a.row(f.slice(q, row), f.slice(carried[0], row), carried[1], seen)
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
	softcap      float32 // 0 for none
	sinks        *tensor // nil for none
}

// span is a run of positions: an int or the name of an index value, and the
// name of another.
type span struct {
	first any
	count string
}

// seen are the last of n positions, at most longest.
func (a *attention) seen(n string, longest int) span {
	if longest == a.dims.Context {
		return span{0, n}
	}
	count := a.arith("minui", "index", n, a.index(longest))
	return span{a.arith("subi", "index", n, count), count}
}

// row is attention of one row q f32[H*D] over the positions seen, written to y.
func (a *attention) row(q, y, scores tensor, seen span) (tensor, tensor) {
	used := window{sizes{0, 0}, sizes{a.heads, seen.count}, 0}
	p := a.softmax(a.score(q, a.slice(scores, used), seen), a.heads, seen.count, a.sinks)

	perKV := a.heads / a.dims.KVHeads
	grouped := a.expand(p, "[[0, 1], [2]]", a.dims.KVHeads, perKV, seen.count)
	v := a.slice(a.values, window{sizes{a.layer, seen.first, 0, 0}, sizes{1, seen.count, a.dims.KVHeads, a.dims.HeadDim}, 1})
	y = a.expand(a.fill(y, a.f32(0)), "[[0, 1, 2]]", a.dims.KVHeads, perKV, a.dims.HeadDim)
	y = a.generic("k, r, +s, d", []operand{{grouped, "k, r, s"}, {v, "s, k, d"}}, operand{y, "k, r, d"}, a.multiplyAdd)
	return a.collapse(y, "[[0, 1, 2]]", a.heads*a.dims.HeadDim), a.insert(p, scores, used)
}

// score is softcap((q . k) * scale) for each head and position.
func (a *attention) score(q, scores tensor, seen span) tensor {
	perKV := a.heads / a.dims.KVHeads
	q = a.expand(q, "[[0, 1, 2]]", a.dims.KVHeads, perKV, a.dims.HeadDim)
	k := a.slice(a.keys, window{sizes{a.layer, 0, 0, seen.first}, sizes{1, a.dims.KVHeads, a.dims.HeadDim, seen.count}, 1})
	s := a.expand(a.fill(scores, a.f32(0)), "[[0, 1], [2]]", a.dims.KVHeads, perKV, seen.count)
	s = a.generic("k, r, +d, s", []operand{{q, "k, r, d"}, {k, "k, d, s"}}, operand{s, "k, r, s"}, a.multiplyAdd)
	s = a.collapse(s, "[[0, 1], [2]]", a.heads, dynamic)
	return a.generic("h, s", nil, operand{s, "h, s"}, func(x []string) string {
		scaled := a.mulf(x[0], a.f32(a.scale))
		if a.softcap > 0 {
			scaled = a.writer.softcap(scaled, a.softcap)
		}
		return scaled
	})
}

// multiplyAdd is acc + a*b, both rounded.
func (w *writer) multiplyAdd(x []string) string { return w.addf(x[2], w.mulf(x[0], x[1])) }
