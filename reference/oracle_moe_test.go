package reference

import (
	"math"
	"sort"

	"github.com/lpuctl/lpuctl/ir"
)

// naiveMoE is an operation of a mixture of experts, token by token.
func naiveMoE(n *ir.Node, in []operand) operand {
	var experts [][]int
	out := mapRows(in[0].rows, func(t int, x []float32) []float32 {
		switch n.Op {
		case ir.RouterTopK:
			ids, p := naiveRoute(x, n.Attrs.Int("k"), n.Attrs.Str("softmax"))
			experts = append(experts, ids)
			return p
		case ir.MoELinear:
			y := naiveMoELinear(n.Attrs.Str("kind"), x, in[1].w, in[2].experts[t])
			if len(in) > 3 {
				y = naiveMoEBias(y, in[3].rows, in[2].experts[t])
			}
			return y
		default:
			return naiveCombine(x, in[1].rows[t])
		}
	})
	out.experts = experts
	return out
}

// naiveRoute sorts all experts: NaN, then by value, +0 before -0, then by id.
func naiveRoute(logits []float32, k int, mode string) (ids []int, p []float32) {
	before := func(a, b float32) bool {
		switch {
		case a != a || b != b:
			return a != a && b == b
		case a == 0 && b == 0:
			return !math.Signbit(float64(a)) && math.Signbit(float64(b))
		}
		return a > b
	}
	for i := range logits {
		ids = append(ids, i)
	}
	sort.SliceStable(ids, func(i, j int) bool { return before(logits[ids[i]], logits[ids[j]]) })
	ids = ids[:k]
	for _, id := range ids {
		if mode == ir.RouteAll {
			p = append(p, naiveSoftmax(logits, nil)[id])
		} else {
			p = append(p, logits[id])
		}
	}
	if mode == ir.RouteSelected {
		p = naiveSoftmax(p, nil)
	}
	return ids, p
}

func naiveMoELinear(kind string, x []float32, w *logical, ids []int) []float32 {
	var y []float32
	outputs, width := w.typ.Shape[1], w.typ.Shape[2]
	for j, id := range ids {
		part := x
		if len(x) != width {
			part = x[j*width : (j+1)*width]
		}
		y = append(y, naiveRows(kind, part, w, id*outputs, outputs)...)
	}
	return y
}

func naiveMoEBias(x []float32, bias [][]float32, ids []int) []float32 {
	var y []float32
	for _, id := range ids {
		for _, b := range bias[id] {
			y = append(y, x[len(y)]+b)
		}
	}
	return y
}

func naiveCombine(x, weights []float32) []float32 {
	y := make([]float32, len(x)/len(weights))
	for j, w := range weights {
		for n := range y {
			y[n] = y[n] + float32(w*x[j*len(y)+n])
		}
	}
	return y
}

func naiveClampedSwiGLU(gate, up, alpha, limit float32) float32 {
	if gate == gate {
		gate = min(gate, limit)
	}
	if up == up {
		up = max(min(up, limit), -limit)
	}
	sigmoid := gate / (1 + naiveExp(-float32(gate*alpha)))
	return float32(up+1) * sigmoid
}
