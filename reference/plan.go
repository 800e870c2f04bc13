package reference

import (
	"slices"

	"github.com/lpuctl/lpuctl/ir"
)

// plan gives every value of a function its memory. Activations share one
// arena, in which the space of a value is used again after its last use; a
// value that updates another in place is the other.
func (b *bodyBuilder) plan(f *ir.Func) {
	for _, p := range f.Params {
		b.values[p] = &value{}
	}
	last := lastUses(f)
	var memory arena
	offset := map[*ir.Value]int{}
	for i, n := range f.Nodes {
		for j, r := range n.Results {
			if operand := n.Tied(j); operand >= 0 {
				b.values[r] = b.value(n.Args[operand])
				continue
			}
			b.values[r] = &value{}
			if r.Type.Elem == ir.F32 {
				offset[r] = memory.take(r.Type.Elements())
			}
		}
		for _, v := range dying(n, i, last) {
			if at, ok := offset[v]; ok {
				memory.give(at, v.Type.Elements())
			}
		}
	}
	floats := make([]float32, memory.size)
	for v, at := range offset {
		end := at + v.Type.Elements()
		b.values[v].f = floats[at:end:end]
	}
}

// storage is the value in whose memory v is: v itself, unless a node made it by
// updating an operand or a callee returned its argument.
func storage(v *ir.Value) *ir.Value {
	for v.Def != nil && v.Def.Tied(v.Index) >= 0 {
		v = v.Def.Args[v.Def.Tied(v.Index)]
	}
	return v
}

// lastUses is the index of the last node that uses the memory of each value;
// results of the function live past the end.
func lastUses(f *ir.Func) map[*ir.Value]int {
	last := map[*ir.Value]int{}
	for i, n := range f.Nodes {
		for _, v := range slices.Concat(n.Args, n.Results) {
			last[storage(v)] = i
		}
	}
	for _, r := range f.Results {
		last[storage(r)] = len(f.Nodes)
	}
	return last
}

// dying lists the memory whose last use is node n at index i, each once.
func dying(n *ir.Node, i int, last map[*ir.Value]int) []*ir.Value {
	var dead []*ir.Value
	for _, v := range slices.Concat(n.Args, n.Results) {
		if v = storage(v); last[v] == i && !slices.Contains(dead, v) {
			dead = append(dead, v)
		}
	}
	return dead
}

// arena is a plan of memory: the first gap that is large enough is used.
type arena struct {
	size int
	gaps []span // by offset, never adjacent
}

type span struct{ at, size int }

func (a *arena) take(n int) int {
	for i, g := range a.gaps {
		if g.size < n {
			continue
		}
		if g.size == n {
			a.gaps = slices.Delete(a.gaps, i, i+1)
		} else {
			a.gaps[i] = span{g.at + n, g.size - n}
		}
		return g.at
	}
	at := a.size
	a.size += n
	return at
}

func (a *arena) give(at, n int) {
	i, _ := slices.BinarySearchFunc(a.gaps, at, func(g span, at int) int { return g.at - at })
	a.gaps = slices.Insert(a.gaps, i, span{at, n})
	if i+1 < len(a.gaps) && at+n == a.gaps[i+1].at {
		a.gaps[i].size += a.gaps[i+1].size
		a.gaps = slices.Delete(a.gaps, i+1, i+2)
	}
	if i > 0 && a.gaps[i-1].at+a.gaps[i-1].size == at {
		a.gaps[i-1].size += a.gaps[i].size
		a.gaps = slices.Delete(a.gaps, i, i+1)
	}
}
