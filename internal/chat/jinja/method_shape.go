package jinja

import (
	"strings"
	"unicode/utf8"
)

// shapeMethods are the methods of str that lay text out.
func shapeMethods() map[string]builtin {
	return map[string]builtin{
		"center":     fn("self width fillchar?", pad(true, true)),
		"ljust":      fn("self width fillchar?", pad(false, true)),
		"rjust":      fn("self width fillchar?", pad(true, false)),
		"zfill":      fn("self width", zeroFill),
		"expandtabs": fn("self tabsize?", expandTabs),
		"format":     fn("self *", func(r *renderer, a []any) any { return r.formatBraces(stringArg(a[0]), a[1].(arguments)) }),
		"format_map": fn("self mapping", formatMap),
	}
}

// pad fills a string with a character on the left, on the right or on both
// sides.
func pad(left, right bool) func(*renderer, []any) any {
	return func(r *renderer, a []any) any {
		fill := stringOr(a[2], " ")
		if utf8.RuneCountInString(fill) != 1 {
			fail(TypeError, "The fill character must be exactly one character long")
		}
		return r.pad(stringArg(a[0]), intArg(a[1]), fill, left, right)
	}
}

func (r *renderer) pad(s string, width int64, fill string, left, right bool) string {
	r.read(s, 64)
	missing := width - int64(utf8.RuneCountInString(s))
	if missing <= 0 {
		return s
	}
	before := missing
	switch {
	case left && right: // as CPython splits an odd number
		before = missing/2 + missing&width&1
	case right:
		before = 0
	}
	return r.repeatString(fill, before) + s + r.repeatString(fill, missing-before)
}

func zeroFill(r *renderer, a []any) any {
	s := stringArg(a[0])
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign = s[:1]
	}
	return sign + r.pad(s[len(sign):], intArg(a[1])-int64(len(sign)), "0", true, false)
}

func expandTabs(r *renderer, a []any) any {
	size := intOr(a[1], 8)
	var b strings.Builder
	column := int64(0)
	r.read(stringArg(a[0]), 16)
	for _, c := range stringArg(a[0]) {
		switch {
		case c == '\t' && size > 0:
			n := size - column%size
			b.WriteString(r.repeatString(" ", n))
			column += n
		case c == '\t':
		default:
			b.WriteRune(c)
			column++
			if c == '\n' || c == '\r' {
				column = 0
			}
		}
	}
	r.allocate(b.Len())
	return b.String()
}
