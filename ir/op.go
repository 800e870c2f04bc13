package ir

import "fmt"

// Op is an operation: everything that defines it in one place. Engines keep
// one row per operation in tables of their own, and a walker test over [Ops]
// names the row that is missing.
type Op struct {
	Name     string
	Doc      string   // the formula; docs/numerics.md has the order of rounding
	Operands []string // names, for messages and documentation
	Optional int      // how many of the last operands may be absent
	Attrs    []AttrSpec
	InPlace  bool // result 0 updates operand 0 in place

	// Infer returns the types of the results, or a precise error. The number
	// of operands and the attributes have been checked.
	Infer func(n *Node) ([]Type, error)
	// Cost counts the work of one execution.
	Cost func(n *Node) Cost
}

// Cost is the work of one execution of a node.
type Cost struct {
	Ops   int64 // arithmetic operations: a multiply-add counts as two
	Read  int64 // bytes of operands read, weights included
	Write int64 // bytes of results written
}

// Add is the sum of two costs.
func (c Cost) Add(d Cost) Cost {
	return Cost{c.Ops + d.Ops, c.Read + d.Read, c.Write + d.Write}
}

// Ops lists every operation.
func Ops() []*Op {
	return []*Op{
		Embed, RMSNorm, Linear, Rope, KVAppend, Attention, Add, Mul, SiLU, GELU, Softcap, Gather,
		RouterTopK, MoELinear, MoECombine, ClampedSwiGLU, Const, Call,
	}
}

// opByName returns the operation of that name, or nil.
func opByName(name string) *Op {
	for _, op := range Ops() {
		if op.Name == name {
			return op
		}
	}
	return nil
}

// elementwise is the cost of n operations on each element of the result.
func elementwise(ops int64) func(*Node) Cost {
	return func(n *Node) Cost {
		c := Cost{Ops: ops * int64(n.Results[0].Type.Elements())}
		for _, a := range n.Args {
			c.Read += a.Type.Bytes()
		}
		c.Write = n.Results[0].Type.Bytes()
		return c
	}
}

// want checks the element type and rank of operand i.
func want(n *Node, i int, elem Elem, rank int) error {
	t := n.Args[i].Type
	if t.Elem != elem || len(t.Shape) != rank {
		return fmt.Errorf("operand %s %%%s is %v, want %v of rank %d",
			n.Op.Operands[i], n.Args[i].Name, t, elem, rank)
	}
	return nil
}

// wantAll checks several operands, each given as its element type and rank.
// Operands that are absent pass.
func wantAll(n *Node, specs ...operandSpec) error {
	for i, s := range specs[:min(len(specs), len(n.Args))] {
		if err := want(n, i, s.elem, s.rank); err != nil {
			return err
		}
	}
	return nil
}

type operandSpec struct {
	elem Elem
	rank int
}

// sameType is the Infer of elementwise operations on float32.
func sameType(n *Node) ([]Type, error) {
	first := n.Args[0].Type
	if first.Elem != F32 {
		return nil, fmt.Errorf("operand %s %%%s is %v, want f32", n.Op.Operands[0], n.Args[0].Name, first)
	}
	for i, a := range n.Args {
		if !a.Type.Equal(first) {
			return nil, fmt.Errorf("operand %s %%%s is %v, want %v", n.Op.Operands[i], a.Name, a.Type, first)
		}
	}
	return []Type{first}, nil
}
