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

// GELU is the Gaussian error linear unit in its tanh form (Hendrycks and
// Gimpel, 2016), written with exp: (1 + tanh(u))/2 = 1 / (1 + exp(-2u)).
var GELU = &Op{
	Name:     "gelu",
	Doc:      "y = x / (1 + exp(-2u)), u = sqrt(2/pi) * (x + 0.044715*x^3)",
	Operands: []string{"x"},
	Infer:    sameType,
	Cost:     elementwise(28),
}

// Softcap limits x softly to -cap..cap (Gemma 2).
var Softcap = &Op{
	Name:     "softcap",
	Doc:      "y = cap * tanh(x / cap), tanh by docs/numerics.md",
	Operands: []string{"x"},
	Attrs:    []AttrSpec{{Name: "cap", Like: 0.0, Doc: "the limit; rounded to float32"}},
	Infer: func(n *Node) ([]Type, error) {
		if limit := n.Attrs.Float("cap"); limit <= 0 {
			return nil, fmt.Errorf("cap %g is not positive", limit)
		}
		return sameType(n)
	},
	Cost: elementwise(tanhOps + 2),
}

// tanhOps are the operations of one tanh.
const tanhOps = 40

// Const is an integer scalar: the index of a layer.
var Const = &Op{
	Name:  "const",
	Doc:   "y = value",
	Attrs: []AttrSpec{{Name: "value", Like: int64(0), Doc: "the integer, of 32 bits"}},
	Infer: func(n *Node) ([]Type, error) {
		if v := n.Attrs.Int("value"); v != int(int32(v)) {
			return nil, fmt.Errorf("value %d does not fit 32 bits", v)
		}
		return []Type{Tensor(I32)}, nil
	},
	Cost: func(*Node) Cost { return Cost{} },
}
