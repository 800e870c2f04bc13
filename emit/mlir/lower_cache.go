package mlir

import "github.com/lpuctl/lpuctl/ir"

// lowerKVAppend writes the rows of x at pos into the cache of one layer, in
// place; keys are transposed.
func lowerKVAppend(f *function, n *ir.Node) {
	cache, x := f.arg(n, 0), f.arg(n, 1)
	layer, pos := f.indices[n.Args[2]], f.indices[n.Args[3]]
	dims, _ := ir.Cache(n.Args[0].Type, n.Attrs.Str("layout")) // verified
	rows := x.shape[0]
	heads := operand{f.expand(x, "[[0], [1, 2]]", rows, dims.KVHeads, dims.HeadDim), "t, h, d"}
	at := window{sizes{layer, pos, 0, 0}, sizes{1, rows, dims.KVHeads, dims.HeadDim}, 1}
	order := "t, h, d"
	if n.Attrs.Str("layout") == ir.LayoutK {
		at = window{sizes{layer, 0, 0, pos}, sizes{1, dims.KVHeads, dims.HeadDim, rows}, 1}
		order = "h, d, t"
	}
	part := f.generic(order, []operand{heads}, operand{f.slice(cache, at), order},
		func(x []string) string { return x[0] })
	f.set(n, f.insert(part, cache, at))
}
