package tokenizer

// heap is a binary heap of pairs, the first to merge at index 0.
// container/heap would box each pair.
type heap []pair

func (h *heap) push(p pair) {
	*h = append(*h, p)
	s := *h
	at := len(s) - 1
	for at > 0 {
		parent := (at - 1) / 2
		if !p.before(s[parent]) {
			break
		}
		s[at] = s[parent]
		at = parent
	}
	s[at] = p
}

// pop removes and returns the first pair of a heap that is not empty.
func (h *heap) pop() pair {
	s := *h
	first, last := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) > 0 {
		s.sink(last)
	}
	return first
}

// sink puts p into the free place at the root.
func (h heap) sink(p pair) {
	at := 0
	for {
		child := 2*at + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(p) {
			break
		}
		h[at] = h[child]
		at = child
	}
	h[at] = p
}
