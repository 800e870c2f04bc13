package sample

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTopP compares with a cut of all tokens, sorted: narrow and wide
// distributions, many equal scores, scores below all parts.
func TestTopP(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		n, width := 1+random.IntN(200), []float64{0.1, 3, 40, 400}[random.IntN(4)]
		all := make([]candidate, n)
		for i := range all {
			all[i] = candidate{id: i, score: -width * random.Float64()}
			if random.IntN(2) == 0 {
				all[i].score = float64(int(all[i].score))
			}
		}
		top := likeliest(all).score
		for i := range all {
			all[i].score -= top
			all[i].weight = exp(all[i].score)
		}
		p := []float64{0.01, 0.5, 0.9, 0.999, random.Float64()}[random.IntN(5)]
		require.Equal(t, sortedTopP(all, p), newSampler(t, Params{TopP: p}).topP(slices.Clone(all)), "%d tokens, p %v", n, p)
	}
}

func sortedTopP(all []candidate, p float64) []candidate {
	kept := slices.Clone(all)
	slices.SortFunc(kept, byScore)
	sum := 0.0
	for _, c := range slices.Backward(kept) {
		sum += c.weight
	}
	n := len(kept)
	for cut := 0.0; n > 1; n-- {
		if cut += kept[n-1].weight; cut > (1-p)*sum {
			break
		}
	}
	return kept[:n]
}
