package ir

import (
	"fmt"
	"strconv"
)

// A token is a word (letters, digits and _.-+, with its sigil @ or % if any),
// a quoted string, or one character of punctuation.
type token struct {
	kind byte // 'w' word, 'q' quoted, 0 end, else the character itself
	text string
	line int
}

func (t token) String() string {
	if t.kind == 0 {
		return "end of text"
	}
	return strconv.Quote(t.text)
}

type lexer struct {
	src  string
	pos  int
	line int
}

func (l *lexer) next() (token, error) {
	l.skipSpace()
	if l.pos == len(l.src) {
		return token{line: l.line}, nil
	}
	start := l.pos
	c := l.src[start]
	switch {
	case c == '"':
		return l.quoted()
	case wordByte(c) || c == '@' || c == '%':
		l.pos++
		for l.pos < len(l.src) && wordByte(l.src[l.pos]) {
			l.pos++
		}
		return token{'w', l.src[start:l.pos], l.line}, nil
	}
	l.pos++
	return token{c, l.src[start:l.pos], l.line}, nil
}

func (l *lexer) skipSpace() {
	for ; l.pos < len(l.src); l.pos++ {
		switch l.src[l.pos] {
		case '\n':
			l.line++
		case ' ', '\t', '\r':
		default:
			return
		}
	}
}

func (l *lexer) quoted() (token, error) {
	text, err := strconv.QuotedPrefix(l.src[l.pos:])
	if err != nil {
		return token{}, fmt.Errorf("line %d: unterminated string", l.line)
	}
	l.pos += len(text)
	s, err := strconv.Unquote(text)
	if err != nil {
		return token{}, fmt.Errorf("line %d: bad string %s", l.line, text)
	}
	return token{'q', s, l.line}, nil
}

func wordByte(c byte) bool { return nameByte(c) || c == '+' }
