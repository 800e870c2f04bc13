package split

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lpuctl/lpuctl/internal/tokenizer/ucd"
)

// expand writes the general categories of a pattern (\p{L}, \P{Lu}, \p{^N}) and
// \d and \D as the ranges of package ucd, since the engine's own are those of
// Go. It refuses what the engine reads differently from Oniguruma.
func expand(pattern string) (string, error) {
	var out strings.Builder
	inClass := false
	for i := 0; i < len(pattern); {
		switch {
		case pattern[i] == '\\':
			n, err := expandEscape(&out, pattern[i:], inClass)
			if err != nil {
				return "", err
			}
			i += n
			continue
		case inClass && (pattern[i] == '[' || strings.HasPrefix(pattern[i:], "&&")):
			return "", errors.New("a class inside of a class is not supported")
		case pattern[i] == '[':
			inClass = true
		case pattern[i] == ']':
			inClass = false
		}
		out.WriteByte(pattern[i])
		i++
	}
	return out.String(), nil
}

// expandEscape writes the escape at the start of s and returns its length.
func expandEscape(out *strings.Builder, s string, inClass bool) (int, error) {
	name, negated, n := category(s)
	if class, ok := ucd.Named(name); ok {
		writeClass(out, class, negated, inClass)
		return n, nil
	}
	if len(s) > 1 && strings.IndexByte("hHRXKONyY", s[1]) >= 0 {
		return 0, fmt.Errorf("%s is not supported", s[:2])
	}
	n = min(2, len(s))
	out.WriteString(s[:n])
	return n, nil
}

// category reads an escape at the start of s that names a general category, and
// returns its length.
func category(s string) (name string, negated bool, length int) {
	switch {
	case strings.HasPrefix(s, `\d`):
		return "Nd", false, 2
	case strings.HasPrefix(s, `\D`):
		return "Nd", true, 2
	case !strings.HasPrefix(s, `\p{`) && !strings.HasPrefix(s, `\P{`):
		return "", false, 0
	}
	name, _, ok := strings.Cut(s[3:], "}")
	if !ok {
		return "", false, 0
	}
	length = 3 + len(name) + 1
	negated = s[1] == 'P'
	if rest, ok := strings.CutPrefix(name, "^"); ok {
		name, negated = rest, !negated
	}
	return name, negated, length
}

// writeClass writes ranges, in brackets unless those of the pattern are open.
func writeClass(out *strings.Builder, class ucd.Class, negated, inClass bool) {
	if !inClass {
		out.WriteByte('[')
	}
	next := rune(0)
	ucd.Ranges(class, func(lo, hi rune) {
		if !negated {
			writeRange(out, lo, hi)
		} else if next < lo {
			writeRange(out, next, lo-1)
		}
		next = hi + 1
	})
	if negated {
		writeRange(out, next, 0x10ffff)
	}
	if !inClass {
		out.WriteByte(']')
	}
}

func writeRange(out *strings.Builder, lo, hi rune) {
	writeLiteral(out, lo)
	out.WriteByte('-')
	writeLiteral(out, hi)
}

func writeLiteral(out *strings.Builder, c rune) {
	if c < 0x80 && !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z') {
		const hex = "0123456789abcdef"
		out.WriteString(`\x`)
		out.WriteByte(hex[c>>4])
		out.WriteByte(hex[c&15])
		return
	}
	out.WriteRune(c)
}
