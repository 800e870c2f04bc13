package reference

import (
	"fmt"
	"math"

	"github.com/lpuctl/lpuctl/ir"
)

func naiveAdd(a, b []float32) []float32 {
	y := make([]float32, len(a))
	for i := range y {
		y[i] = a[i] + b[i]
	}
	return y
}

func naiveElementwise(n *ir.Node, a, b []float32) []float32 {
	y := make([]float32, len(a))
	for i := range y {
		switch n.Op {
		case ir.Add:
			y[i] = a[i] + b[i]
		case ir.Mul:
			y[i] = a[i] * b[i]
		case ir.SiLU:
			y[i] = a[i] / (1 + naiveExp(-a[i]))
		case ir.ClampedSwiGLU:
			y[i] = naiveClampedSwiGLU(a[i], b[i], float32(n.Attrs.Float("alpha")), float32(n.Attrs.Float("limit")))
		case ir.GELU:
			cube := float32(float32(a[i]*a[i])*a[i]) * float32(0.044715)
			u := float32(a[i]+cube) * math.Float32frombits(0x3F4C422A)
			y[i] = a[i] / (1 + naiveExp(-2*u))
		default:
			panic(fmt.Sprintf("the oracle has no %s", n.Op.Name))
		}
	}
	return y
}
