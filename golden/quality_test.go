package golden

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQuality holds every figure against numpy's (golden/record/quality.py). Both work in float64, so they differ by its
// rounding.
func TestQuality(t *testing.T) {
	data, err := os.ReadFile("testdata/quality.json")
	require.NoError(t, err)
	var recorded struct {
		Base, Got [][]float32
		Next      []int
		Stats     QualityStats
	}
	require.NoError(t, json.Unmarshal(data, &recorded))
	var q Quality
	for i, next := range recorded.Next {
		q.Add(recorded.Base[i], recorded.Got[i], next)
	}
	want, got := recorded.Stats, q.Stats()
	require.Equal(t, want.Tokens, got.Tokens)
	for name, pair := range map[string][2]Estimate{
		"perplexity":      {want.Perplexity, got.Perplexity},
		"base perplexity": {want.BasePerplexity, got.BasePerplexity},
		"log ratio":       {want.LogRatio, got.LogRatio},
		"mean KL":         {want.MeanKL, got.MeanKL},
		"top-1":           {want.Top1, got.Top1},
		"tail of the KL":  {Estimate{want.P99KL, want.MaxKL}, Estimate{got.P99KL, got.MaxKL}},
	} {
		require.InEpsilon(t, pair[0].Value, pair[1].Value, 1e-12, name)
		require.InEpsilon(t, pair[0].Error, pair[1].Error, 1e-12, name)
	}
}

// TestQualityOfOne: a single position has figures, and no error.
func TestQualityOfOne(t *testing.T) {
	var q Quality
	q.Add([]float32{0, 0}, []float32{0, 0}, 1)
	s := q.Stats()
	require.InEpsilon(t, 2.0, s.Perplexity.Value, 1e-15)
	require.Zero(t, s.Perplexity.Error)
	require.Zero(t, s.MaxKL)
	require.Equal(t, Estimate{1, 0}, s.Top1)
	require.False(t, math.IsNaN(s.P99KL))
}
