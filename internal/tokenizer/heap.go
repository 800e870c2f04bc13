package tokenizer

// ordered is a value that comes before another or not.
type ordered[T any] interface{ before(T) bool }

// heap is a binary heap, the first value at index 0. container/heap would box
// each value.
type heap[T ordered[T]] []T

func (h *heap[T]) push(v T) {
	*h = append(*h, v)
	s := *h
	at := len(s) - 1
	for at > 0 {
		parent := (at - 1) / 2
		if !v.before(s[parent]) {
			break
		}
		s[at] = s[parent]
		at = parent
	}
	s[at] = v
}

// pop removes and returns the first value of a heap that is not empty.
func (h *heap[T]) pop() T {
	s := *h
	first, last := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) > 0 {
		s.sink(last)
	}
	return first
}

// sink puts v into the free place at the root.
func (h heap[T]) sink(v T) {
	at := 0
	for {
		child := 2*at + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(v) {
			break
		}
		h[at] = h[child]
		at = child
	}
	h[at] = v
}
