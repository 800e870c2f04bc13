package sample

import "slices"

// topK returns the tokens of s.order whose logit is at least the Kth highest.
func (s *Sampler) topK(logits []float32) []int {
	k := s.params.TopK
	if k == 0 || k >= len(logits) {
		return s.order
	}
	s.heap = append(s.heap[:0], logits[:k]...)
	least := kthHighest(s.heap, logits[k:])
	return slices.DeleteFunc(s.order, func(id int) bool { return logits[id] < least })
}

// kthHighest returns the lowest of the len(heap) highest numbers in heap and
// rest together. It leaves those in heap, as a binary heap with the lowest at
// index 0.
func kthHighest(heap, rest []float32) float32 {
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
func sink(heap []float32, at int) {
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

// topP cuts from the end of tokens, sorted by falling logit, while what is cut
// weighs at most 1-p of the whole. It keeps one.
func topP(tokens []int, weights []float64, p float64) []int {
	total := 0.0
	for _, id := range slices.Backward(tokens) {
		total += weights[id]
	}
	n := len(tokens)
	for cut := 0.0; n > 1; n-- {
		cut += weights[tokens[n-1]]
		if cut > (1-p)*total {
			break
		}
	}
	return tokens[:n]
}

// minP cuts from the end of tokens, sorted by falling logit, what weighs less
// than p times the first.
func minP(tokens []int, weights []float64, p float64) []int {
	n := len(tokens)
	for n > 1 && weights[tokens[n-1]] < p*weights[tokens[0]] {
		n--
	}
	return tokens[:n]
}
