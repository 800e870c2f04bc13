package reference

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/trace"
	"github.com/lpuctl/lpuctl/ir"
)

// moe is a mixture of experts over rows of width inputs.
type moe struct {
	experts, k, width, inner int
	softmax, kind            string
	weight                   func(experts, out, in int) ir.Type
}

// declare adds every operation of a mixture: experts with gate, up and down
// and their biases.
func (s moe) declare(b *ir.Builder) body {
	router := b.Weight("router", ir.Tensor(ir.F32, s.experts, s.width))
	gate, up := b.Weight("gate", s.weight(s.experts, s.inner, s.width)), b.Weight("up", s.weight(s.experts, s.inner, s.width))
	down := b.Weight("down", s.weight(s.experts, s.width, s.inner))
	bias, downBias := b.Weight("bias", ir.Tensor(ir.F32, s.experts, s.inner)), b.Weight("down_bias", ir.Tensor(ir.F32, s.experts, s.width))
	return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
		weights, ids := f.RouterTopK("route", f.Linear("router", x, router, ir.KindF32), s.k, s.softmax)
		g := f.BiasedMoELinear("gate", x, gate, ids, bias, s.kind)
		act := f.ClampedSwiGLU("act", g, f.MoELinear("up", x, up, ids, s.kind), 1.702, 7)
		return f.MoECombine("y", f.BiasedMoELinear("down", act, down, ids, downBias, s.kind), weights)
	}
}

func (s moe) String() string {
	return fmt.Sprintf("%d of %d experts, %s %s %v", s.k, s.experts, s.softmax, s.kind, s.weight(s.experts, s.inner, s.width))
}

func floatExperts(e ir.Elem) func(experts, out, in int) ir.Type {
	return func(experts, out, in int) ir.Type { return ir.Tensor(e, experts, out, in) }
}

func quantizedExperts(q ir.Quant) func(experts, out, in int) ir.Type {
	return func(experts, out, in int) ir.Type { return ir.QuantizedExperts(q, experts, out, in) }
}

// mixtures cover every kind and weight type: one, some and all experts, outputs
// that fill blocks of 64 or not, short groups.
func mixtures() []moe {
	all := []moe{
		{4, 1, 40, 70, ir.RouteAll, ir.KindF32, floatExperts(ir.F32)},
		{5, 3, 20, 64, ir.RouteSelected, ir.KindF32, floatExperts(ir.BF16)},
		{3, 3, 64, 130, ir.RouteSelected, ir.KindF16, floatExperts(ir.F16)},
	}
	for i, q := range quants() {
		kind, mode := ir.Kinds()[(i+i/4)%4], []string{ir.RouteAll, ir.RouteSelected}[i%2]
		all = append(all, moe{6, 2, 36, 100, mode, kind, quantizedExperts(q)})
	}
	return all
}

// TestMoE compares a mixture with the oracle: rows at once and one by one, with
// activations of every class.
func TestMoE(t *testing.T) {
	for _, s := range mixtures() {
		t.Run(s.String(), func(t *testing.T) {
			x := oddActivations(s.width)
			m := moduleOf(t, len(x.floats), x.typ, s.declare)
			requireOracle(t, m, randomWeights(m, logicals{"x": x}), allRows(len(x.floats))...)
		})
	}
}

// TestRouterTopK routes by logits that are ties, zeros of both signs, infinite
// or NaN.
func TestRouterTopK(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	negativeZero := float32(math.Copysign(0, -1))
	logits := [][]float32{
		{1, 1, 1, 1, 1},
		{0, negativeZero, 0, negativeZero, 0},
		{negativeZero, 0, 1, -1, 0},
		{nan, 1, 2, 3, nan},
		{1, nan, -nan, nan, nan},
		{-inf, inf, 0, inf, -inf},
		{-inf, -inf, -inf, -inf, -inf},
		{3, 5, 4, 5, 1},
		{100, -100, 99, 0, 98},
		{1e-40, -1e-40, 2e-40, 0, -2e-40},
	}
	for _, mode := range []string{ir.RouteAll, ir.RouteSelected} {
		for k := 1; k <= 5; k++ {
			t.Run(fmt.Sprint(mode, " ", k), func(t *testing.T) {
				x := &logical{typ: ir.Tensor(ir.F32, len(logits), 5), floats: logits}
				m := moduleOf(t, len(logits), x.typ, func(b *ir.Builder) body {
					w, bias := b.Weight("w", ir.Tensor(ir.F32, 5, 2, 5)), b.Weight("bias", ir.Tensor(ir.F32, 5, 2))
					return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
						weights, ids := f.RouterTopK("route", x, k, mode)
						return f.MoECombine("sum", f.BiasedMoELinear("y", x, w, ids, bias, ir.KindF32), weights)
					}
				})
				requireOracle(t, m, randomWeights(m, logicals{"x": x}), allRows(len(logits))...)
			})
		}
	}
}

// TestRouteOrder holds the order of selection itself.
func TestRouteOrder(t *testing.T) {
	ids := make([]int32, 4)
	topK(ids, []float32{2, 3, 3, float32(math.NaN()), 1, 3})
	require.Equal(t, []int32{3, 1, 2, 5}, ids)
}

