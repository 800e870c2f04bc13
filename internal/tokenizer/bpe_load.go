package tokenizer

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// loader fills a bpe: first the tokens, then the merges.
type loader struct {
	m     *bpe
	texts []string // of each id, what it stands for
	last  int32    // what the last merge makes
	pairs []uint64 // of the merges
	made  []merge  // what they become
}

// newLoader takes the tokens of a vocabulary of size ids. Entries have ids below
// size and none twice.
func newLoader(m *bpe, entries []entry, size int) (*loader, error) {
	l := &loader{m: m, texts: make([]string, size), pairs: make([]uint64, 0, 2*size), made: make([]merge, 0, 2*size)}
	m.words = make(map[string]int32, len(entries))
	m.whole = make([]atomic.Uint32, size)
	for b := range m.bytes {
		m.bytes[b] = None
	}
	add := l.addPlain
	if m.byteLevel {
		add = l.addByteLevel
	}
	if err := add(entries); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *loader) add(text string, id int) error {
	if first, ok := l.m.words[text]; ok {
		return fmt.Errorf("tokens %d and %d are both %q", first, id, text)
	}
	l.m.words[text] = int32(id)
	l.texts[id] = text
	return nil
}

// addPlain adds tokens that stand for themselves.
func (l *loader) addPlain(entries []entry) error {
	for _, e := range entries {
		if err := l.add(e.text, e.id); err != nil {
			return err
		}
		if b, err := parseByte(e.text); err == nil && l.m.fallback {
			l.m.bytes[b] = int32(e.id)
		}
	}
	return nil
}

// addByteLevel adds tokens by the bytes that they spell. Those with characters
// outside of the alphabet cannot come from text.
func (l *loader) addByteLevel(entries []entry) error {
	var arena []byte
	ends := make([]int, len(entries))
	for i, e := range entries {
		arena, _ = appendByteLevel(arena, e.text)
		ends[i] = len(arena)
	}
	text, start := string(arena), 0
	for i, e := range entries {
		word := text[start:ends[i]]
		start = ends[i]
		if word == "" {
			continue
		}
		if err := l.add(word, e.id); err != nil {
			return err
		}
		if len(word) == 1 {
			l.m.bytes[word[0]] = int32(e.id)
		}
	}
	return nil
}

// merge adds the merge of two tokens as the vocabulary spells them. They are not
// empty.
func (l *loader) merge(rank int, left, right string) error {
	a, b, id := l.pair(left, right)
	switch {
	case a == None || b == None:
		return fmt.Errorf("merge %d (%q, %q): not both are tokens", rank, left, right)
	case id == None:
		return fmt.Errorf("merge %d (%q, %q): the two together are no token", rank, left, right)
	}
	l.pairs = append(l.pairs, pairOf(a, b))
	l.made = append(l.made, merge{int32(rank), id})
	l.last = id
	return nil
}

// finish makes the table of merges, now that their number is known. Of a pair
// that occurs twice the last counts, as in the library.
func (l *loader) finish() {
	l.m.merges = newMergeTable(len(l.pairs))
	for i, pair := range l.pairs {
		l.m.merges.set(pair, l.made[i])
	}
}

// pair returns the ids of two tokens and of what they spell together.
func (l *loader) pair(left, right string) (a, b, both int32) {
	var memory [128]byte
	text, okLeft := l.append(memory[:0], left)
	n := len(text)
	text, okRight := l.append(text, right)
	if !okLeft || !okRight {
		return None, None, None
	}
	return l.lookup(text[:n]), l.lookup(text[n:]), l.lookupMerged(text)
}

// append appends what a token stands for.
func (l *loader) append(dst []byte, token string) ([]byte, bool) {
	if l.m.byteLevel {
		return appendByteLevel(dst, token)
	}
	return append(dst, token...), true
}

func (l *loader) lookup(text []byte) int32 {
	if len(text) == 1 && l.m.byteLevel {
		return l.m.bytes[text[0]]
	}
	if id, ok := l.m.words[string(text)]; ok { // without a copy
		return id
	}
	return None
}

// lookupMerged is lookup for what a merge makes: most often the token of the
// merge before or the next one, which is faster to compare than to look up.
func (l *loader) lookupMerged(text []byte) int32 {
	for id := l.last; id < min(l.last+2, int32(len(l.texts))); id++ {
		if l.texts[id] == string(text) {
			return id
		}
	}
	return l.lookup(text)
}

// cutMerge divides a merge "left right".
func cutMerge(line string) (left, right string, ok bool) {
	left, right, ok = strings.Cut(line, " ")
	return left, right, ok && left != "" && right != "" && !strings.Contains(right, " ")
}
