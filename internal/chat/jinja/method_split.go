package jinja

import (
	"strings"
	"unicode/utf8"
)

// splitMethods are the methods of str that take text apart or put it together.
func splitMethods() map[string]builtin {
	return map[string]builtin{
		"split":      fn("self sep? maxsplit?", splitText),
		"rsplit":     fn("self sep? maxsplit?", splitTextRight),
		"splitlines": fn("self keepends?", splitLines),
		"partition":  fn("self sep", func(r *renderer, a []any) any { return r.partition(stringArg(a[0]), separator(a[1])) }),
		"rpartition": fn("self sep", func(r *renderer, a []any) any { return r.partitionRight(stringArg(a[0]), separator(a[1])) }),
		"join":       fn("self iterable", joinText),
		"strip":      fn("self chars?", strip(true, true)),
		"lstrip":     fn("self chars?", strip(true, false)),
		"rstrip":     fn("self chars?", strip(false, true)),
	}
}

// texts makes a list of strings.
func (r *renderer) texts(parts []string) *List {
	r.items(len(parts))
	items := make([]any, len(parts))
	for i, p := range parts {
		items[i] = p
	}
	return &List{items}
}

func separator(v any) string {
	sep := stringArg(v)
	if sep == "" {
		fail(ValueError, "empty separator")
	}
	return sep
}

// limit is how many splits maxsplit allows.
func limit(v any) int {
	n := intOr(v, -1)
	if n < 0 || n > 1<<30 {
		return 1 << 30
	}
	return int(n)
}

func splitText(r *renderer, a []any) any {
	s, n := stringArg(a[0]), limit(a[2])
	r.allocate(len(s))
	if a[1] != nil && a[1] != (absent{}) {
		sep := separator(a[1])
		n = min(n, strings.Count(s, sep)) // SplitN makes room for as many as it is told
		r.items(n)
		return r.texts(strings.SplitN(s, sep, n+1))
	}
	r.read(s, 16)
	var parts []string
	for s = strings.TrimLeftFunc(s, isSpace); s != ""; s = strings.TrimLeftFunc(s, isSpace) {
		r.items(1)
		i := strings.IndexFunc(s, isSpace)
		if i < 0 || len(parts) == n {
			if len(parts) < n {
				i = len(s)
			} else {
				parts = append(parts, s)
				break
			}
		}
		parts = append(parts, s[:i])
		s = s[i:]
	}
	return r.texts(parts)
}

func splitTextRight(r *renderer, a []any) any {
	s, n := stringArg(a[0]), limit(a[2])
	r.allocate(len(s))
	var parts []string
	if a[1] != nil && a[1] != (absent{}) {
		for sep := separator(a[1]); len(parts) < n; {
			r.items(1)
			i := strings.LastIndex(s, sep)
			if i < 0 {
				break
			}
			parts = append(parts, s[i+len(sep):])
			s = s[:i]
		}
		return r.reversed(append(parts, s))
	}
	r.read(s, 16)
	for s = strings.TrimRightFunc(s, isSpace); s != ""; s = strings.TrimRightFunc(s, isSpace) {
		r.items(1)
		i := strings.LastIndexFunc(s, isSpace)
		if i < 0 || len(parts) == n {
			parts = append(parts, s)
			break
		}
		word := strings.TrimLeftFunc(s[i:], isSpace)
		parts = append(parts, word)
		s = s[:len(s)-len(word)]
	}
	return r.reversed(parts)
}

func (r *renderer) reversed(parts []string) *List {
	l := r.texts(parts)
	for i, p := range parts {
		l.Items[len(parts)-1-i] = p
	}
	return l
}

func splitLines(r *renderer, a []any) any {
	s, keep := stringArg(a[0]), truthOr(a[1], false)
	r.allocate(len(s))
	r.read(s, 32)
	var lines []string
	for s != "" {
		r.items(1)
		line, ending := nextLine(s)
		s = s[len(line)+len(ending):]
		if keep {
			line += ending
		}
		lines = append(lines, line)
	}
	return r.texts(lines)
}

// nextLine is the first line of s and what ends it for splitlines.
func nextLine(s string) (line, ending string) {
	for i := range len(s) {
		if n := lineEnd(s[i:]); n > 0 {
			return s[:i], s[i : i+n]
		}
	}
	return s, ""
}

// lineEnd is the length of the end of a line at the start of s, or 0.
func lineEnd(s string) int {
	switch c := s[0]; {
	case c > 0x1e && c < utf8.RuneSelf:
		return 0
	case strings.HasPrefix(s, "\r\n"), strings.HasPrefix(s, "\u0085"):
		return 2
	case c >= '\n' && c <= '\r', c >= 0x1c && c <= 0x1e:
		return 1
	case strings.HasPrefix(s, "\u2028"), strings.HasPrefix(s, "\u2029"):
		return 3
	}
	return 0
}

func (r *renderer) partition(s, sep string) any {
	r.read(s, 64)
	before, after, ok := strings.Cut(s, sep)
	if !ok {
		return newTuple(s, "", "")
	}
	return newTuple(before, sep, after)
}

func (r *renderer) partitionRight(s, sep string) any {
	r.read(s, 64)
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return newTuple("", "", s)
	}
	return newTuple(s[:i], sep, s[i+len(sep):])
}

func joinText(r *renderer, a []any) any {
	items, ok := r.iterate(a[1])
	if !ok {
		fail(TypeError, "can only join an iterable")
	}
	sep := stringArg(a[0])
	var b strings.Builder
	r.work(len(items))
	for i, item := range items {
		s, ok := stringOf(item)
		if !ok {
			fail(TypeError, "sequence item %d: expected str instance, %s found", i, typeName(item))
		}
		r.allocate(len(sep) + len(s))
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s)
	}
	return b.String()
}

// strip takes white space, or the characters of an argument, off the ends.
func strip(left, right bool) func(*renderer, []any) any {
	return func(r *renderer, a []any) any {
		s, cut := stringArg(a[0]), isSpace
		if a[1] != nil && a[1] != (absent{}) {
			cut = r.oneOf(stringArg(a[1]))
		}
		rest := s
		if left {
			rest = strings.TrimLeftFunc(rest, cut)
		}
		if right {
			rest = strings.TrimRightFunc(rest, cut)
		}
		r.work((len(s) - len(rest)) / 8)
		return rest
	}
}

// oneOf is whether a character is in a text.
func (r *renderer) oneOf(text string) func(rune) bool {
	r.read(text, 4)
	set := map[rune]bool{}
	for _, c := range text {
		set[c] = true
	}
	return func(c rune) bool { return set[c] }
}
