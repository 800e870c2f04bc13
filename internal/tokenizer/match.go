package tokenizer

import (
	"cmp"
	"slices"
)

// matcher finds the longest of a set of tokens at a place in a text.
type matcher struct {
	entries []entry  // in order of text
	first   [257]int // where the entries that begin with a byte start
}

type entry struct {
	text string
	id   int
}

// newMatcher returns a matcher of entries whose texts are not empty. Of equal
// texts the last counts.
func newMatcher(entries []entry) matcher {
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.text, b.text) })
	m := matcher{}
	for i, e := range entries {
		if i+1 < len(entries) && entries[i+1].text == e.text {
			continue
		}
		m.entries = append(m.entries, e)
		m.first[int(e.text[0])+1] = len(m.entries)
	}
	for b := range 256 {
		m.first[b+1] = max(m.first[b], m.first[b+1])
	}
	return m
}

// prefix returns the longest entry that s, which is not empty, begins with and
// its length; the length is 0 when there is none.
func (m *matcher) prefix(s string) (id, length int) {
	lo, hi := m.first[s[0]], m.first[int(s[0])+1]
	for n := 1; lo < hi; {
		if len(m.entries[lo].text) == n { // the shortest comes first
			id, length = m.entries[lo].id, n
			lo++
		}
		if n == len(s) || lo == hi {
			break
		}
		if same := common(m.entries[lo].text[n:], m.entries[hi-1].text[n:], s[n:]); same > 0 {
			n += same // of all between as well
			continue
		}
		lo, hi = m.narrow(lo, hi, n, s[n])
		n++
	}
	return id, length
}

// common is how many bytes three texts begin with alike.
func common(a, b, c string) int {
	n := min(len(a), len(b), len(c))
	for i := range n {
		if a[i] != b[i] || a[i] != c[i] {
			return i
		}
	}
	return n
}

// narrow returns those of the entries lo to hi whose byte n is b. They have the
// same n bytes before it, and all have a byte n.
func (m *matcher) narrow(lo, hi, n int, b byte) (int, int) {
	compare := func(e entry, b int) int { return int(e.text[n]) - b }
	at, _ := slices.BinarySearchFunc(m.entries[lo:hi], int(b), compare)
	end, _ := slices.BinarySearchFunc(m.entries[lo+at:hi], int(b)+1, compare)
	return lo + at, lo + at + end
}

// next returns the leftmost place in s from byte from on where an entry begins,
// and the longest entry there; ok is false when there is none.
func (m *matcher) next(s string, from int) (at, id, length int, ok bool) {
	if len(m.entries) == 0 {
		return len(s), None, 0, false
	}
	for at = from; at < len(s); at++ {
		if m.first[s[at]] == m.first[int(s[at])+1] {
			continue
		}
		if id, length = m.prefix(s[at:]); length > 0 {
			return at, id, length, true
		}
	}
	return len(s), None, 0, false
}
