package tokenizer

import "slices"

// matcher finds the longest of a set of pieces at a place in a text.
type matcher struct {
	ids     map[string]int
	lengths [256][]int // lengths of the pieces that begin with a byte, longest first
}

func (m *matcher) add(piece string, id int) {
	if m.ids == nil {
		m.ids = make(map[string]int)
	}
	m.ids[piece] = id
	lengths := m.lengths[piece[0]]
	at, found := slices.BinarySearchFunc(lengths, len(piece), func(a, b int) int { return b - a })
	if !found {
		m.lengths[piece[0]] = slices.Insert(lengths, at, len(piece))
	}
}

// prefix returns the longest piece that s, which is not empty, begins with and
// its length; the length is 0 when there is none.
func (m *matcher) prefix(s string) (id, length int) {
	for _, n := range m.lengths[s[0]] {
		if n > len(s) {
			continue
		}
		if id, ok := m.ids[s[:n]]; ok {
			return id, n
		}
	}
	return None, 0
}

// next returns the leftmost place in s where a piece begins, and the longest
// piece there; ok is false when there is none.
func (m *matcher) next(s string) (at, id, length int, ok bool) {
	for at = range len(s) {
		if id, length = m.prefix(s[at:]); length > 0 {
			return at, id, length, true
		}
	}
	return len(s), None, 0, false
}
