package ir

import "fmt"

// Gather puts the elements of each row in another order: x f32[T,K] and order
// i32[K], a weight, to f32[T,K]. It serves linears whose weights have groups of
// inputs that are not consecutive: both are sorted by group.
var Gather = &Op{
	Name:     "gather",
	Doc:      "y[t,k] = x[t,order[k]]",
	Operands: []string{"x", "order"},
	Infer: func(n *Node) ([]Type, error) {
		if err := wantAll(n, operandSpec{F32, 2}, operandSpec{I32, 1}); err != nil {
			return nil, err
		}
		x, order := n.Args[0].Type, n.Args[1].Type
		if x.Shape[1] != order.Shape[0] {
			return nil, fmt.Errorf("an order of %d elements for rows of %d", order.Shape[0], x.Shape[1])
		}
		return []Type{x}, nil
	},
	Cost: elementwise(0),
}

// Gather adds the elements of x in that order.
func (f *FuncBuilder) Gather(name string, x, order *Value) *Value {
	return f.Node(Gather, name, nil, x, order)
}
