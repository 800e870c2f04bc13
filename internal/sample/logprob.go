package sample

import (
	"cmp"
	"math"
	"slices"
)

// LogProb is a token and the natural logarithm of its probability.
type LogProb struct {
	ID      int     `json:"id"`
	LogProb float64 `json:"logprob"`
}

// LogProbs returns the logarithm of the probability of token id, and the n most
// probable tokens, the most probable first and of equals the lower id. They are
// those of the model: log-softmax of the logits without bias, penalties,
// temperature and filters. Tokens of probability 0 are left out. The logits are
// such as Pick accepts.
func LogProbs(logits []float32, id, n int) (float64, []LogProb) {
	top := float64(slices.Max(logits))
	sum := 0.0
	for _, l := range logits {
		sum += exp(float64(l) - top)
	}
	logSum := log(sum)
	of := func(id int) float64 { return float64(logits[id]) - top - logSum }
	best := highest(logits, n)
	list := make([]LogProb, len(best))
	for i, id := range best {
		list[i] = LogProb{id, of(id)}
	}
	return of(id), list
}

// highest returns the indices of the n highest logits, the highest first.
func highest(logits []float32, n int) []int {
	if n = min(n, len(logits)); n == 0 {
		return nil
	}
	least := kthHighest(slices.Clone(logits[:n]), logits[n:])
	var ids []int
	for id, l := range logits {
		if l >= least && !math.IsInf(float64(l), -1) {
			ids = append(ids, id)
		}
	}
	slices.SortStableFunc(ids, func(a, b int) int { return cmp.Compare(logits[b], logits[a]) })
	return ids[:min(n, len(ids))]
}
