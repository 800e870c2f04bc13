package mlir_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// checkExact runs the steps on the compiled module and on the oracle and
// compares every traced value, the logits and the caches bit for bit. The
// caches start as NaN, which may not enter.
func checkExact(t *testing.T, e *engine, m *ir.Module, weights map[*ir.Value]*logical, steps []step) []answer {
	t.Helper()
	k, v := nanCache(e.program.KCache), nanCache(e.program.VCache)
	answers := e.run(t, k, v, steps)
	for i, s := range steps {
		o := &oracle{weights: weights}
		fn := m.Func(s.entry())
		want := o.call(fn, "", []value{{ids: s.tokens}, {scalar: s.pos}, {floats: k}, {floats: v}})
		layout := e.program.Trace[s.entry()]
		require.Equal(t, layout.Slots, o.slots)
		for _, slot := range layout.Slots {
			end := slot.Offset + ir.Tensor(ir.F32, slot.Shape...).Elements()
			requireBits(t, o.trace[slot.Offset:end], answers[i].trace[slot.Offset:end], "step %d: %s", i, slot.Path)
		}
		requireBits(t, want[0].floats, answers[i].logits, "step %d: logits", i)
	}
	last := answers[len(steps)-1]
	requireBits(t, k, last.kcache, "K cache")
	requireBits(t, v, last.vcache, "V cache")
	return answers
}

func nanCache(shape [4]int) []float32 {
	c := make([]float32, shape[0]*shape[1]*shape[2]*shape[3])
	for i := range c {
		c[i] = float32(math.NaN())
	}
	return c
}

// requireBits compares floats by their bits; all NaNs are equal.
func requireBits(t *testing.T, want, got []float32, format string, args ...any) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if math.Float32bits(want[i]) != math.Float32bits(got[i]) && (want[i] == want[i] || got[i] == got[i]) {
			t.Fatalf("%s: element %d of %d is %g (%08X), want %g (%08X)", fmt.Sprintf(format, args...), i, len(want),
				got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

// edgeRows overwrites rows of an embedding with values at the edges of the
// definitions: ties, tiny and subnormal groups, infinities, NaN, large.
func edgeRows(table *logical) {
	width := table.typ.Shape[1]
	rng := rand.New(rand.NewPCG(5, 0))
	set := func(row int, f func(i int) float32) {
		for i := range width {
			table.floats[row*width+i] = f(i)
		}
	}
	set(1, func(i int) float32 { return float32(i%32) - 15.5 })
	set(2, func(i int) float32 { return float32(rng.NormFloat64()) * 0x1p-101 })
	set(3, func(i int) float32 { return math.Float32frombits(rng.Uint32() & 0x807FFFFF) })
	set(4, func(i int) float32 { return float32(rng.NormFloat64()) * 1e5 })
	set(5, func(i int) float32 { return float32(rng.NormFloat64()) * 0x1p-20 })
	set(6, func(i int) float32 { return math.Float32frombits(rng.Uint32()) })
	table.floats[7*width+3] = float32(math.Inf(-1))
	table.floats[8*width+width/2] = float32(math.NaN())
	set(9, func(i int) float32 { return float32(math.Copysign(0, float64(i%2)-0.5)) })
}
