package golden

import "math"

// l2 accumulates the relative L2 distance |got-ref| / |ref| in float64.
type l2 struct{ diff, ref, got float64 }

func (a *l2) add(ref, got []float32) {
	for i, r := range ref {
		x, y := float64(r), float64(got[i])
		a.diff += (y - x) * (y - x)
		a.ref += x * x
		a.got += y * y
	}
}

// relative returns the distance relative to ref, or to got where ref is all zeros: 1 then, or 0 if both are.
func (a *l2) relative() float64 {
	switch {
	case a.diff == 0:
		return 0
	case a.ref == 0:
		return math.Sqrt(a.diff / a.got)
	}
	return math.Sqrt(a.diff / a.ref)
}

// maxULPs returns the largest difference in ULPs of the largest magnitude of ref. [ULPs] of the single values would say
// little: of two float32 engines whose logits are 2.5e-7 apart, a logit near zero is 859,836 steps from its twin.
func maxULPs(ref, got []float32) float64 {
	var diff, top float64
	for i, r := range ref {
		diff = max(diff, math.Abs(float64(got[i])-float64(r)))
		top = max(top, math.Abs(float64(r)))
	}
	return diff / ulp(top)
}

// ulp returns the distance between float32 neighbours just above the magnitude x, 2^-149 among denormals.
func ulp(x float64) float64 {
	if x == 0 {
		return math.SmallestNonzeroFloat32
	}
	_, exp := math.Frexp(x)
	return math.Ldexp(1, max(exp-24, -149))
}

// equalBits reports whether all pairs have the same bits.
func equalBits(ref, got []float32) bool {
	for i, r := range ref {
		if !sameBits(r, got[i]) {
			return false
		}
	}
	return true
}

// klDivergence returns sum(p * ln(p/q)) in nats, p and q being the softmax of ref and got, all in float64.
func klDivergence(ref, got []float32) float64 {
	normRef, normGot := logSumExp(ref), logSumExp(got)
	var kl float64
	for i, r := range ref {
		lnP, lnQ := float64(r)-normRef, float64(got[i])-normGot
		kl += math.Exp(lnP) * (lnP - lnQ)
	}
	return max(kl, 0) // rounding may leave a value just below zero
}

// logSumExp returns ln(sum(exp(row))).
func logSumExp(row []float32) float64 {
	top := math.Inf(-1)
	for _, v := range row {
		top = max(top, float64(v))
	}
	var sum float64
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}

// stddev returns the population standard deviation of a row.
func stddev(row []float32) float64 {
	var sum, squares float64
	for _, v := range row {
		sum += float64(v)
	}
	mean := sum / float64(len(row))
	for _, v := range row {
		squares += (float64(v) - mean) * (float64(v) - mean)
	}
	return math.Sqrt(squares / float64(len(row)))
}

// topK returns the ids of the k largest values (all of a shorter row), largest first, the lower id first among equals.
func topK(row []float32, k int) []int {
	top := make([]int, 0, k+1)
	for id, v := range row {
		at := len(top)
		for at > 0 && v > row[top[at-1]] {
			at--
		}
		if at == k {
			continue
		}
		top = append(top, 0)
		copy(top[at+1:], top[at:])
		top[at] = id
		top = top[:min(len(top), k)]
	}
	return top
}

// overlap returns the fraction of a that is also in b, two sets of the same size.
func overlap(a, b []int) float64 {
	n := 0
	for _, x := range a {
		for _, y := range b {
			if x == y {
				n++
			}
		}
	}
	return float64(n) / float64(len(a))
}
