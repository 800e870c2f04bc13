package mlir

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// lowering writes the operations that compute a node, and binds its results.
type lowering func(f *function, n *ir.Node)

// lowerings has one row for each operation.
func lowerings() map[*ir.Op]lowering {
	return map[*ir.Op]lowering{
		ir.Embed:     lowerEmbed,
		ir.RMSNorm:   lowerRMSNorm,
		ir.Linear:    lowerLinear,
		ir.Rope:      lowerRope,
		ir.KVAppend:  lowerKVAppend,
		ir.Attention: lowerAttention,
		ir.Add:       lowerAdd,
		ir.Mul:       lowerMul,
		ir.SiLU:      lowerSiLU,
		ir.GELU:      lowerGELU,
		ir.Softcap:   lowerSoftcap,
		ir.Gather:    lowerGather,
		ir.Const:     lowerConst,
		ir.Call:      lowerCall,

		ir.RouterTopK:    lowerRouterTopK,
		ir.MoELinear:     lowerMoELinear,
		ir.MoECombine:    lowerMoECombine,
		ir.ClampedSwiGLU: lowerClampedSwiGLU,
	}
}

// function is the lowering of one ir function.
type function struct {
	*writer
	tensors    map[*ir.Value]tensor
	indices    map[*ir.Value]string // integer scalars, as index values
	weights    map[*ir.Value]weight
	rounded    map[activationKey]tensor
	quantized  map[activationKey]quantized
	signatures map[*ir.Func]*signature // of the functions that an entry may call
	arrays     *arrays                 // of an entry
	storage
	calls map[*ir.Func]int // calls so far, by callee
	trace *tracer          // nil without a trace
	err   error            // the first
}

// weight is how a function sees a weight.
type weight struct {
	typ   ir.Type
	parts []tensor // as pack.Parts: data, scale, zero point
	// Indices in first dimensions of the parts, "" if they have none: of a
	// stack of calls, then of a stack of experts.
	stack, expert string
	bias          *tensor // f32[N] that is added to products, nil for none
}

// at is the window of a part at the leading indices, which follow those of the
// stacks.
func (m weight) at(part int, leading ...any) window {
	if m.expert != "" {
		leading = append([]any{m.expert}, leading...)
	}
	if m.stack != "" {
		leading = append([]any{m.stack}, leading...)
	}
	return element(m.parts[part], leading...)
}

// of is the matrix of one expert.
func (m weight) of(expert string) weight {
	m.typ, m.expert = m.typ.Expert(), expert
	return m
}

func (f *function) fail(n *ir.Node, format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("%%%s = %s: %s", n.Path(), n.Op.Name, fmt.Sprintf(format, args...))
	}
}

// lower writes the nodes of an ir function.
func (f *function) lower(fn *ir.Func) error {
	table := lowerings()
	f.lastUse = lastUses(fn)
	for _, n := range fn.Nodes {
		row := table[n.Op]
		if row == nil {
			return fmt.Errorf("%%%s: operation %s has no lowering", n.Path(), n.Op.Name)
		}
		f.loc = n.Path()
		row(f, n)
		if f.err != nil {
			return f.err
		}
		if f.trace != nil {
			f.record(n)
		}
		f.release(n)
	}
	f.loc = ""
	return nil
}

// set binds the only result of n.
func (f *function) set(n *ir.Node, t tensor) { f.tensors[n.Results[0]] = t }

// matrix is the weight that n reads as a matrix, its operand 1.
func (f *function) matrix(n *ir.Node) (weight, bool) {
	m, ok := f.weights[n.Args[1]]
	if !ok {
		f.fail(n, "operand %v is a value, want a weight", n.Args[1])
	}
	return m, ok
}

// arg is operand i of n, a value or a weight in its own shape.
func (f *function) arg(n *ir.Node, i int) tensor {
	v := n.Args[i]
	m, isWeight := f.weights[v]
	switch {
	case !isWeight:
		return f.tensors[v]
	case m.stack == "":
		return m.parts[0]
	}
	return f.slice(m.parts[0], m.at(0))
}

// elemText is the MLIR name of an element type.
func elemText(e ir.Elem) string { return e.String() }

// partTensor is the type of n stacked arrays, or of one if n is 0.
func partTensor(p pack.Part, n int) tensor {
	t := tensor{elem: elemText(p.Elem), shape: p.Shape}
	if n > 0 {
		t.shape = append([]int{n}, p.Shape...)
	}
	return t
}
