package ir

import "fmt"

// How the weights of the selected experts follow from the router's logits.
const (
	RouteAll      = "all"      // softmax over all experts: the selected ones add up to less than 1
	RouteSelected = "selected" // softmax over the selected experts alone; the same as RouteAll renormalized
)

// RouterTopK selects k experts for each token: logits f32[T,E] to weights
// f32[T,k] and ids i32[T,k], in descending order of the logits. Of equal
// logits the lower id comes first.
var RouterTopK = &Op{
	Name:     "router_topk",
	Doc:      "ids = the k largest logits; weights = their softmax",
	Operands: []string{"logits"},
	Attrs: []AttrSpec{
		{Name: "k", Like: int64(0), Doc: "experts of a token"},
		{Name: "softmax", Like: "", Doc: "all or selected"},
	},
	Infer: inferRouterTopK,
	Cost: func(n *Node) Cost {
		logits := n.Args[0].Type
		c := Cost{Ops: int64(logits.Elements()) * int64(n.Attrs.Int("k")+25), Read: logits.Bytes()}
		for _, r := range n.Results {
			c.Write += r.Type.Bytes()
		}
		return c
	},
}

func inferRouterTopK(n *Node) ([]Type, error) {
	if err := want(n, 0, F32, 2); err != nil {
		return nil, err
	}
	logits, k := n.Args[0].Type, n.Attrs.Int("k")
	if k < 1 || k > logits.Shape[1] {
		return nil, fmt.Errorf("%d experts selected of %d", k, logits.Shape[1])
	}
	if s := n.Attrs.Str("softmax"); s != RouteAll && s != RouteSelected {
		return nil, fmt.Errorf("softmax %q, want %s or %s", s, RouteAll, RouteSelected)
	}
	rows := logits.Shape[0]
	return []Type{Tensor(F32, rows, k), Tensor(I32, rows, k)}, nil
}

// MoELinear is a linear with the matrices of the selected experts: w [E,N,K],
// ids i32[T,k], optionally bias f32[E,N], and x f32[T,K] that all experts of a
// token read or f32[T,k*K] with a vector for each, to f32[T,k*N]: the k results
// of a token side by side. Each is what Linear gives with that expert's matrix
// and bias. Only the matrices of selected experts are read.
var MoELinear = &Op{
	Name:     "moe_linear",
	Doc:      "y[t,j] = x[t] * transpose(w[ids[t,j]]) + bias[ids[t,j]], as linear",
	Operands: []string{"x", "w", "ids", "bias"},
	Optional: 1,
	Attrs:    []AttrSpec{{Name: "kind", Like: "", Doc: "compute kind: f32, f16, a8 or a15"}},
	Infer:    inferMoELinear,
	Cost:     costMoELinear,
}

func inferMoELinear(n *Node) ([]Type, error) {
	if err := want(n, 0, F32, 2); err != nil {
		return nil, err
	}
	if err := want(n, 2, I32, 2); err != nil {
		return nil, err
	}
	x, w, ids := n.Args[0].Type, n.Args[1].Type, n.Args[2].Type
	k := ids.Shape[1]
	if len(w.Shape) != 3 || w.Elem == I8 || w.Elem == I32 {
		return nil, fmt.Errorf("weight is %v, want a stack of float or block-quantized matrices", w)
	}
	if ids.Shape[0] != x.Shape[0] || x.Shape[1] != w.Shape[2] && x.Shape[1] != k*w.Shape[2] {
		return nil, fmt.Errorf("weight %v and experts %v do not match rows of %v, one or %d vectors", w, ids, x, k)
	}
	if bias := Tensor(F32, w.Shape[:2]...); len(n.Args) > 3 && !n.Args[3].Type.Equal(bias) {
		return nil, fmt.Errorf("bias is %v, want %v", n.Args[3].Type, bias)
	}
	if kind := n.Attrs.Str("kind"); !kindTakes(kind, w.Elem) {
		return nil, fmt.Errorf("kind %q cannot take the weight %v", kind, w)
	}
	return []Type{Tensor(F32, x.Shape[0], k*w.Shape[1])}, nil
}

// costMoELinear counts the matrices that are read at most.
func costMoELinear(n *Node) Cost {
	x, w, ids, y := n.Args[0].Type, n.Args[1].Type, n.Args[2].Type, n.Results[0].Type
	expert := w.Expert()
	read := min(ids.Elements(), w.Shape[0])
	return Cost{
		Ops:   2 * int64(ids.Elements()) * int64(expert.Elements()),
		Read:  x.Bytes() + ids.Bytes() + int64(read)*expert.Bytes(),
		Write: y.Bytes(),
	}
}

// MoECombine adds the results of a token's experts by their weights: x
// f32[T,k*N], weights f32[T,k] to f32[T,N].
var MoECombine = &Op{
	Name:     "moe_combine",
	Doc:      "y[t] = sum over j of weights[t,j] * x[t,j], j ascending",
	Operands: []string{"x", "weights"},
	Infer: func(n *Node) ([]Type, error) {
		if err := wantAll(n, operandSpec{F32, 2}, operandSpec{F32, 2}); err != nil {
			return nil, err
		}
		x, w := n.Args[0].Type, n.Args[1].Type
		if x.Shape[0] != w.Shape[0] || x.Shape[1]%w.Shape[1] != 0 {
			return nil, fmt.Errorf("weights %v do not match %v", w, x)
		}
		return []Type{Tensor(F32, x.Shape[0], x.Shape[1]/w.Shape[1])}, nil
	},
	Cost: func(n *Node) Cost {
		x, w := n.Args[0].Type, n.Args[1].Type
		return Cost{Ops: 2 * int64(x.Elements()), Read: x.Bytes() + w.Bytes(), Write: n.Results[0].Type.Bytes()}
	},
}

// ClampedSwiGLU is the activation of gpt-oss, element by element (transformers,
// modeling_gpt_oss.py, GptOssExperts).
var ClampedSwiGLU = &Op{
	Name:     "clamped_swiglu",
	Doc:      "g = min(gate, limit), u = clamp(up, -limit, limit); y = (u + 1) * (g / (1 + exp(-(g*alpha))))",
	Operands: []string{"gate", "up"},
	Attrs: []AttrSpec{
		{Name: "alpha", Like: 0.0, Doc: "factor inside the sigmoid; rounded to float32"},
		{Name: "limit", Like: 0.0, Doc: "bound of both operands; rounded to float32"},
	},
	Infer: func(n *Node) ([]Type, error) {
		if limit := n.Attrs.Float("limit"); !(limit > 0) {
			return nil, fmt.Errorf("limit %g is not positive", limit)
		}
		return sameType(n)
	},
	Cost: elementwise(27),
}
