package ir

import "fmt"

// Add is y = a + b, element by element.
var Add = &Op{
	Name:     "add",
	Doc:      "y = a + b",
	Operands: []string{"a", "b"},
	Infer:    sameType,
	Cost:     elementwise(1),
}

// Mul is y = a * b, element by element.
var Mul = &Op{
	Name:     "mul",
	Doc:      "y = a * b",
	Operands: []string{"a", "b"},
	Infer:    sameType,
	Cost:     elementwise(1),
}

// SiLU is the sigmoid linear unit.
var SiLU = &Op{
	Name:     "silu",
	Doc:      "y = x / (1 + exp(-x)), exp by docs/numerics.md",
	Operands: []string{"x"},
	Infer:    sameType,
	Cost:     elementwise(22),
}

// Const is an integer scalar: the index of a layer.
var Const = &Op{
	Name:  "const",
	Doc:   "y = value",
	Attrs: []AttrSpec{{"value", int64(0), "the integer, of 32 bits"}},
	Infer: func(n *Node) ([]Type, error) {
		if v := n.Attrs.Int("value"); v != int(int32(v)) {
			return nil, fmt.Errorf("value %d does not fit 32 bits", v)
		}
		return []Type{Tensor(I32)}, nil
	},
	Cost: func(*Node) Cost { return Cost{} },
}
