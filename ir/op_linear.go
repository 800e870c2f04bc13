package ir

import "fmt"

// The compute kinds of a linear; docs/numerics.md defines them.
const (
	KindF32 = "f32" // float32 activations and weights
	KindF16 = "f16" // both rounded to float16, products and sums in float32
	KindA8  = "a8"  // int8 activations per group, integer weights
	KindA15 = "a15" // 15-bit activations per group, integer weights
)

// Kinds lists the compute kinds.
func Kinds() []string { return []string{KindF32, KindA8, KindA15, KindF16} }

// Linear is a matrix product with a weight [N,K]: x f32[T,K] to f32[T,N]. The
// bias f32[N], if there is one, is added at the end. Kinds a8 and a15 need a block-quantized weight, kind f16 a float16 or a
// block-quantized one, kind f32 takes any.
var Linear = &Op{
	Name:     "linear",
	Doc:      "y = x * transpose(w) + bias, one accumulator per output, k (or groups) ascending, the bias last",
	Operands: []string{"x", "w", "bias"},
	Optional: 1,
	Attrs:    []AttrSpec{{Name: "kind", Like: "", Doc: "compute kind: f32, f16, a8 or a15"}},
	Infer:    inferLinear,
	Cost:     costLinear,
}

func inferLinear(n *Node) ([]Type, error) {
	if err := want(n, 0, F32, 2); err != nil {
		return nil, err
	}
	x, w := n.Args[0].Type, n.Args[1].Type
	if err := checkMatrix(w); err != nil {
		return nil, err
	}
	if w.Shape[1] != x.Shape[1] {
		return nil, fmt.Errorf("weight %v does not match rows of %v", w, x)
	}
	if kind := n.Attrs.Str("kind"); !kindTakes(kind, w.Elem) {
		return nil, fmt.Errorf("kind %q cannot take the weight %v", kind, w)
	}
	if len(n.Args) > 2 && !n.Args[2].Type.Equal(Tensor(F32, w.Shape[0])) {
		return nil, fmt.Errorf("bias %v does not match the %d outputs", n.Args[2].Type, w.Shape[0])
	}
	return []Type{Tensor(F32, x.Shape[0], w.Shape[0])}, nil
}

// checkMatrix accepts what a linear or an embedding reads as [rows, columns].
func checkMatrix(t Type) error {
	if len(t.Shape) != 2 || t.Elem == I8 || t.Elem == I32 {
		return fmt.Errorf("weight is %v, want a float or block-quantized matrix", t)
	}
	return nil
}

func kindTakes(kind string, weight Elem) bool {
	switch kind {
	case KindF32:
		return true
	case KindF16:
		return weight == F16 || weight == Block
	case KindA8, KindA15:
		return weight == Block
	}
	return false
}

func costLinear(n *Node) Cost {
	x, w, y := n.Args[0].Type, n.Args[1].Type, n.Results[0].Type
	c := Cost{
		Ops:   2 * int64(x.Shape[0]) * int64(w.Elements()),
		Read:  x.Bytes() + w.Bytes(),
		Write: y.Bytes(),
	}
	if len(n.Args) > 2 {
		c.Ops += int64(y.Elements())
		c.Read += n.Args[2].Type.Bytes()
	}
	return c
}

// Embed looks rows up: ids i32[T], table [V,H] to f32[T,H]. An id outside
// 0..V-1 is the caller's error; engines refuse it.
var Embed = &Op{
	Name:     "embed",
	Doc:      "y[t] = table[ids[t]] * scale, dequantized to float32",
	Operands: []string{"ids", "table"},
	Attrs:    []AttrSpec{{Name: "scale", Like: 0.0, Doc: "rounded to float32; absent: no product", Optional: true}},
	Infer: func(n *Node) ([]Type, error) {
		if err := want(n, 0, I32, 1); err != nil {
			return nil, err
		}
		table := n.Args[1].Type
		if err := checkMatrix(table); err != nil {
			return nil, err
		}
		return []Type{Tensor(F32, n.Args[0].Type.Shape[0], table.Shape[1])}, nil
	},
	Cost: func(n *Node) Cost {
		b := n.Results[0].Type.Bytes()
		return Cost{Read: b, Write: b}
	},
}
