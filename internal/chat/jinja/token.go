package jinja

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

const (
	tokenEOF kind = iota
	tokenData
	tokenVariableBegin
	tokenVariableEnd
	tokenBlockBegin
	tokenBlockEnd
	tokenName
	tokenString
	tokenInteger
	tokenFloat
	tokenOperator
	tokenFailure // where the lexer stopped
)

// token is a piece of a template. Text is the text of data, names and
// operators, the value of strings, and the digits of numbers.
type token struct {
	kind kind
	text string
	pos  int // byte offset in the source
}

// is reports whether t is that operator.
func (t token) is(operator string) bool { return t.kind == tokenOperator && t.text == operator }

// isName reports whether t is one of the names.
func (t token) isName(names ...string) bool {
	return t.kind == tokenName && slices.Contains(names, t.text)
}

// describe names t as Jinja2's messages do.
func (t token) describe() string {
	switch t.kind {
	case tokenEOF:
		return "end of template"
	case tokenData:
		return "template data / text"
	case tokenVariableBegin:
		return "begin of print statement"
	case tokenVariableEnd:
		return "end of print statement"
	case tokenBlockBegin:
		return "begin of statement block"
	case tokenBlockEnd:
		return "end of statement block"
	case tokenInteger:
		return "integer"
	case tokenFloat:
		return "float"
	case tokenString:
		return "string"
	}
	return t.text
}

// operators, the longest first.
var operators = []string{
	"//", "**", "==", "!=", ">=", "<=",
	"+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
}

var closing = map[string]string{"(": ")", "[": "]", "{": "}"}

// expression reads one token inside a tag.
func (l *lexer) expression() {
	rest := l.rest()
	c, _ := utf8.DecodeRuneInString(rest)
	switch {
	case c >= '0' && c <= '9':
		l.number(rest)
	case isWord(c):
		n := strings.IndexFunc(rest, func(c rune) bool { return !isWord(c) })
		if n < 0 {
			n = len(rest)
		}
		if !isIdentifier(rest[:n]) {
			fail(SyntaxError, "Invalid character in identifier")
		}
		l.emit(tokenName, rest[:n], n)
	case c == '"' || c == '\'':
		l.quoted(rest, byte(c))
	default:
		l.operator(rest)
	}
}

func isWord(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c) }

func isIdentifier(s string) bool {
	for i, c := range s {
		if c != '_' && !unicode.IsLetter(c) && !unicode.Is(unicode.Nl, c) && (i == 0 || !unicode.Is(unicode.Nd, c)) {
			return false
		}
	}
	return true
}

func (l *lexer) operator(rest string) {
	for _, op := range operators {
		if !strings.HasPrefix(rest, op) {
			continue
		}
		switch op {
		case "(", "[", "{":
			l.open = append(l.open, closing[op])
		case ")", "]", "}":
			l.close(op)
		}
		l.emit(tokenOperator, op, len(op))
		return
	}
	c, _ := utf8.DecodeRuneInString(rest)
	fail(SyntaxError, "unexpected char %s at %d", reprString(string(c)), utf8.RuneCountInString(l.source[:l.pos]))
}

func (l *lexer) close(op string) {
	if len(l.open) == 0 {
		fail(SyntaxError, "unexpected '%s'", op)
	}
	last := l.open[len(l.open)-1]
	if last != op {
		fail(SyntaxError, "unexpected '%s', expected '%s'", op, last)
	}
	l.open = l.open[:len(l.open)-1]
}

func (l *lexer) quoted(rest string, quote byte) {
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case quote:
			l.emit(tokenString, unescape(rest[1:i]), i+1)
			return
		}
	}
	fail(SyntaxError, "unexpected char %s at %d", reprString(string(quote)), utf8.RuneCountInString(l.source[:l.pos]))
}

// number reads an integer or a float, with "_" between digits.
func (l *lexer) number(rest string) {
	if len(rest) > 2 && rest[0] == '0' && strings.ContainsRune("bBoOxX", rune(rest[1])) {
		if n := digits(rest[2:], radixDigits[rest[1]|0x20]); n > 0 {
			l.emit(tokenInteger, rest[:2+n], 2+n)
			return
		}
	}
	n := digits(rest, "0123456789")
	end := n
	afterDot := l.pos > 0 && l.source[l.pos-1] == '.'
	if m := fraction(rest[n:]); !afterDot && m > 0 {
		end += m
	}
	if m := exponent(rest[end:]); !afterDot && m > 0 {
		end += m
	}
	if end > n {
		l.emit(tokenFloat, strings.ReplaceAll(rest[:end], "_", ""), end)
		return
	}
	if rest[0] == '0' {
		n = digits(rest, "0")
	}
	l.emit(tokenInteger, strings.ReplaceAll(rest[:n], "_", ""), n)
}

var radixDigits = map[byte]string{'b': "01", 'o': "01234567", 'x': "0123456789abcdefABCDEF"}

// digits counts the bytes of digits with single underscores between them.
func digits(s, set string) int {
	n := 0
	for n < len(s) {
		switch {
		case strings.IndexByte(set, s[n]) >= 0:
			n++
		case s[n] == '_' && n > 0 && n+1 < len(s) && strings.IndexByte(set, s[n+1]) >= 0:
			n += 2
		default:
			return n
		}
	}
	return n
}

func fraction(s string) int {
	if !strings.HasPrefix(s, ".") {
		return 0
	}
	if n := digits(s[1:], "0123456789"); n > 0 {
		return 1 + n
	}
	return 0
}

func exponent(s string) int {
	if s == "" || s[0]|0x20 != 'e' {
		return 0
	}
	sign := 0
	if len(s) > 1 && (s[1] == '+' || s[1] == '-') {
		sign = 1
	}
	if n := digits(s[1+sign:], "0123456789"); n > 0 {
		return 1 + sign + n
	}
	return 0
}
