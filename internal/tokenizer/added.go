package tokenizer

import (
	"unicode/utf8"

	"github.com/lpuctl/lpuctl/internal/tokenizer/ucd"
)

// addedToken is a token that is found in the text before words are.
type addedToken struct {
	id         int
	text       string
	special    bool // only when special tokens are parsed
	singleWord bool // only between characters that are not of words
	lstrip     bool // takes the white space before it
	rstrip     bool // takes the white space after it
}

// addedTokens finds added tokens, the leftmost and longest first.
type addedTokens struct {
	find   matcher
	tokens map[int]addedToken
}

func newAddedTokens(list []addedToken) addedTokens {
	a := addedTokens{tokens: make(map[int]addedToken)}
	var entries []entry
	for _, t := range list {
		entries = append(entries, entry{t.text, t.id})
		a.tokens[t.id] = t
	}
	a.find = newMatcher(entries)
	return a
}

// cut adds the added tokens in p to out and calls rest with what is between
// them, in order. A token that its flags forbid hides others that begin in it,
// and white space that rstrip took can still be part of the next token, as in
// the library.
func (a *addedTokens) cut(p piece, parse bool, out *tokens, rest func(piece) error) error {
	done := 0 // where what is not cut yet begins
	for from := 0; ; {
		at, id, length, ok := a.find.next(p.text, from)
		if !ok {
			break
		}
		from = at + length
		t := a.tokens[id]
		if t.special && !parse || t.singleWord && !alone(p.text, at, from) {
			continue
		}
		start, end := t.extend(p.text, at, from, done)
		if done < start {
			if err := rest(p.slice(done, start)); err != nil {
				return err
			}
		}
		first, last := p.origin(start, end)
		out.add(id, first, last)
		done = end
	}
	if done == len(p.text) {
		return nil
	}
	return rest(p.slice(done, len(p.text)))
}

// extend returns the place of a token at i to j with the white space that it
// takes. What is before done is taken already: if that is beyond j, by rstrip of
// the token before, and white space.
func (t addedToken) extend(s string, i, j, done int) (start, end int) {
	table := ucd.Load()
	if t.rstrip {
		j = max(j, done)
	}
	i = min(max(i, done), j)
	for t.lstrip && i > done {
		c, n := utf8.DecodeLastRuneInString(s[:i])
		if table.Of(c)&ucd.Space == 0 {
			break
		}
		i -= n
	}
	for t.rstrip && j < len(s) {
		c, n := utf8.DecodeRuneInString(s[j:])
		if table.Of(c)&ucd.Space == 0 {
			break
		}
		j += n
	}
	return i, j
}

// alone reports whether s[i:j] stands between characters that are not of words.
func alone(s string, i, j int) bool {
	word := ucd.Load().IsWord
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[j:])
	return (i == 0 || !word(before)) && (j == len(s) || !word(after))
}
