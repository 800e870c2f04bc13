package convert

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
)

// TestLlama31Scaling goes from config.json to rope_freqs.weight and back.
func TestLlama31Scaling(t *testing.T) {
	c := &checkpoint.Config{HeadDim: 128, Rope: checkpoint.Rope{
		Type: "llama3", Theta: 500000, Factor: 8, LowFreq: 1, HighFreq: 4, OriginalContext: 8192,
	}}
	d := divisors(c)
	require.Len(t, d, 64)
	require.Equal(t, float32(1), d[0])
	require.Equal(t, float32(8), d[63])
	require.Greater(t, d[32], float32(1))
	want, err := ropeScaling(c)
	require.NoError(t, err)
	g := &checkpoint.Config{HeadDim: 128, Rope: checkpoint.Rope{Type: "default", Theta: 500000, Divisors: d}}
	got, err := ropeScaling(g)
	require.NoError(t, err)
	require.Equal(t, want, got)
	g.Rope.Divisors[40] *= 0.999
	_, err = ropeScaling(g)
	require.ErrorContains(t, err, "rope_freqs.weight is not the scaling of Llama 3.1: element 40 is ")
}
