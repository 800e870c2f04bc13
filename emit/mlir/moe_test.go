package mlir_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// mixtures is a module of two layers, each a mixture of experts of every one
// of those types that shares nothing with the others.
type mixtures struct {
	rows, width, inner, experts, k int
	types                          []linearCase
}

type linearCase struct {
	kind  string
	elem  ir.Elem
	quant ir.Quant
}

func (c mixtures) module(t testing.TB) *ir.Module {
	const vocab, context = 16, 16
	b := ir.NewBuilder("mixtures")
	table := b.Weight("embed", ir.Tensor(ir.F32, vocab, c.width))
	head := b.Weight("head", ir.Tensor(ir.F32, 4, c.width))
	layer := c.layer(b)
	name := "decode"
	if c.rows > 1 {
		name = "prefill"
	}
	f := b.Func(name, false)
	tokens, pos := f.Param("tokens", ir.Tensor(ir.I32, c.rows)), f.Param("pos", ir.Tensor(ir.I32))
	kc := f.Param("kcache", ir.Tensor(ir.F32, 1, 1, 4, context))
	vc := f.Param("vcache", ir.Tensor(ir.F32, 1, context, 1, 4))
	x := f.Embed("embedding", tokens, table)
	y := x
	for i := range 2 {
		args := []*ir.Value{y}
		for j, p := range layer.Params[1:] {
			args = append(args, b.Weight(fmt.Sprintf("layers.%d.%d", i, j), p.Type))
		}
		y = f.Call(layer, []string{fmt.Sprintf("layers.%d", i)}, args...)[0]
	}
	index, kv := f.Const("index", 0), f.Linear("kv", x, head, ir.KindF32)
	kc = f.KVAppend("k", kc, kv, index, pos, ir.LayoutK)
	vc = f.KVAppend("v", vc, kv, index, pos, ir.LayoutV)
	f.Return(f.Linear("logits", f.Add("sum", x, y), table, ir.KindF32), kc, vc)
	m, err := b.Build()
	require.NoError(t, err)
	return m
}

func (c mixtures) layer(b *ir.Builder) *ir.Func {
	f := b.Func("mixture", true)
	x := f.Param("x", ir.Tensor(ir.F32, c.rows, c.width))
	router := f.Param("router", ir.Tensor(ir.F32, c.experts, c.width))
	upBias, downBias := f.Param("up_bias", ir.Tensor(ir.F32, c.experts, c.inner)), f.Param("down_bias", ir.Tensor(ir.F32, c.experts, c.width))
	logits := f.Linear("logits", x, router, ir.KindF32)
	y := x
	for i, l := range c.types {
		name := func(s string) string { return fmt.Sprintf("%d.%s", i, s) }
		stack := func(role string, out, in int) *ir.Value {
			return f.Param(name(role), ir.Type{Elem: l.elem, Quant: l.quant, Shape: []int{c.experts, out, in}})
		}
		weights, ids := f.RouterTopK(name("route"), logits, c.k, []string{ir.RouteSelected, ir.RouteAll}[i%2])
		up := f.MoELinear(name("up"), x, stack("up.weight", c.inner, c.width), ids, l.kind)
		act := f.ClampedSwiGLU(name("act"), up, f.BiasedMoELinear(name("biased"), x, stack("biased.weight", c.inner, c.width), ids, upBias, l.kind), 1.702, 7)
		down := f.BiasedMoELinear(name("down"), act, stack("down.weight", c.width, c.inner), ids, downBias, l.kind)
		y = f.Add(name("sum"), y, f.MoECombine(name("y"), down, weights))
	}
	return f.Return(y)
}

// TestMoEExact covers every form of linear in stacks of two layers, whole and
// short groups, outputs that fill their blocks of 64 or not, one row and
// several, one expert, some and all of them; rows at the edges of the
// definitions have routers with ties, infinite and NaN logits.
func TestMoEExact(t *testing.T) {
	for _, c := range []mixtures{
		{1, 88, 70, 5, 2, []linearCase{
			{kind: ir.KindF32, elem: ir.F32},
			{ir.KindA15, ir.Block, ir.Quant{Bits: 4, Group: 32, Scale: ir.F16, Zero: true}},
		}},
		{3, 40, 128, 4, 3, []linearCase{
			{kind: ir.KindF16, elem: ir.F16},
			{ir.KindA8, ir.Block, ir.Quant{Bits: 8, Group: 64, Scale: ir.F32}},
		}},
		{2, 36, 20, 2, 2, []linearCase{{ir.KindF32, ir.Block, ir.Quant{Bits: 4, Group: 32, Scale: ir.F16}}}},
		{1, 64, 64, 3, 1, []linearCase{
			{kind: ir.KindF32, elem: ir.BF16},
			{ir.KindA15, ir.Block, ir.Quant{Bits: 4, Group: 32, Scale: ir.F32, Min: true}},
		}},
	} {
		t.Run(fmt.Sprintf("rows=%d,width=%d", c.rows, c.width), func(t *testing.T) {
			t.Parallel()
			m := c.module(t)
			weights := randomWeights(m, 4)
			edgeRows(weights[m.Weights[0]])
			router := weights[m.Weights[2]] // of layer 0: one infinite weight, which times zero is NaN
			router.floats[len(router.floats)-1] = float32(math.Inf(1))
			var steps []step
			for first := 0; first < 12; first += c.rows {
				s := step{pos: first}
				for i := range c.rows {
					s.tokens = append(s.tokens, int32(first+i))
				}
				steps = append(steps, s)
			}
			checkExact(t, build(t, m, weights, "-O1"), m, weights, steps)
		})
	}
}
