package mlir

import "github.com/lpuctl/lpuctl/ir"

func lowerAdd(f *function, n *ir.Node) {
	f.elementwise(n, func(x []string) string { return f.addf(x[0], x[1]) })
}

func lowerMul(f *function, n *ir.Node) {
	f.elementwise(n, func(x []string) string { return f.mulf(x[0], x[1]) })
}

// lowerSiLU is x / (1 + exp(-x)).
func lowerSiLU(f *function, n *ir.Node) {
	f.elementwise(n, func(x []string) string {
		e := f.exp(f.assign("arith.negf %s : f32", x[0]))
		return f.divf(x[0], f.addf(f.bits(one), e))
	})
}

// elementwise lowers a node whose operands and result are of one type.
func (f *function) elementwise(n *ir.Node, body func(x []string) string) {
	dest := f.dest(n.Results[0])
	dims := dimNames(len(dest.shape))
	var ins []operand
	for i := range n.Args {
		ins = append(ins, operand{f.arg(n, i), dims})
	}
	f.set(n, f.generic(dims, ins, operand{dest, dims}, body))
}

func lowerConst(f *function, n *ir.Node) {
	f.indices[n.Results[0]] = f.index(n.Attrs.Int("value"))
}
