package reference

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/internal/trace"
	"github.com/lpuctl/lpuctl/ir"
)

// small has awkward sizes: no multiple of 64 outputs, short groups, 3 query
// heads on a KV head, a head dimension that is no multiple of 8.
func small(tied bool) model.Config {
	return model.Config{Name: "small", Config: checkpoint.Config{
		Architecture: "llama", Layers: 3, Hidden: 60, Intermediate: 104, Heads: 6, KVHeads: 2, HeadDim: 10,
		Vocab: 77, Context: 24, NormEps: 1e-5, Rope: plainRope(), TieEmbeddings: tied,
	}}
}

// mixture has experts with biases and a clamped SwiGLU in all layers but one,
// sinks, and a window in one layer.
func mixture() model.Config {
	c := small(false)
	c.Architecture, c.Sinks, c.QKVBias, c.OutBias = "gpt_oss", true, true, true
	c.Windows = []int{5, 0, 0}
	c.Experts = checkpoint.Experts{
		Count: 5, PerToken: 2, Intermediate: 70, Normalize: true, Dense: []bool{false, true, false}, Bias: true, Alpha: 1.702, Limit: 2,
	}
	return c
}

func plainRope() checkpoint.Rope { return checkpoint.Rope{Type: "default", Theta: 10000} }

// build makes a model whose entries take 7 tokens and one.
func build(t testing.TB, c model.Config, kind string, quant *ir.Quant) *ir.Module {
	t.Helper()
	m, err := model.Build(c, model.PresetTypes{Quant: quant}, model.Options{Kind: kind, Prefill: 7})
	require.NoError(t, err)
	return m
}

// forms are the compute kinds with weights that they take.
func forms() map[string]*ir.Quant {
	return map[string]*ir.Quant{
		ir.KindF32: nil,
		ir.KindF16: nil,
		ir.KindA15: {Bits: 4, Group: 32, Scale: ir.F16},
		ir.KindA8:  {Bits: 4, Group: 64, Scale: ir.F32, Zero: true},
	}
}

// TestModelAgainstOracle compares every value of a whole model over several
// calls, in execution order.
func TestModelAgainstOracle(t *testing.T) {
	for kind, quant := range forms() {
		for name, c := range map[string]model.Config{"llama": small(kind == ir.KindA8), "mixture": mixture()} {
			t.Run(kind+" "+name, func(t *testing.T) {
				m := build(t, c, kind, quant)
				requireOracle(t, m, randomWeights(m, nil),
					chunk{[]int32{5, 76, 0, 64, 63}, 0}, chunk{[]int32{9}, 5}, chunk{[]int32{1, 1, 2, 3, 5, 8, 13}, 6}, chunk{[]int32{70}, 13})
			})
		}
	}
}

// TestPrefillIsDecodes runs a sequence in calls of every size up to the chunk.
func TestPrefillIsDecodes(t *testing.T) {
	tokens := []int32{3, 1, 4, 1, 5, 9, 26, 53, 58, 9, 7, 9, 32, 38}
	for kind, quant := range forms() {
		for name, c := range map[string]model.Config{"llama": small(true), "mixture": mixture()} {
			t.Run(kind+" "+name, func(t *testing.T) {
				m := build(t, c, kind, quant)
				store := randomWeights(m, nil).store(t, m)
				want := logits(t, newEngine(t, m, store, 1), tokens, 1)
				for n := 2; n <= 7; n++ {
					require.Empty(t, difference(want, logits(t, newEngine(t, m, store, 1), tokens, n)), "calls of %d", n)
				}
			})
		}
	}
}

// logits runs tokens in calls of at most n.
func logits(t testing.TB, e *Engine, tokens []int32, n int) []float32 {
	t.Helper()
	var all []float32
	for pos := 0; pos < len(tokens); pos += n {
		out, err := e.Prefill(tokens[pos:min(pos+n, len(tokens))], pos)
		require.NoError(t, err)
		all = append(all, out...)
	}
	return all
}

