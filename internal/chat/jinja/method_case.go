package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// caseMethods are the methods of str that change letters.
func caseMethods() map[string]builtin {
	change := func(size int, f func(string) string) builtin {
		return fn("self", func(r *renderer, a []any) any {
			s := stringArg(a[0])
			r.allocate(len(s))
			r.read(s, size)
			return f(s)
		})
	}
	return map[string]builtin{
		"upper":      change(16, upper),
		"lower":      change(16, lower),
		"casefold":   change(2, func(s string) string { return cases.Fold().String(s) }),
		"capitalize": change(16, capitalize),
		"title":      change(1, title),
		"swapcase":   change(1, swapCase),
	}
}

func upper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// capitalize has the first character in title case and the others in lower
// case.
func capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return titleCase(s[:n]) + lower(s[n:])
}

func titleCase(letter string) string { return cases.Title(language.Und).String(letter) }

// title has the first letter of each word in title case: a word is a run of
// letters with case, so that what follows an apostrophe begins one.
func title(s string) string {
	var b strings.Builder
	start, inside := 0, false
	flush := func(end int) {
		b.WriteString(lower(s[start:end]))
		start = end
	}
	for i, c := range s {
		cased := isCased(c)
		if cased && !inside {
			flush(i)
			start = i + utf8.RuneLen(c)
			b.WriteString(titleCase(string(c)))
		}
		inside = cased
	}
	flush(len(s))
	return b.String()
}

func isCased(c rune) bool {
	return unicode.IsUpper(c) || unicode.IsLower(c) || unicode.IsTitle(c) ||
		unicode.Is(unicode.Other_Lowercase, c) || unicode.Is(unicode.Other_Uppercase, c)
}

func swapCase(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case isUpper(c):
			b.WriteString(lower(string(c)))
		case isLower(c):
			b.WriteString(upper(string(c)))
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func isUpper(c rune) bool { return unicode.IsUpper(c) || unicode.Is(unicode.Other_Uppercase, c) }

func isLower(c rune) bool { return unicode.IsLower(c) || unicode.Is(unicode.Other_Lowercase, c) }

// kindMethods are the methods of str that tell what characters it has.
func kindMethods() map[string]builtin {
	every := func(f func(rune) bool) builtin {
		return fn("self", func(r *renderer, a []any) any {
			s := stringArg(a[0])
			r.work(len(s) / 16)
			return s != "" && strings.IndexFunc(s, func(c rune) bool { return !f(c) }) < 0
		})
	}
	onSelf := func(f func(string) bool) builtin {
		return fn("self", func(r *renderer, a []any) any {
			r.read(stringArg(a[0]), 4)
			return f(stringArg(a[0]))
		})
	}
	printable := func(s string) bool { return strings.IndexFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) < 0 }
	return map[string]builtin{
		"isalpha":      every(unicode.IsLetter),
		"isalnum":      every(func(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }),
		"isdecimal":    every(unicode.IsDigit),
		"isdigit":      every(isDigit),
		"isnumeric":    every(unicode.IsNumber),
		"isspace":      every(isSpace),
		"isascii":      onSelf(isASCII),
		"isprintable":  onSelf(printable),
		"isidentifier": onSelf(func(s string) bool { return s != "" && isIdentifier(s) }),
		"isupper":      onSelf(func(s string) bool { return hasOnly(s, isUpper, isLower) }),
		"islower":      onSelf(func(s string) bool { return hasOnly(s, isLower, isUpper) }),
		"istitle":      onSelf(isTitle),
	}
}

// isDigit is str.isdigit: decimal digits and superscripts, subscripts and
// circled ones, whose Numeric_Type is Digit.
func isDigit(c rune) bool {
	if unicode.IsDigit(c) {
		return true
	}
	return c == '²' || c == '³' || c == '¹' || c == '⁰' || c >= '⁴' && c <= '⁹' || c >= '₀' && c <= '₉' ||
		c >= '①' && c <= '⑨' || c >= '⑴' && c <= '⑼' || c >= '⒈' && c <= '⒐' || c >= '⓵' && c <= '⓽' || c == '⓪' || c == '⓿' ||
		c >= '❶' && c <= '❾' || c >= '➀' && c <= '➈' || c >= '➊' && c <= '➒'
}

// hasOnly reports whether a string has letters of one case and none of another.
func hasOnly(s string, wanted, other func(rune) bool) bool {
	return strings.IndexFunc(s, wanted) >= 0 && strings.IndexFunc(s, other) < 0 && strings.IndexFunc(s, unicode.IsTitle) < 0
}

func isTitle(s string) bool {
	found, inside := false, false
	for _, c := range s {
		upper := isUpper(c) || unicode.IsTitle(c)
		lower := isLower(c)
		if upper && inside || lower && !inside {
			return false
		}
		inside = upper || lower
		found = found || inside
	}
	return found
}
