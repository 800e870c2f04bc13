package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// simpleEscapes are the escapes of one letter in a string literal.
var simpleEscapes = map[byte]string{
	'\n': "", '\\': "\\", '\'': "'", '"': "\"", 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// unescape is the value of a string literal, by the rules of Python.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		text, n := escapeSequence(s[i:])
		b.WriteString(text)
		s = s[i+n:]
	}
	b.WriteString(s)
	return b.String()
}

// escapeSequence reads one escape and returns its text and length.
func escapeSequence(s string) (string, int) {
	if len(s) < 2 {
		return s, len(s)
	}
	if text, ok := simpleEscapes[s[1]]; ok {
		return text, 2
	}
	switch c := s[1]; {
	case c >= '0' && c <= '7':
		n := 2
		for n < min(4, len(s)) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		return codePoint(s[1:n], 8), n
	case c == 'x':
		return hexEscape(s, 4, `truncated \xXX escape`)
	case c == 'u':
		return hexEscape(s, 6, `truncated \uXXXX escape`)
	case c == 'U':
		return hexEscape(s, 10, `truncated \UXXXXXXXX escape`)
	case c == 'N':
		fail(Unsupported, `\N{...} in a string is not supported`)
	}
	return s[:1], 1
}

func hexEscape(s string, n int, message string) (string, int) {
	if len(s) < n || strings.Trim(s[2:n], "0123456789abcdefABCDEF") != "" {
		fail(SyntaxError, "(unicode error) 'unicodeescape' codec can't decode bytes: %s", message)
	}
	return codePoint(s[2:n], 16), n
}

func codePoint(digits string, base int) string {
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		fail(SyntaxError, "(unicode error) 'unicodeescape' codec can't decode bytes: illegal Unicode character")
	}
	return string(rune(n))
}

// parseInteger is the value of an integer literal.
func parseInteger(s string) any {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		if n, err = strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64); err != nil {
			fail(Unsupported, "integer %s does not fit 64 bits", s)
		}
	}
	return n
}
