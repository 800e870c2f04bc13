package mlir

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// signature is how a private function is called: weights that differ from
// call to call arrive as whole stacks, followed by the index of the call.
type signature struct {
	fn     *ir.Func
	params []parameter
	caller *ir.Func // the only one
}

// parameter is one of the ir function's parameters: a value, or a weight as
// its parts. A stack is nil unless the weight is one of a stack.
type parameter struct {
	value  *ir.Value
	weight *ir.Value // the first of the stack
	stack  []*ir.Value
	parts  []pack.Part
}

// signatures finds how the entry calls private functions.
func signatures(e *entry, plan *pack.Plan, into map[*ir.Func]*signature) error {
	for _, g := range pack.Calls(e.fn) {
		if s := into[g.Callee]; s != nil {
			return fmt.Errorf("@%s is called by @%s already", g.Callee.Name, s.caller.Name)
		}
		s := &signature{fn: g.Callee, caller: e.fn}
		for i, b := range g.Params {
			p, err := newParameter(g.Callee.Params[i], b, plan)
			if err != nil {
				return fmt.Errorf("@%s: %w", g.Callee.Name, err)
			}
			s.params = append(s.params, p)
		}
		into[g.Callee] = s
	}
	return nil
}

func newParameter(v *ir.Value, b pack.Binding, plan *pack.Plan) (parameter, error) {
	p := parameter{value: v, weight: b.Shared, stack: b.Stack}
	if b.Stack != nil {
		p.weight = b.Stack[0]
	}
	if p.weight == nil {
		if v.Type.Elem == ir.Block {
			return p, fmt.Errorf("parameter %v is %v but not a weight", v, v.Type)
		}
		return p, nil
	}
	placed := plan.Weights[p.weight.Index]
	p.parts = placed.Parts
	return p, checkStack(b.Stack, plan)
}

// checkStack checks that each part of the stack is one dense array.
func checkStack(stack []*ir.Value, plan *pack.Plan) error {
	for i, w := range stack {
		if w.Kind != ir.Weight {
			return fmt.Errorf("call %d passes %v where others pass a weight", i, w)
		}
		first, placed := plan.Weights[stack[0].Index], plan.Weights[w.Index]
		for part, offset := range placed.Offset {
			if want := first.Offset[part] + int64(i)*first.Parts[part].Bytes(); offset != want {
				return fmt.Errorf("part %d of weight %v is at %d, want %d: not stacked", part, w, offset, want)
			}
		}
	}
	return nil
}

// array is one argument of an entry's core: a part of a weight or of a stack.
type array struct {
	tensor
	offset int64 // in weights.bin
}

// arrays are the weights that an entry uses, in the order of their first use.
type arrays struct {
	plan  *pack.Plan
	list  []array
	first map[arrayKey]int // index in list of the first part
}

type arrayKey struct {
	weight *ir.Value
	depth  int
}

// add gives the parts of a weight (depth 0) or a stack as arguments of the core.
func (a *arrays) add(w *ir.Value, depth int) []tensor {
	placed := a.plan.Weights[w.Index]
	first, known := a.first[arrayKey{w, depth}]
	if !known {
		first = len(a.list)
		a.first[arrayKey{w, depth}] = first
		for i, part := range placed.Parts {
			t := partTensor(part, depth)
			t.name = fmt.Sprintf("%%w%d", len(a.list))
			a.list = append(a.list, array{t, placed.Offset[i]})
		}
	}
	parts := make([]tensor, len(placed.Parts))
	for i := range parts {
		parts[i] = a.list[first+i].tensor
	}
	return parts
}
