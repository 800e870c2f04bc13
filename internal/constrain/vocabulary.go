package constrain

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// maxToken is the most bytes of a token that may be chosen.
const maxToken = 1024

// Vocabulary is what a guide knows of the tokens of a model. It is immutable
// and safe for concurrent use.
type Vocabulary struct {
	tokens  [][]byte
	ends    []int
	all     trie
	special trie      // of tokens that are not plain
	plain   []bitset  // at k: the plain tokens of at most k characters
	single  [256]bool // whether the byte alone is a token
	longest int64     // bytes of the longest token
}

// NewVocabulary returns a vocabulary of tokens by id. The bytes of a token are
// what it adds to a text; none are for tokens that are never part of one. Ends
// are the tokens that end a text. Every printable ASCII character must be a
// token, and every byte of the UTF-8 of the characters U+0080 to U+3FFFF, so
// that any JSON text can be completed byte by byte. Tokens of more than 1024
// bytes are never allowed.
func NewVocabulary(tokens [][]byte, ends []int) (*Vocabulary, error) {
	v := &Vocabulary{tokens: tokens, ends: ends}
	if len(ends) == 0 {
		return nil, errors.New("constrain: the vocabulary has no token that ends a text")
	}
	for _, id := range ends {
		if id < 0 || id >= len(tokens) {
			return nil, fmt.Errorf("constrain: end token %d is outside the vocabulary of %d tokens", id, len(tokens))
		}
	}
	var ids []int32
	for id, token := range tokens {
		if 0 < len(token) && len(token) <= maxToken && !slices.Contains(ends, id) {
			ids = append(ids, int32(id))
			v.longest = max(v.longest, int64(len(token)))
		}
	}
	slices.SortStableFunc(ids, func(a, b int32) int { return bytes.Compare(tokens[a], tokens[b]) })
	v.all = newTrie(tokens, ids)
	v.special = newTrie(tokens, v.sortPlain(ids))
	return v, v.complete()
}

// complete notes the tokens of one byte. It reports a byte that a guide may need
// and that is none.
func (v *Vocabulary) complete() error {
	for _, n := range v.all.nodes {
		if n.depth == 0 {
			v.single[n.b] = n.first < n.last
		}
	}
	for b, has := range v.single {
		needed := ' ' <= b && b <= '~' || 0x80 <= b && b <= 0xBF || 0xC2 <= b && b <= 0xF0
		if !has && needed {
			return fmt.Errorf("constrain: the vocabulary has no token for the byte 0x%02X", b)
		}
	}
	return nil
}

// mask is a set of tokens.
type mask struct {
	bits  bitset
	odd   bitset // those of them after which a number is written in an odd way
	worst int64  // most bytes to the end of the text after one of them
}

// walk returns the tokens that may follow s and after which limit tokens are
// enough to complete the text.
func (v *Vocabulary) walk(m *matcher, s *state, limit int64) *mask {
	out := &mask{bits: v.bitset(), odd: v.bitset()}
	if s.insideAnything() != nil {
		v.addPlain(out, m, s, limit)
		v.walkTrie(out, &v.special, m, s, limit)
	} else {
		v.walkTrie(out, &v.all, m, s, limit)
	}
	return out
}

// walkTrie adds the tokens of a trie to a mask.
func (v *Vocabulary) walkTrie(out *mask, t *trie, m *matcher, s *state, limit int64) {
	path := []*state{s}
	for i := 0; i < len(t.nodes); {
		n := &t.nodes[i]
		next := m.step(path[n.depth], n.b)
		if next == dead {
			i += int(n.below) + 1
			continue
		}
		path = append(path[:n.depth+1], next)
		if n.first < n.last && v.closes(m, next, limit) {
			out.worst = max(out.worst, next.cost)
			for _, id := range t.ids[n.first:n.last] {
				out.bits.add(id)
				if next.odd {
					out.odd.add(id)
				}
			}
		}
		i++
	}
}
