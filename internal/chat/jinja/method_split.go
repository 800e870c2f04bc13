package jinja

import (
	"strings"
)

// splitMethods are the methods of str that take text apart or put it together.
func splitMethods() map[string]builtin {
	return map[string]builtin{
		"split":      fn("self sep? maxsplit?", splitText),
		"rsplit":     fn("self sep? maxsplit?", splitTextRight),
		"splitlines": fn("self keepends?", splitLines),
		"partition":  fn("self sep", func(_ *renderer, a []any) any { return partition(stringArg(a[0]), separator(a[1])) }),
		"rpartition": fn("self sep", func(_ *renderer, a []any) any { return partitionRight(stringArg(a[0]), separator(a[1])) }),
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
		r.items(min(n, strings.Count(s, sep)))
		return r.texts(strings.SplitN(s, sep, n+1))
	}
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

// lineEnds are the characters that end a line for splitlines, beside "\r\n".
const lineEnds = "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029"

func splitLines(r *renderer, a []any) any {
	s, keep := stringArg(a[0]), truthOr(a[1], false)
	r.allocate(len(s))
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

func nextLine(s string) (line, ending string) {
	i := strings.IndexAny(s, lineEnds)
	if i < 0 {
		return s, ""
	}
	if strings.HasPrefix(s[i:], "\r\n") {
		return s[:i], "\r\n"
	}
	for _, c := range s[i:] {
		return s[:i], string(c)
	}
	return s, ""
}

func partition(s, sep string) any {
	before, after, ok := strings.Cut(s, sep)
	if !ok {
		return newTuple(s, "", "")
	}
	return newTuple(before, sep, after)
}

func partitionRight(s, sep string) any {
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
			set := stringArg(a[1])
			cut = func(c rune) bool { return strings.ContainsRune(set, c) }
		}
		r.work(len(s) / 64)
		if left {
			s = strings.TrimLeftFunc(s, cut)
		}
		if right {
			s = strings.TrimRightFunc(s, cut)
		}
		return s
	}
}
