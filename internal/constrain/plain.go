package constrain

import (
	"slices"
	"unicode/utf8"
)

// A plain token is one of whole characters that a JSON string holds as they
// are. Most tokens are plain: inside a string of any characters all of them may
// follow, if its length allows, and need no walk.

type bitset []uint64

func (b bitset) add(id int32) { b[id/64] |= 1 << (id % 64) }

func (v *Vocabulary) bitset() bitset { return make(bitset, (len(v.tokens)+63)/64) }

// sortPlain fills v.plain, and returns the others of some tokens.
func (v *Vocabulary) sortPlain(ids []int32) (special []int32) {
	byLength := map[int][]int32{}
	longest := 0
	for _, id := range ids {
		n, ok := plainCharacters(v.tokens[id])
		if !ok {
			special = append(special, id)
			continue
		}
		byLength[n] = append(byLength[n], id)
		longest = max(longest, n)
	}
	v.plain = []bitset{v.bitset()}
	for n := 1; n <= longest; n++ {
		upTo := slices.Clone(v.plain[n-1])
		for _, id := range byLength[n] {
			upTo.add(id)
		}
		v.plain = append(v.plain, upTo)
	}
	return special
}

// plainCharacters returns the characters of a plain token.
func plainCharacters(token []byte) (n int, ok bool) {
	for _, b := range token {
		if b < ' ' || b == '"' || b == '\\' {
			return 0, false
		}
	}
	return utf8.RuneCount(token), utf8.Valid(token)
}

// addPlain adds the plain tokens that may follow in s, inside a string of any
// characters. None leads farther from the end.
func (v *Vocabulary) addPlain(out *mask, m *matcher, s *state, limit int64) {
	it := *s.insideAnything()
	t, count := it.spec.text, it.count
	most := int64(len(v.plain) - 1)
	if t.most >= 0 {
		most = min(most, t.most-count)
	}
	if limit >= s.cost {
		copy(out.bits, v.plain[most])
		out.worst = s.cost
		return
	}
	for n := int64(1); n <= most; n++ {
		it.count = t.counted(count + n)
		next := m.one(m.push(it, s.stacks[0].rest))
		if !v.closes(m, next, limit) {
			continue
		}
		out.worst = max(out.worst, next.cost)
		for i, word := range v.plain[n] {
			out.bits[i] |= word &^ v.plain[n-1][i]
		}
	}
}

// insideAnything returns the item of the only reading, between two characters of
// a string of any characters, or nil.
func (s *state) insideAnything() *item {
	it := &s.stacks[0].item
	if len(s.stacks) == 1 && it.op == opText && it.ch.form == between && it.spec.text.anything {
		return it
	}
	return nil
}

// like returns a state after which the same tokens may follow, and from which
// the end is at least as far: that of a shorter string, where no token leads to
// a bound of the length. So one walk serves most of a long string.
func (v *Vocabulary) like(m *matcher, s *state) *state {
	inside := s.insideAnything()
	if inside == nil {
		return s
	}
	it, t := *inside, inside.spec.text
	switch {
	case t.most >= 0 && t.most-it.count < v.longest:
		return s
	case it.count >= t.least:
		it.count = t.least
	case t.least-it.count > v.longest:
		it.count = 0
	}
	return m.one(m.push(it, s.stacks[0].rest))
}
