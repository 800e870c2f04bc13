package jinja

import (
	"strings"
	"unicode/utf8"
)

// searchMethods are the methods of str that look for text.
func searchMethods() map[string]builtin {
	return map[string]builtin{
		"startswith":   fn("self prefix start? end?", affix(strings.HasPrefix)),
		"endswith":     fn("self suffix start? end?", affix(strings.HasSuffix)),
		"find":         fn("self sub start? end?", func(r *renderer, a []any) any { return find(r, a, strings.Index) }),
		"rfind":        fn("self sub start? end?", func(r *renderer, a []any) any { return find(r, a, strings.LastIndex) }),
		"index":        fn("self sub start? end?", func(r *renderer, a []any) any { return mustFind(r, a, strings.Index) }),
		"rindex":       fn("self sub start? end?", func(r *renderer, a []any) any { return mustFind(r, a, strings.LastIndex) }),
		"count":        fn("self sub start? end?", countText),
		"replace":      fn("self old new count?", replaceText),
		"removeprefix": fn("self prefix", func(_ *renderer, a []any) any { return strings.TrimPrefix(stringArg(a[0]), stringArg(a[1])) }),
		"removesuffix": fn("self suffix", func(_ *renderer, a []any) any { return strings.TrimSuffix(stringArg(a[0]), stringArg(a[1])) }),
	}
}

// stretch is the part of a string between two arguments, and the number of
// characters before it. It reports false if the start is behind the end.
func stretch(r *renderer, s string, start, end any) (part string, before int64, ok bool) {
	if start == (absent{}) {
		start = nil
	}
	if end == (absent{}) {
		end = nil
	}
	if start == nil && end == nil {
		return s, 0, true
	}
	r.read(s, 64)
	n := int64(utf8.RuneCountInString(s))
	from, to, _ := sliceBounds([3]any{start, end, nil}, n)
	if first := bound(start, 0); first > n || from > to {
		return "", 0, false
	}
	return r.sliceString(s, [3]any{from, to, nil}), from, true
}

// affix is startswith or endswith, of one text or of a tuple of them.
func affix(has func(s, part string) bool) func(*renderer, []any) any {
	return func(r *renderer, a []any) any {
		parts := []any{a[1]}
		if t, ok := a[1].(*tuple); ok {
			parts = t.items
		}
		s, _, ok := stretch(r, stringArg(a[0]), a[2], a[3])
		r.work(len(parts))
		for _, p := range parts {
			r.work(1)
			part, isString := stringOf(p)
			if !isString {
				fail(TypeError, "%s first arg must be str or a tuple of str, not %s", affixName(has), typeName(p))
			}
			r.read(part, block)
			if ok && has(s, part) {
				return true
			}
		}
		return false
	}
}

// affixName tells startswith from endswith by what it finds.
func affixName(has func(s, part string) bool) string {
	if has("ab", "a") {
		return "startswith"
	}
	return "endswith"
}

func find(r *renderer, a []any, search func(s, part string) int) any {
	s, before, ok := stretch(r, stringArg(a[0]), a[2], a[3])
	if !ok {
		return int64(-1)
	}
	r.work(len(s) / 64)
	i := search(s, stringArg(a[1]))
	if i < 0 {
		return int64(-1)
	}
	return before + int64(utf8.RuneCountInString(s[:i]))
}

func mustFind(r *renderer, a []any, search func(s, part string) int) any {
	i := find(r, a, search)
	if i == int64(-1) {
		fail(ValueError, "substring not found")
	}
	return i
}

func countText(r *renderer, a []any) any {
	s, _, ok := stretch(r, stringArg(a[0]), a[2], a[3])
	if !ok {
		return int64(0)
	}
	r.work(len(s) / 64)
	return int64(strings.Count(s, stringArg(a[1])))
}

func replaceText(r *renderer, a []any) any {
	return r.replace(stringArg(a[0]), stringArg(a[1]), stringArg(a[2]), intOr(a[3], -1))
}

// replace replaces the first count places of old in s, all if count is negative.
func (r *renderer) replace(s, old, new string, count int64) string {
	r.read(s, 16)
	n := int64(strings.Count(s, old))
	if count < 0 || count > n {
		count = n
	}
	r.work(int(count) / 4)
	r.allocate(len(s))
	r.allocate(product(len(new), count))
	return strings.Replace(s, old, new, int(count))
}
