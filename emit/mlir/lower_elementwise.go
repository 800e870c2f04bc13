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

// The constants of gelu, as bits of float32.
const (
	geluCubic = 0x3D372713 // 0.044715
	geluRoot  = 0x3F4C422A // sqrt(2/pi)
)

// lowerGELU is x / (1 + exp(-2u)) with u = sqrt(2/pi) * (x + 0.044715*x^3).
func lowerGELU(f *function, n *ir.Node) {
	f.elementwise(n, func(x []string) string {
		v := x[0]
		cube := f.mulf(f.mulf(f.mulf(v, v), v), f.bits(geluCubic))
		u := f.mulf(f.addf(v, cube), f.bits(geluRoot))
		e := f.exp(f.assign("arith.negf %s : f32", f.addf(u, u)))
		return f.divf(v, f.addf(f.bits(one), e))
	})
}

func lowerSoftcap(f *function, n *ir.Node) {
	limit := float32(n.Attrs.Float("cap"))
	f.elementwise(n, func(x []string) string { return f.softcap(x[0], limit) })
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