// TestClampedSwiGLU and TestRouteWeights hold the checks of docs/numerics.md.
func TestClampedSwiGLU(t *testing.T) {
	for _, c := range []struct {
		gate, up float32
		want     uint32
	}{{1, 1, 0x3FD88613}, {-2, 0.5, 0xBDC5A81E}, {10, -10, 0xC227FFB6}, {-10, 3, 0xB5D9DC2B}} {
		require.Equal(t, c.want, math.Float32bits(clampedSwiGLU(c.gate, c.up, 1.702, 7)), "%v, %v", c.gate, c.up)
	}
}

func TestRouteWeights(t *testing.T) {
	for mode, want := range map[string][]uint32{ir.RouteSelected: {0x3F3B26A8, 0x3E89B2B1}, ir.RouteAll: {0x3F2A4D3A, 0x3E7A9A19}} {
		x := &logical{typ: ir.Tensor(ir.F32, 1, 3), floats: [][]float32{{1, 2, 3}}}
		m := moduleOf(t, 1, x.typ, func(*ir.Builder) body {
			return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
				weights, _ := f.RouterTopK("route", x, 2, mode)
				return weights
			}
		})
		e := newEngine(t, m, logicals{"x": x}.store(t, m), 1)
		got, err := e.Decode(0, 0)
		require.NoError(t, err)
		require.Equal(t, want, []uint32{math.Float32bits(got[0]), math.Float32bits(got[1])}, mode)
	}
}

// wideMoE is large enough that its products are shared between goroutines.
func wideMoE(kind string, weight func(experts, out, in int) ir.Type) moe {
	return moe{experts: 8, k: 2, width: 256, inner: 512, softmax: ir.RouteSelected, kind: kind, weight: weight}
}

func TestMoEThreadsChangeNothing(t *testing.T) {
	for _, s := range []moe{
		wideMoE(ir.KindF32, floatExperts(ir.F32)),
		wideMoE(ir.KindA15, quantizedExperts(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16})),
	} {
		m := moduleOf(t, 7, ir.Tensor(ir.F32, 7, s.width), s.declare)
		store := syntheticStore(t, m)
		run := func(threads int) []trace.Record {
			e := newEngine(t, m, store, threads)
			return append(traced(t, e, chunk{allTokens(7), 0}), traced(t, e, chunk{[]int32{3}, 7})...)
		}
		want := run(1)
		for _, threads := range []int{2, 3, 8} {
			requireSameTrace(t, want, run(threads))
		}
	}
}

func TestMoEAllocatesNothing(t *testing.T) {
	s := wideMoE(ir.KindA8, quantizedExperts(ir.Quant{Bits: 8, Group: 64, Scale: ir.F32}))
	m := moduleOf(t, 7, ir.Tensor(ir.F32, 7, s.width), s.declare)
	e := newEngine(t, m, syntheticStore(t, m), 2)
	tokens := allTokens(7)
	require.Zero(t, testing.AllocsPerRun(3, func() {
		_, _ = e.Prefill(tokens, 0)
		_, _ = e.Decode(1, 7)
	}))
}

// TestMoERefused: ids that a router of other experts made, ids that a function
// gets from its caller, and a bias that is no weight.
func TestMoERefused(t *testing.T) {
	other := func(b *ir.Builder) body {
		w := b.Weight("w", ir.Tensor(ir.F32, 3, 2, 4))
		return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
			_, ids := f.RouterTopK("route", x, 2, ir.RouteAll)
			return f.MoELinear("y", x, w, ids, ir.KindF32)
		}
	}
	passed := func(b *ir.Builder) body {
		w := b.Weight("w", ir.Tensor(ir.F32, 4, 2, 4))
		functions := 0
		return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
			_, ids := f.RouterTopK("route", x, 2, ir.RouteAll)
			functions++
			inner := b.Func(fmt.Sprint("inner", functions), true)
			a, i := inner.Param("x", x.Type), inner.Param("ids", ids.Type)
			fn := inner.Return(inner.MoELinear("z", a, inner.Param("w", w.Type), i, ir.KindF32))
			return f.Call(fn, []string{"y"}, x, ids, w)[0]
		}
	}
	biased := func(b *ir.Builder) body {
		w := b.Weight("w", ir.Tensor(ir.F32, 1, 4, 4))
		return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
			_, ids := f.RouterTopK("route", f.MoECombine("one", x, x), 1, ir.RouteAll)
			return f.BiasedMoELinear("y", x, w, ids, x, ir.KindF32)
		}
	}
	for _, c := range []struct {
		declare func(b *ir.Builder) body
		want    string
	}{
		{biased, "%y = moe_linear: operand bias is computed, want a weight"},
		{other, "%y = moe_linear: ids of 4 experts for the weights of 3"},
		{passed, "%y.z = moe_linear: operand ids is computed, want ids of experts"},
	} {
		m := moduleOf(t, 1, ir.Tensor(ir.F32, 1, 4), c.declare)
		_, err := New(m, syntheticStore(t, m), Options{})
		require.ErrorContains(t, err, c.want)
	}
}
