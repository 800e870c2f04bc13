package reference

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// gathers is a module that puts rows of 5 in another order.
func gathers(t *testing.T) *ir.Module {
	return moduleOf(t, 6, ir.Tensor(ir.F32, 9, 5), func(b *ir.Builder) body {
		order := b.Weight("order", ir.Tensor(ir.I32, 5))
		return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value { return f.Gather("sorted", x, order) }
	})
}

func TestGather(t *testing.T) {
	m := gathers(t)
	requireOracle(t, m, randomWeights(m, nil), chunk{tokens: []int32{0, 8, 3, 3, 1, 2}}, chunk{tokens: []int32{7}, pos: 6})
}

// TestGatherRefuses: an index outside of the row is an error before any run.
func TestGatherRefuses(t *testing.T) {
	m := gathers(t)
	for _, bad := range []float32{5, -1} {
		weights := randomWeights(m, nil)
		weights["order"].floats[0][3] = bad
		_, err := New(m, weights.store(t, m), Options{})
		require.ErrorContains(t, err, "weight @order: element 3 of an order of 5 is ")
	}
	plan, err := pack.NewPlan(m)
	require.NoError(t, err)
	store, err := pack.Build(context.Background(), plan, pack.Synthetic{Seed: 1}, nil)
	require.NoError(t, err)
	_, err = New(m, store, Options{})
	require.NoError(t, err)
}
