package golden

import (
	"math"
	"slices"
)

// Quality compares how two engines predict the same text, position by position. The zero value is empty. Definitions are
// those of llama.cpp's perplexity tool (tools/perplexity/README.md), natural logarithms throughout.
type Quality struct {
	loss, base []float64 // -ln of the probability of the token that follows
	kl         []float64 // nats, of got from base
	same       int       // positions with the same most likely id
}

// Add counts one position: the logits of both engines, and the id that follows in the text.
func (q *Quality) Add(base, got []float32, next int) {
	q.base = append(q.base, logSumExp(base)-float64(base[next]))
	q.loss = append(q.loss, logSumExp(got)-float64(got[next]))
	q.kl = append(q.kl, klDivergence(base, got))
	if topK(base, 1)[0] == topK(got, 1)[0] {
		q.same++
	}
}

// Estimate is a mean with its standard error, that of independent positions: sqrt(variance / n).
type Estimate struct {
	Value float64 `json:"value"`
	Error float64 `json:"standard_error"`
}

// QualityStats sums up a [Quality]. Perplexity is exp of the mean loss; its standard error is that of the mean, times it.
type QualityStats struct {
	Tokens         int      `json:"tokens"` // positions whose next token was predicted
	Perplexity     Estimate `json:"perplexity"`
	BasePerplexity Estimate `json:"base_perplexity"`
	LogRatio       Estimate `json:"log_perplexity_ratio"` // mean of the differences of loss: ln(perplexity / base perplexity)
	MeanKL         Estimate `json:"mean_kl"`              // nats
	P99KL          float64  `json:"p99_kl"`               // 99 % of the positions are below, interpolated
	MaxKL          float64  `json:"max_kl"`
	Top1           Estimate `json:"top1"` // fraction of positions with the same most likely id
}

// Stats sums up; at least one position must have been added.
func (q *Quality) Stats() QualityStats {
	n := len(q.kl)
	difference := make([]float64, n)
	for i, v := range q.loss {
		difference[i] = v - q.base[i]
	}
	sorted := slices.Sorted(slices.Values(q.kl))
	same := float64(q.same) / float64(n)
	return QualityStats{
		Tokens:         n,
		Perplexity:     perplexity(estimate(q.loss)),
		BasePerplexity: perplexity(estimate(q.base)),
		LogRatio:       estimate(difference),
		MeanKL:         estimate(q.kl),
		P99KL:          quantile(sorted, 0.99),
		MaxKL:          sorted[n-1],
		Top1:           Estimate{same, math.Sqrt(same * (1 - same) / float64(n))},
	}
}

// estimate is the mean of values; the variance has n-1 in the denominator, and is 0 of a single value.
func estimate(values []float64) Estimate {
	n := float64(len(values))
	var sum, squares float64
	for _, v := range values {
		sum += v
	}
	mean := sum / n
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return Estimate{mean, math.Sqrt(squares / max(n-1, 1) / n)}
}

// perplexity is exp of a mean loss, its error to first order.
func perplexity(loss Estimate) Estimate {
	p := math.Exp(loss.Value)
	return Estimate{p, p * loss.Error}
}

// quantile interpolates between the two nearest of sorted values.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
