package reference

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/trace"
	"github.com/lpuctl/lpuctl/ir"
)

// chunk is one call of an engine: tokens at a position.
type chunk struct {
	tokens []int32
	pos    int
}

// newEngine compiles a module. Its caches start full of NaN, which no result
// may see.
func newEngine(t testing.TB, m *ir.Module, weights Weights, threads int) *Engine {
	t.Helper()
	return newEngineWith(t, m, weights, Options{Threads: threads})
}

// allLoops are the plain loops and those of this machine.
func allLoops() []*loops { return append(machineLoops(), plainLoops()) }

func newEngineWith(t testing.TB, m *ir.Module, weights Weights, opts Options) *Engine {
	t.Helper()
	e, err := New(m, weights, opts)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	poison(e)
	return e
}

func poison(e *Engine) {
	for _, c := range e.caches {
		for i := range c.f {
			c.f[i] = float32(math.NaN())
		}
	}
}

// traced runs a chunk and returns every value that was computed.
func traced(t testing.TB, e *Engine, c chunk) []trace.Record {
	t.Helper()
	var records []trace.Record
	e.Trace(func(r *trace.Record) {
		kept := *r
		kept.Data = append([]float32(nil), r.Data...)
		records = append(records, kept)
	})
	defer e.Trace(nil)
	logits, err := e.Prefill(c.tokens, c.pos)
	require.NoError(t, err)
	last := records[len(records)-1]
	require.Empty(t, difference(last.Data, logits))
	return records
}

// requireOracle runs the chunks in the engine and in the oracle and compares
// every value bit for bit, in execution order. The entries are prefill for
// more than one token and decode.
func requireOracle(t testing.TB, m *ir.Module, weights logicals, chunks ...chunk) {
	t.Helper()
	store := weights.store(t, m)
	var engines []*Engine
	for _, l := range allLoops() {
		engines = append(engines, newEngineWith(t, m, store, Options{Threads: 2, loops: l}))
	}
	o := &oracle{module: m, weights: weights}
	for _, c := range chunks {
		entry := "prefill"
		if len(c.tokens) == 1 {
			entry = "decode"
		}
		o.run(entry, c.tokens, c.pos)
		for _, e := range engines {
			requireSameTrace(t, o.trace, traced(t, e, c))
		}
	}
}

func requireSameTrace(t testing.TB, want, got []trace.Record) {
	t.Helper()
	require.Equal(t, len(want), len(got))
	for i, w := range want {
		require.Equal(t, w.Key(), got[i].Key())
		require.Equal(t, w.Shape, got[i].Shape, w.Path)
		require.Empty(t, difference(w.Data, got[i].Data), "%v", w.Key())
	}
}

// difference describes the first element in which two vectors differ; all NaNs
// are the same.
func difference(want, got []float32) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d elements, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		if math.Float32bits(w) != math.Float32bits(g) && (w == w || g == g) {
			return fmt.Sprintf("element %d is %g (%08X), want %g (%08X)", i, g, math.Float32bits(g), w, math.Float32bits(w))
		}
	}
	return ""
}

// moduleOf builds a module whose entries run body on rows of the embedding
// table "x": token t is row t, so that tests choose activations freely. The
// prefill entry takes rows tokens.
func moduleOf(t testing.TB, rows int, x ir.Type, declare func(b *ir.Builder) body) *ir.Module {
	t.Helper()
	b := ir.NewBuilder("test")
	table := b.Weight("x", x)
	run := declare(b)
	for _, entry := range []struct {
		name string
		rows int
	}{{"prefill", rows}, {"decode", 1}} {
		f := b.Func(entry.name, false)
		ids, pos := f.Param("tokens", ir.Tensor(ir.I32, entry.rows)), f.Param("pos", ir.Tensor(ir.I32))
		k := f.Param("kcache", ir.Tensor(ir.F32, 1, 1, 2, 16))
		v := f.Param("vcache", ir.Tensor(ir.F32, 1, 16, 1, 2))
		f.Return(run(f, f.Embed("embed", ids, table), pos), k, v)
	}
	m, err := b.Build()
	require.NoError(t, err)
	return m
}

// body adds the nodes under test and returns the logits.
type body func(f *ir.FuncBuilder, x, pos *ir.Value) *ir.Value

// allTokens are the ids 0 to n-1.
func allTokens(n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i)
	}
	return ids
}

// allRows runs n tokens as one prefill, and each as a decode.
func allRows(n int) []chunk {
	chunks := []chunk{{tokens: allTokens(n)}}
	for _, id := range allTokens(n) {
		chunks = append(chunks, chunk{tokens: []int32{id}, pos: int(id)})
	}
	return chunks
}
