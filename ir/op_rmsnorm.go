package ir

import "fmt"

// RMSNorm normalizes each row by its root mean square (Zhang and Sennrich,
// 2019): x f32[T,H], w f32[H] to f32[T,H].
var RMSNorm = &Op{
	Name:     "rms_norm",
	Doc:      "y = (x * (1/sqrt(sum(x*x)/H + eps))) * w",
	Operands: []string{"x", "w"},
	Attrs:    []AttrSpec{{"eps", 0.0, "added to the mean square; rounded to float32"}},
	Infer:    inferRMSNorm,
	Cost:     elementwise(4),
}

func inferRMSNorm(n *Node) ([]Type, error) {
	if err := wantAll(n, operandSpec{F32, 2}, operandSpec{F32, 1}); err != nil {
		return nil, err
	}
	x, w := n.Args[0].Type, n.Args[1].Type
	if w.Shape[0] != x.Shape[1] {
		return nil, fmt.Errorf("weight %v does not match rows of %v", w, x)
	}
	if eps := n.Attrs.Float("eps"); eps < 0 {
		return nil, fmt.Errorf("eps %g is negative", eps)
	}
	return []Type{x}, nil
}