// wide is large enough that linears, attention and elementwise operations are
// shared between goroutines.
func wide() model.Config {
	return model.Config{Name: "wide", Config: checkpoint.Config{
		Architecture: "llama", Layers: 2, Hidden: 256, Intermediate: 2048, Heads: 8, KVHeads: 2, HeadDim: 32,
		Vocab: 1000, Context: 64, NormEps: 1e-5, Rope: plainRope(),
	}}
}

func TestThreadsChangeNothing(t *testing.T) {
	for kind, quant := range forms() {
		t.Run(kind, func(t *testing.T) {
			m := build(t, wide(), kind, quant)
			store := syntheticStore(t, m)
			run := func(threads int) []trace.Record {
				e := newEngine(t, m, store, threads)
				return append(traced(t, e, chunk{allTokens(7), 0}), traced(t, e, chunk{[]int32{999}, 7})...)
			}
			want := run(1)
			for _, threads := range []int{2, 3, 8} {
				requireSameTrace(t, want, run(threads))
			}
		})
	}
}

func plan(t testing.TB, m *ir.Module) *pack.Plan {
	t.Helper()
	p, err := pack.NewPlan(m)
	require.NoError(t, err)
	return p
}

func syntheticStore(t testing.TB, m *ir.Module) *pack.Store {
	t.Helper()
	s, err := pack.Build(t.Context(), plan(t, m), pack.Synthetic{Seed: 1}, nil)
	require.NoError(t, err)
	return s
}

// TestTraceIsComplete expects every float value that the entry computes, calls
// expanded, in execution order, and nothing else.
func TestTraceIsComplete(t *testing.T) {
	m := build(t, small(false), ir.KindF32, nil)
	e := newEngine(t, m, syntheticStore(t, m), 1)
	for entry, tokens := range map[string][]int32{"decode": {7}, "prefill": {7, 8, 9}} {
		var got []string
		for _, r := range traced(t, e, chunk{tokens, 2}) {
			require.NoError(t, r.Check())
			require.Equal(t, 2, r.Pos)
			require.Equal(t, len(tokens), r.Shape[0])
			got = append(got, r.Path)
		}
		require.Equal(t, floatPaths(m.Func(entry), ""), got)
	}
}

// floatPaths are the paths of a function's activations, in order.
func floatPaths(f *ir.Func, prefix string) []string {
	var paths []string
	for _, n := range f.Nodes {
		path := ir.Join(prefix, n.Path())
		switch {
		case n.Callee != nil:
			paths = append(paths, floatPaths(n.Callee, path)...)
		case n.Results[0].Type.Elem == ir.F32 && !n.Op.InPlace:
			paths = append(paths, path)
		}
	}
	return paths
}

func TestAfterCall(t *testing.T) {
	m := build(t, small(false), ir.KindF32, nil)
	var paths []string
	e, err := New(m, syntheticStore(t, m), Options{AfterCall: func(path string) { paths = append(paths, path) }})
	require.NoError(t, err)
	defer e.Close()
	_, err = e.Decode(1, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"layers.0", "layers.1", "layers.2"}, paths)
}

// TestResetForgets runs a sequence again after another one.
func TestResetForgets(t *testing.T) {
	m := build(t, small(false), ir.KindF32, nil)
	e := newEngine(t, m, syntheticStore(t, m), 1)
	first := logits(t, e, []int32{1, 2, 3}, 1)
	logits(t, e, []int32{4, 5, 6}, 1)
	e.Reset()
	require.Empty(t, difference(first, logits(t, e, []int32{1, 2, 3}, 1)))
}

func TestTokensAllocateNothing(t *testing.T) {
	for kind, quant := range forms() {
		for _, threads := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s %d", kind, threads), func(t *testing.T) {
				m := build(t, wide(), kind, quant)
				e := newEngine(t, m, syntheticStore(t, m), threads)
				tokens, pos := allTokens(7), 0
				require.Zero(t, testing.AllocsPerRun(3, func() {
					_, _ = e.Prefill(tokens, pos)
					_, _ = e.Decode(1, pos+7)
					pos += 8
				}))
			})
		}
	}
}
