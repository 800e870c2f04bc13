// Package split finds the words that byte-pair encoding works inside of: the
// matches of a tokenizer's regular expression in a text.
//
// Patterns in common use have matchers written by hand, which take linear time.
// Others run in a backtracking engine with a limit on the time of a match. Both
// mean what Oniguruma with Unicode 16 means, which Hugging Face tokenizers
// uses: \s is White_Space, \p{L} and others are those of package ucd.
package split

import (
	"strings"
	"unicode/utf8"

	"github.com/lpuctl/lpuctl/internal/tokenizer/ucd"
)

// Pattern finds matches. It is immutable, and safe for concurrent use.
type Pattern interface {
	// Each calls match for each match in s from left to right, with its bytes
	// from start to end. Matches do not overlap and may be empty. It fails only
	// when a match takes too long to find.
	Each(s string, match func(start, end int)) error
}

// New returns the matcher of a regular expression in Oniguruma's syntax.
func New(pattern string) (Pattern, error) {
	if pattern == Trailing {
		return trailing{ucd.Load()}, nil
	}
	if m := known(pattern); m != nil {
		return linear{m, ucd.Load()}, nil
	}
	return compile(pattern)
}

// matcher returns the end of the match that begins at byte i of s, or i when
// there is none.
type matcher func(s scanner, i int) int

// linear is a Pattern without backtracking.
type linear struct {
	match matcher
	table *ucd.Table
}

func (l linear) Each(text string, match func(start, end int)) error {
	s := scanner{text, l.table}
	for i := 0; i < len(text); {
		if end := l.match(s, i); end > i {
			match(i, end)
			i = end
		} else {
			_, n := s.at(i)
			i += n
		}
	}
	return nil
}

// Runes returns a pattern whose matches are the single characters that is
// reports.
func Runes(is func(rune) bool) Pattern {
	return linear{table: ucd.Load(), match: func(s scanner, i int) int {
		if c, n := utf8.DecodeRuneInString(s.text[i:]); is(c) {
			return i + n
		}
		return i
	}}
}

// scanner looks at the characters of a text.
type scanner struct {
	text  string
	table *ucd.Table
}

// at returns the class and the length of the character at byte i, 0 and 0 at the
// end of the text.
func (s scanner) at(i int) (ucd.Class, int) {
	if i >= len(s.text) {
		return 0, 0
	}
	if b := s.text[i]; b < utf8.RuneSelf {
		return s.table.Of(rune(b)), 1
	}
	c, n := utf8.DecodeRuneInString(s.text[i:])
	return s.table.Of(c), n
}

// run returns the end of the characters from i on that are in set.
func (s scanner) run(i int, set ucd.Class) int {
	for {
		class, n := s.at(i)
		if class&set == 0 {
			return i
		}
		i += n
	}
}

// runOutside returns the end of the characters from i on that are not in set.
func (s scanner) runOutside(i int, set ucd.Class) int {
	for {
		class, n := s.at(i)
		if n == 0 || class&set != 0 {
			return i
		}
		i += n
	}
}

// runOf returns the end of the bytes from i on that are in set.
func (s scanner) runOf(i int, set string) int {
	for i < len(s.text) && contains(set, s.text[i]) {
		i++
	}
	return i
}

func contains(set string, b byte) bool {
	for i := range len(set) {
		if set[i] == b {
			return true
		}
	}
	return false
}

// newline reports whether a line break, \r or \n, is at i.
func (s scanner) newline(i int) bool {
	return i < len(s.text) && (s.text[i] == '\n' || s.text[i] == '\r')
}

// skipSpace returns i, or the place after the one space that is at i.
func (s scanner) skipSpace(i int) int {
	if i < len(s.text) && s.text[i] == ' ' {
		return i + 1
	}
	return i
}

// blanks matches \s+(?!\S)|\s+: white space, without its last character if
// something follows and that is not all of it.
func (s scanner) blanks(i int) int {
	end, last := i, i
	for {
		class, n := s.at(end)
		if class&ucd.Space == 0 {
			break
		}
		last, end = end, end+n
	}
	if end < len(s.text) && last > i {
		return last
	}
	return end
}

// lines matches \s*[\r\n]+: white space up to the last line break in it. It
// returns i when there is none.
func (s scanner) lines(i int) int {
	end := i
	for {
		class, n := s.at(i)
		if class&ucd.Space == 0 {
			return end
		}
		if s.newline(i) {
			end = i + 1
		}
		i += n
	}
}

// contraction matches (?i:'s|'t|'re|'ve|'m|'ll|'d), the long s included.
func (s scanner) contraction(i int) int {
	rest := s.text[i:]
	if len(rest) < 2 || rest[0] != '\'' {
		return i
	}
	switch rest[1] | 0x20 {
	case 's', 't', 'm', 'd':
		return i + 2
	}
	if len(rest) < 3 {
		return i
	}
	if rest[1:3] == "\u017f" {
		return i + 3
	}
	switch string([]byte{rest[1] | 0x20, rest[2] | 0x20}) {
	case "re", "ve", "ll":
		return i + 3
	}
	return i
}

// Literal is the pattern that matches itself. It is not empty.
type Literal string

// Each implements [Pattern].
func (l Literal) Each(s string, match func(start, end int)) error {
	for at := 0; ; {
		n := strings.Index(s[at:], string(l))
		if n < 0 {
			return nil
		}
		match(at+n, at+n+len(l))
		at += n + len(l)
	}
}
