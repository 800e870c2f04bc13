package sample

import (
	"cmp"
	"math"
	"slices"
)

// topK returns the tokens whose score is at least the Kth highest. top is the
// highest score.
func (s *Sampler) topK(top float64) []candidate {
	least := math.Inf(-1)
	if k := s.params.TopK; k > 0 && k < len(s.scores) {
		s.heap = append(s.heap[:0], s.scores[:k]...)
		least = kthHighest(s.heap, s.scores[k:])
	}
	s.candidates = s.candidates[:0]
	for id, x := range s.scores {
		if x >= least && !math.IsInf(x, -1) {
			s.candidates = append(s.candidates, candidate{id: id, score: x - top})
		}
	}
	return s.candidates
}

// kthHighest returns the lowest of the len(heap) highest numbers in heap and
// rest together. It leaves those in heap, as a binary heap with the lowest at
// index 0.
func kthHighest[F cmp.Ordered](heap, rest []F) F {
	for at := len(heap)/2 - 1; at >= 0; at-- {
		sink(heap, at)
	}
	for _, x := range rest {
		if x > heap[0] {
			heap[0] = x
			sink(heap, 0)
		}
	}
	return heap[0]
}

// sink moves heap[at] down to its place.
func sink[F cmp.Ordered](heap []F, at int) {
	for {
		child := 2*at + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && heap[child+1] < heap[child] {
			child++
		}
		if heap[at] <= heap[child] {
			return
		}
		heap[at], heap[child] = heap[child], heap[at]
		at = child
	}
}

// masses is the number of parts into which topP divides the candidates by their
// scores: eighths of a factor of e, so the last begins at e**-128.
const masses = 1024

func part(c candidate) int { return int(min(-8*c.score, masses-1)) }

// topP removes the tokens of the lowest scores, of equal ones those with the
// highest index first, while what it removes weighs at most 1-p of the whole. It
// keeps one. Whole parts go without being sorted.
func (s *Sampler) topP(kept []candidate) []candidate {
	p := s.params.TopP
	if p == 1 {
		return kept
	}
	clear(s.mass[:])
	for _, c := range kept {
		s.mass[part(c)] += c.weight
	}
	sum := 0.0
	for _, m := range slices.Backward(s.mass[:]) {
		sum += m
	}
	cut, last := 0.0, masses-1
	for best := part(likeliest(kept)); last > best && cut+s.mass[last] <= (1-p)*sum; last-- {
		cut += s.mass[last]
	}
	kept = slices.DeleteFunc(kept, func(c candidate) bool { return part(c) > last })
	slices.SortFunc(kept, byScore)
	n := len(kept)
	for ; n > 1; n-- {
		if cut += kept[n-1].weight; cut > (1-p)*sum {
			break
		}
	}
	return kept[:n]
}

// likeliest returns the candidate of the highest score.
func likeliest(kept []candidate) candidate {
	best := kept[0]
	for _, c := range kept {
		if c.score > best.score {
			best = c
		}
	}
	return best
}

// minP removes what weighs less than p times the heaviest.
func minP(kept []candidate, p float64) []candidate {
	if p == 0 {
		return kept
	}
	least := p * likeliest(kept).weight
	return slices.DeleteFunc(kept, func(c candidate) bool { return c.weight < least })
}

// typical says whether typical sampling does something.
func (p *Params) typical() bool { return p.TypicalP > 0 && p.TypicalP < 1 }

// typical keeps the tokens whose surprise is nearest to the entropy, the
// expected surprise. The formula is that of transformers' TypicalLogitsWarper.
func (s *Sampler) typical(kept []candidate) []candidate {
	if !s.params.typical() {
		return kept
	}
	sum := total(kept)
	logSum := log(sum)
	entropy := 0.0
	for _, c := range kept {
		entropy += float64(c.weight / sum * (logSum - c.score))
	}
	distance := func(c candidate) float64 { return math.Abs(logSum - c.score - entropy) }
	s.scratch = s.scratch[:0]
	for _, c := range kept {
		s.scratch = append(s.scratch, candidate{score: distance(c), weight: c.weight})
	}
	slices.SortStableFunc(s.scratch, func(a, b candidate) int { return cmp.Compare(a.score, b.score) })
	furthest := reach(s.scratch, s.params.TypicalP*sum)
	return slices.DeleteFunc(kept, func(c candidate) bool { return distance(c) > furthest })
}

// reach returns the score of the first candidate up to which the weights sum to
// at least mass, or of the last.
func reach(sorted []candidate, mass float64) float64 {
	held := 0.0
	for _, c := range sorted {
		if held += c.weight; held >= mass {
			return c.score
		}
	}
	return sorted[len(sorted)-1].score
}
