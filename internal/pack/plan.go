package pack

import (
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/ir"
)

// align is the alignment in bytes of every array that does not follow another
// of its stack: one cache line.
const align = 64

// Plan says where in weights.bin each array of each weight of a module lies.
type Plan struct {
	Size    int64
	Weights []Placed // in the order of the module's weights
	Stacks  []Stack
}

// Placed is a weight with its arrays' places.
type Placed struct {
	Weight *ir.Value
	Matrix bool // in the 64-lane layout
	Parts  []Part
	Offset []int64 // of each part
}

// Stack is a list of weights of one type that a private function takes as one
// parameter, call after call: part i of all of them is one dense array with a
// new first dimension, the index of the call.
type Stack struct {
	Weights []*ir.Value
}

// NewPlan places the weights of m. Weights of a stack lie one after the other,
// part by part, everything else in the order of declaration.
func NewPlan(m *ir.Module) (*Plan, error) {
	uses, err := findUses(m)
	if err != nil {
		return nil, err
	}
	p := &Plan{Weights: make([]Placed, len(m.Weights)), Stacks: uses.stacks}
	for i, w := range m.Weights {
		matrix := uses.matrix[w]
		if w.Type.Elem == ir.Block && !matrix {
			return nil, fmt.Errorf("pack: weight @%s is %v but no linear or embedding reads it", w.Name, w.Type)
		}
		if matrix && uses.plain[w] {
			return nil, fmt.Errorf("pack: weight @%s is read as a matrix and by another operation", w.Name)
		}
		parts := Parts(w.Type, matrix)
		p.Weights[i] = Placed{Weight: w, Matrix: matrix, Parts: parts, Offset: make([]int64, len(parts))}
	}
	for _, w := range m.Weights {
		switch stack := uses.stackOf[w]; {
		case stack == nil:
			p.place([]*ir.Value{w})
		case stack.Weights[0] == w:
			p.place(stack.Weights)
		}
	}
	return p, nil
}

// place puts the parts of equal weights one after the other.
func (p *Plan) place(weights []*ir.Value) {
	for i := range p.Weights[weights[0].Index].Parts {
		p.Size = (p.Size + align - 1) / align * align
		for _, w := range weights {
			placed := &p.Weights[w.Index]
			placed.Offset[i] = p.Size
			p.Size += placed.Parts[i].Bytes()
		}
	}
}

func (p *Plan) placed() []*Placed {
	all := make([]*Placed, len(p.Weights))
	for i := range p.Weights {
		all[i] = &p.Weights[i]
	}
	return all
}

// find returns the place of a weight.
func (p *Plan) find(w *ir.Value) (*Placed, error) {
	if w.Index >= len(p.Weights) || p.Weights[w.Index].Weight != w {
		return nil, fmt.Errorf("weight %q is not in the plan", w.Name)
	}
	return &p.Weights[w.Index], nil
}

// uses is what the functions of a module do with its weights.
type uses struct {
	matrix  map[*ir.Value]bool // read by linears and embeddings
	plain   map[*ir.Value]bool // read by other operations
	stacks  []Stack
	stackOf map[*ir.Value]*Stack
}

func findUses(m *ir.Module) (*uses, error) {
	u := &uses{matrix: map[*ir.Value]bool{}, plain: map[*ir.Value]bool{}, stackOf: map[*ir.Value]*Stack{}}
	for _, f := range m.Funcs {
		for _, n := range f.Nodes {
			u.mark(n)
		}
		if err := u.findStacks(f); err != nil {
			return nil, fmt.Errorf("pack: @%s: %w", f.Name, err)
		}
	}
	for i := range u.stacks {
		for _, w := range u.stacks[i].Weights {
			u.stackOf[w] = &u.stacks[i]
		}
	}
	return u, nil
}

// mark marks the operands of n by how it reads them. Callees stand before
// their callers, so their parameters are marked already.
func (u *uses) mark(n *ir.Node) {
	for i, a := range n.Args {
		switch {
		case n.Op == ir.Call:
			p := n.Callee.Params[i]
			u.matrix[a] = u.matrix[a] || u.matrix[p]
			u.plain[a] = u.plain[a] || u.plain[p]
		case i == 1 && (n.Op == ir.Linear || n.Op == ir.Embed || n.Op == ir.MoELinear):
			u.matrix[a] = true
		default:
			u.plain[a] = true
		}
	}
}

// findStacks finds the lists of weights that f passes for each parameter.
func (u *uses) findStacks(f *ir.Func) error {
	for _, c := range Calls(f) {
		for _, b := range c.Params {
			if b.Stack == nil || u.hasStack(b.Stack) {
				continue
			}
			if i := slices.IndexFunc(b.Stack, u.stacked); i >= 0 {
				return fmt.Errorf("weight @%s is passed to two parameters", b.Stack[i].Name)
			}
			u.stacks = append(u.stacks, Stack{b.Stack})
		}
	}
	return nil
}

func (u *uses) hasStack(weights []*ir.Value) bool {
	return slices.ContainsFunc(u.stacks, func(s Stack) bool { return slices.Equal(s.Weights, weights) })
}

func (u *uses) stacked(w *ir.Value) bool {
	return slices.ContainsFunc(u.stacks, func(s Stack) bool { return slices.Contains(s.Weights, w) })
}

// CallGroup is all calls of one private function in one caller.
type CallGroup struct {
	Callee *ir.Func
	Nodes  []*ir.Node
	Params []Binding // one for each parameter of the callee
}

// Binding is what the calls of a group pass for one parameter: the same
// weight each time (Shared), a different one each time (Stack), or values.
type Binding struct {
	Shared *ir.Value
	Stack  []*ir.Value
}

// Calls groups the calls in f by callee, in the order of the first call.
func Calls(f *ir.Func) []CallGroup {
	var groups []CallGroup
	for _, n := range f.Nodes {
		if n.Callee == nil {
			continue
		}
		i := slices.IndexFunc(groups, func(g CallGroup) bool { return g.Callee == n.Callee })
		if i < 0 {
			i = len(groups)
			groups = append(groups, CallGroup{Callee: n.Callee})
		}
		groups[i].Nodes = append(groups[i].Nodes, n)
	}
	for i := range groups {
		g := &groups[i]
		for p := range g.Callee.Params {
			g.Params = append(g.Params, bind(g.Nodes, p))
		}
	}
	return groups
}

func bind(calls []*ir.Node, param int) Binding {
	first := calls[0].Args[param]
	if first.Kind != ir.Weight {
		return Binding{}
	}
	var stack []*ir.Value
	for _, c := range calls {
		stack = append(stack, c.Args[param])
	}
	if len(stack) > 1 && !slices.ContainsFunc(stack, func(w *ir.Value) bool { return w != first }) {
		return Binding{Shared: first}
	}
	return Binding{Stack: stack}
}
