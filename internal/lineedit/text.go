package lineedit

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// text is a message with a cursor. It holds no control characters but line feeds
// and tabs.
type text struct {
	s  string
	at int // bytes before the cursor
}

// insert puts characters at the cursor, without what could drive a terminal.
func (t *text) insert(s string) {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	t.s = t.s[:t.at] + s + t.s[t.at:]
	t.at += len(s)
}

// erase removes what is between the cursor and another place.
func (t *text) erase(to int) {
	from := t.at
	if to < from {
		from, to = to, from
	}
	t.s, t.at = t.s[:from]+t.s[to:], from
}

// home and end are the ends of the line of the cursor.
func (t *text) home() int { return strings.LastIndexByte(t.s[:t.at], '\n') + 1 }

func (t *text) end() int {
	if n := strings.IndexByte(t.s[t.at:], '\n'); n >= 0 {
		return t.at + n
	}
	return len(t.s)
}

// left and right are the places a character away, as a person sees them: a letter
// with its accents is one.
func (t *text) left() int {
	at := t.home()
	if at == t.at {
		return max(at-1, 0)
	}
	for {
		n := cluster(t.s[at:t.at])
		if at+n >= t.at {
			return at
		}
		at += n
	}
}

func (t *text) right() int { return t.at + cluster(t.s[t.at:]) }

// cluster is the number of bytes of the first character of s.
func cluster(s string) int {
	first, _, _, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	return len(first)
}

// wordLeft and wordRight are the ends of words, which white space separates.
func (t *text) wordLeft() int {
	before := strings.TrimRightFunc(t.s[:t.at], unicode.IsSpace)
	return len(strings.TrimRightFunc(before, func(r rune) bool { return !unicode.IsSpace(r) }))
}

func (t *text) wordRight() int {
	rest := t.s[t.at:]
	blank := len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsSpace))
	if n := strings.IndexFunc(rest[blank:], unicode.IsSpace); n >= 0 {
		return t.at + blank + n
	}
	return len(t.s)
}

// vertical moves the cursor by lines, to the same number of characters from the
// beginning. It returns false where there is no such line.
func (t *text) vertical(by int) bool {
	home, column := t.home(), 0
	for at := home; at < t.at; column++ {
		at += cluster(t.s[at:])
	}
	if by < 0 {
		if home == 0 {
			return false
		}
		t.at = home - 1
		t.at = t.home()
	} else {
		if t.end() == len(t.s) {
			return false
		}
		t.at = t.end() + 1
	}
	for end := t.end(); column > 0 && t.at < end; column-- {
		t.at = t.right()
	}
	return true
}
