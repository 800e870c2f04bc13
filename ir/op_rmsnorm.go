package ir

import "fmt"

// RMSNorm normalizes by the root mean square (Zhang and Sennrich, 2019): x
// f32[T,H], w f32[D] to f32[T,H]. Each run of D elements of a row is normalized
// by itself: the whole row if D is H, a head if D is the head dimension.
var RMSNorm = &Op{
	Name:     "rms_norm",
	Doc:      "y = (x * (1/sqrt(sum(x*x)/D + eps))) * w",
	Operands: []string{"x", "w"},
	Attrs:    []AttrSpec{{Name: "eps", Like: 0.0, Doc: "added to the mean square; rounded to float32"}},
	Infer:    inferRMSNorm,
	Cost:     elementwise(4),
}

func inferRMSNorm(n *Node) ([]Type, error) {
	if err := wantAll(n, operandSpec{F32, 2}, operandSpec{F32, 1}); err != nil {
		return nil, err
	}
	x, w := n.Args[0].Type, n.Args[1].Type
	if x.Shape[1]%w.Shape[0] != 0 {
		return nil, fmt.Errorf("weight %v does not match rows of %v", w, x)
	}
	if eps := n.Attrs.Float("eps"); eps < 0 {
		return nil, fmt.Errorf("eps %g is negative", eps)
	}
	return []Type{x}, nil
}
