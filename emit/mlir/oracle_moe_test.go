package mlir_test

import (
	"math"

	"github.com/lpuctl/lpuctl/ir"
)

// oracleRoute takes the best expert that is left, k times.
func oracleRoute(n *ir.Node, logits []float32) value {
	var out value
	experts, k := n.Args[0].Type.Shape[1], n.Attrs.Int("k")
	for ; len(logits) > 0; logits = logits[experts:] {
		x := logits[:experts]
		ids := oracleTopK(x, k)
		p := make([]float32, k)
		for j, id := range ids {
			p[j] = x[id]
		}
		if n.Attrs.Str("softmax") == ir.RouteSelected {
			oracleSoftmax(p, nil)
		} else {
			all := append([]float32(nil), x...)
			oracleSoftmax(all, nil)
			for j, id := range ids {
				p[j] = all[id]
			}
		}
		out.floats, out.ids = append(out.floats, p...), append(out.ids, ids...)
	}
	return out
}

func oracleTopK(x []float32, k int) []int32 {
	taken := map[int]bool{}
	var ids []int32
	for range k {
		best := -1
		for i, v := range x {
			if !taken[i] && (best < 0 || oracleLarger(v, x[best])) {
				best = i
			}
		}
		taken[best], ids = true, append(ids, int32(best))
	}
	return ids
}

// oracleLarger has NaN above all numbers and +0 above -0.
func oracleLarger(a, b float32) bool {
	if a == 0 && b == 0 {
		return math.Float32bits(a) < math.Float32bits(b)
	}
	return a > b || a != a && b == b
}

func oracleMoELinear(n *ir.Node, in []value) []float32 {
	ids, width := in[2].ids, n.Args[1].Type.Shape[2]
	k := len(ids) / n.Args[0].Type.Shape[0]
	var y []float32
	for slot, id := range ids {
		row := slot
		if n.Args[0].Type.Shape[1] == width {
			row = slot / k
		}
		x := in[0].floats[row*width : (row+1)*width]
		for i, v := range oracleLinear(x, in[1].weight.expert(int(id)), n.Attrs.Str("kind")) {
			if len(in) > 3 {
				v += in[3].weight.expert(int(id)).floats[i]
			}
			y = append(y, v)
		}
	}
	return y
}

func oracleCombine(n *ir.Node, in []value) []float32 {
	k, width := n.Args[1].Type.Shape[1], n.Results[0].Type.Shape[1]
	y := make([]float32, n.Results[0].Type.Elements())
	for i, v := range in[0].floats {
		slot := i / width
		y[slot/k*width+i%width] += float32(in[1].floats[slot] * v)
	}
	return y
}

func oracleClamped(gate, up, alpha, limit float32) float32 {
	if gate > limit {
		gate = limit
	}
	if math.Abs(float64(up)) > float64(limit) {
		up = float32(math.Copysign(float64(limit), float64(up)))
	}
	return (up + 1) * (gate / (1 + oracleExp(-(gate * alpha))))
}
