package mlir

import "github.com/lpuctl/lpuctl/ir"

// lowerGather reads element order[k] of a row for element k.
func lowerGather(f *function, n *ir.Node) {
	x, order, dest := f.arg(n, 0), f.arg(n, 1), f.dest(n.Results[0])
	f.set(n, f.generic("t, k", []operand{{order, "k"}}, operand{dest, "t, k"}, func(in []string) string {
		from := f.assign("arith.index_cast %s : i32 to index", in[0])
		return f.extract(x, f.assign("linalg.index 0 : index"), from)
	}))
}
