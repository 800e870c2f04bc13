package reference

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// randomModule is a straight line of operations on values of several widths
// that stay alive for long, with calls of a function that gives its argument
// back beside a new value.
func randomModule(t *testing.T, r *rand.Rand) *ir.Module {
	return moduleOf(t, 3, ir.Tensor(ir.F32, 3, 8), func(b *ir.Builder) body {
		w := map[[2]int]*ir.Value{}
		for _, in := range []int{8, 24, 40} {
			for _, out := range []int{8, 24, 40} {
				w[[2]int{in, out}] = b.Weight(fmt.Sprintf("w%d.%d", in, out), ir.Tensor(ir.F32, out, in))
			}
		}
		seed := r.Uint64()
		return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
			callee := passThrough(b, fmt.Sprintf("pass_%d", x.Type.Shape[0]), x.Type)
			return randomNodes(f, callee, x, w, rand.New(rand.NewPCG(seed, 1)))
		}
	})
}

func passThrough(b *ir.Builder, name string, t ir.Type) *ir.Func {
	f := b.Func(name, true)
	x := f.Param("x", t)
	return f.Return(f.Add("twice", x, x), x)
}

func randomNodes(f *ir.FuncBuilder, callee *ir.Func, x *ir.Value, w map[[2]int]*ir.Value, r *rand.Rand) *ir.Value {
	values := []*ir.Value{x}
	for i := range 30 {
		name := fmt.Sprintf("n%d", i)
		at := r.IntN(len(values))
		a := values[at]
		width := a.Type.Shape[1]
		switch r.IntN(4) {
		case 0:
			values = append(values, f.SiLU(name, a))
		case 1:
			values = append(values, f.Mul(name, a, a))
		case 2:
			if width == 8 { // the argument is gone, its memory is the second result's
				out := f.Call(callee, []string{name, name + ".same"}, a)
				values[at] = out[1]
				values = append(values, out[0])
			}
		default:
			out := []int{8, 24, 40}[r.IntN(3)]
			values = append(values, f.Linear(name, a, w[[2]int{width, out}], ir.KindF32))
		}
	}
	last := values[len(values)-1]
	return f.Linear("y", last, w[[2]int{last.Type.Shape[1], 8}], ir.KindF32)
}

// TestRandomGraphs compares random graphs with the oracle, which has no memory
// plan, and checks the plan itself.
func TestRandomGraphs(t *testing.T) {
	for seed := range uint64(40) {
		m := randomModule(t, rand.New(rand.NewPCG(seed, 2)))
		requireOracle(t, m, randomWeights(m, nil), allRows(3)...)
		requirePlan(t, m.Func("prefill"))
	}
}

// requirePlan checks that values that are needed at the same time never share
// memory, unless one is made of the other in place.
func requirePlan(t *testing.T, f *ir.Func) {
	b := &bodyBuilder{values: map[*ir.Value]*value{}}
	b.plan(f)
	for i, n := range f.Nodes {
		for _, r := range n.Results {
			for v := range b.values {
				if v.Kind != ir.Result || v == r || !needed(f, v, i) || b.values[v] == b.values[r] {
					continue
				}
				require.False(t, overlap(b.values[v].f, b.values[r].f), "%s and %s", v.Name, r.Name)
			}
		}
	}
}

// needed reports whether v exists before node i and is used by it or later,
// itself or under another name.
func needed(f *ir.Func, v *ir.Value, i int) bool {
	uses := 0
	for j, n := range f.Nodes {
		if n == v.Def && j > i {
			return false
		}
		for k, a := range n.Args {
			if a != v || j < i {
				continue
			}
			uses++
			for l, r := range n.Results {
				if n.Tied(l) == k && needed(f, r, j+1) {
					uses++
				}
			}
		}
	}
	for _, r := range f.Results {
		if r == v {
			uses++
		}
	}
	return uses > 0
}

func overlap(a, b []float32) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	p, q := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0]))
	return p < q+uintptr(4*len(b)) && q < p+uintptr(4*len(a))
}

// TestPlanReusesMemory holds the peak of a long chain to two values.
func TestPlanReusesMemory(t *testing.T) {
	m := moduleOf(t, 1, ir.Tensor(ir.F32, 1, 16), func(*ir.Builder) body {
		return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
			for i := range 50 {
				x = f.SiLU(fmt.Sprintf("n%d", i), x)
			}
			return x
		}
	})
	f := m.Func("decode")
	b := &bodyBuilder{values: map[*ir.Value]*value{}}
	b.plan(f)
	addresses := map[*float32]bool{}
	for _, n := range f.Nodes {
		addresses[&b.values[n.Results[0]].f[0]] = true
	}
	require.Len(t, addresses, 2)
}
