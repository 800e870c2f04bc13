package jinja

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// listFilters are the filters that take sequences as a whole.
func listFilters() map[string]builtin {
	length := fn("s", func(r *renderer, a []any) any { return r.length(a[0]) })
	fallback := fn("value default_value? boolean?", defaultFilter)
	return map[string]builtin{
		"count":    length,
		"length":   length,
		"d":        fallback,
		"default":  fallback,
		"attr":     fn("obj name", attrFilter),
		"first":    fn("seq", firstFilter),
		"last":     fn("seq", lastFilter),
		"list":     fn("value", func(r *renderer, a []any) any { return &List{r.joined(r.mustIterate(a[0]), nil)} }),
		"items":    fn("value", itemsFilter),
		"join":     fn("value d? attribute?", joinFilter),
		"reverse":  fn("value", reverseFilter),
		"sort":     fn("value reverse? case_sensitive? attribute?", sortFilter),
		"dictsort": fn("value case_sensitive? by? reverse?", dictSortFilter),
		"unique":   fn("value case_sensitive? attribute?", uniqueFilter),
		"min":      fn("value case_sensitive? attribute?", func(r *renderer, a []any) any { return r.extreme(a, "<") }),
		"max":      fn("value case_sensitive? attribute?", func(r *renderer, a []any) any { return r.extreme(a, ">") }),
		"groupby":  fn("value attribute default? case_sensitive?", groupFilter),
		"batch":    fn("value linecount fill_with?", batchFilter),
		"slice":    fn("value slices fill_with?", sliceFilter),
	}
}

func defaultFilter(_ *renderer, a []any) any {
	_, missing := a[0].(*undefined)
	if missing || truthOr(a[2], false) && !truth(a[0]) {
		return or(a[1], "")
	}
	return a[0]
}

// attrFilter looks at attributes of Python only.
func attrFilter(r *renderer, a []any) any {
	name := stringArg(a[1])
	r.read(name, 16)
	if v, ok := r.pythonAttribute(a[0], name); ok {
		return v
	}
	return &undefined{UndefinedError, reprString(qualifiedName(a[0])) + " has no attribute " + reprString(name)}
}

func firstFilter(r *renderer, a []any) any {
	if s, ok := stringOf(a[0]); ok && s != "" {
		_, n := utf8.DecodeRuneInString(s)
		return s[:n]
	}
	if it, ok := a[0].(*iterator); ok && len(it.items) > 0 {
		first := it.items[0]
		it.items = it.items[1:]
		return first
	}
	items := r.mustIterate(a[0])
	if len(items) == 0 {
		return hint("No first item, sequence was empty.")
	}
	return items[0]
}

func lastFilter(r *renderer, a []any) any {
	if s, ok := stringOf(a[0]); ok && s != "" {
		_, n := utf8.DecodeLastRuneInString(s)
		if _, ok := a[0].(markup); ok { // reversed() keeps the type, iter() does not
			return markup(s[len(s)-n:])
		}
		return s[len(s)-n:]
	}
	items := r.reversible(a[0])
	if len(items) == 0 {
		return hint("No last item, sequence was empty.")
	}
	return items[len(items)-1]
}

// reversible lists what reversed(v) takes.
func (r *renderer) reversible(v any) []any {
	items, ok := r.iterate(v)
	if _, once := v.(*iterator); !ok || once {
		fail(TypeError, "'%s' object is not reversible", typeName(v))
	}
	return items
}

func itemsFilter(r *renderer, a []any) any {
	switch v := a[0].(type) {
	case *undefined:
		return &iterator{kind: "generator"}
	case *Dict:
		r.items(4 * v.Len())
		return &iterator{"generator", v.items()}
	}
	fail(TypeError, "Can only get item pairs from a mapping.")
	return nil
}

func joinFilter(r *renderer, a []any) any {
	get := r.getter(a[2], true)
	sep := r.str(or(a[1], ""))
	var b strings.Builder
	for i, item := range r.mustIterate(a[0]) {
		s := r.str(get(item))
		r.allocate(len(sep) + len(s))
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s)
	}
	return b.String()
}

func reverseFilter(r *renderer, a []any) any {
	items, ok := r.iterate(a[0])
	if !ok {
		fail(FilterError, "argument must be iterable")
	}
	back := r.joined(items, nil)
	slices.Reverse(back)
	if !isString(a[0]) {
		return &iterator{"list_reverseiterator", back}
	}
	var b strings.Builder
	for _, c := range back {
		b.WriteString(c.(string))
	}
	return b.String()
}

// getter reads an attribute such as "a.b.0" of an item; without one it returns
// the item. Strings are made lower case unless case counts.
func (r *renderer) getter(attribute any, caseCounts bool) func(any) any {
	var path []any
	r.items(4)
	if name, ok := stringOf(attribute); ok {
		r.read(name, 2)
		r.allocate(32 * (strings.Count(name, ".") + 1))
		path = attributePath(name)
	} else if attribute != nil && attribute != (absent{}) {
		path = []any{attribute}
	}
	return func(v any) any {
		for _, key := range path {
			r.work(1)
			v = r.item(v, key)
		}
		if s, ok := stringOf(v); ok && !caseCounts {
			r.allocate(len(s))
			r.read(s, 16)
			return lower(s)
		}
		return v
	}
}

func attributePath(name string) []any {
	var path []any
	for part := range strings.SplitSeq(name, ".") {
		if part != "" && strings.Trim(part, "0123456789") == "" {
			path = append(path, parseDecimal(part))
		} else {
			path = append(path, part)
		}
	}
	return path
}

// sorted sorts items by keys, which are made once for each item.
func (r *renderer) sorted(items []any, reverse bool, key func(any) any) []any {
	type pair struct{ key, item any }
	r.items(3 * len(items))
	pairs := make([]pair, len(items))
	for i, item := range items {
		pairs[i] = pair{key(item), item}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		if reverse {
			a, b = b, a
		}
		return r.sign(a.key, b.key)
	})
	out := make([]any, len(pairs))
	for i, p := range pairs {
		out[i] = p.item
	}
	return out
}

// sign is -1, 0 or 1 as a stands before b, by "<" alone.
func (r *renderer) sign(a, b any) int {
	switch {
	case r.less(a, b):
		return -1
	case r.less(b, a):
		return 1
	}
	return 0
}

func sortFilter(r *renderer, a []any) any {
	caseCounts := truthOr(a[2], false)
	getters := []func(any) any{r.getter(a[3], caseCounts)}
	if names, ok := stringOf(a[3]); ok {
		getters = nil
		for name := range strings.SplitSeq(names, ",") {
			getters = append(getters, r.getter(name, caseCounts))
		}
	}
	key := func(item any) any {
		r.items(len(getters))
		values := make([]any, len(getters))
		for i, get := range getters {
			values[i] = get(item)
		}
		return &List{values}
	}
	return &List{r.sorted(r.mustIterate(a[0]), truthOr(a[1], false), key)}
}

func dictSortFilter(r *renderer, a []any) any {
	d := mapping(a[0])
	pos := slices.Index([]string{"key", "value"}, stringOr(a[2], "key"))
	if pos < 0 {
		fail(FilterError, `You can only sort by either "key" or "value"`)
	}
	return &List{r.sorted(d.items(), truthOr(a[3], false), r.getter(int64(pos), truthOr(a[1], false)))}
}

func uniqueFilter(r *renderer, a []any) any {
	get := r.getter(a[2], truthOr(a[1], false))
	seen := &Dict{}
	var kept []any
	items := r.mustIterate(a[0])
	r.items(5 * len(items))
	for _, item := range items {
		key := get(item)
		if _, ok := seen.get(r.key(key)); !ok {
			seen.set(key, nil)
			kept = append(kept, item)
		}
	}
	return &iterator{"generator", kept}
}

// extreme is the first item that no other is op.
func (r *renderer) extreme(a []any, op string) any {
	items := r.mustIterate(a[0])
	if len(items) == 0 {
		return hint("No aggregated item, sequence was empty.")
	}
	get := r.getter(a[2], truthOr(a[1], false))
	best := items[0]
	for _, item := range items[1:] {
		if r.compare(op, get(item), get(best)) {
			best = item
		}
	}
	return best
}

func groupFilter(r *renderer, a []any) any {
	fold := r.getter(nil, truthOr(a[3], false))
	get := r.getter(a[1], true)
	value := func(item any) any {
		v := get(item)
		if _, missing := v.(*undefined); missing && a[2] != nil && a[2] != (absent{}) {
			return a[2]
		}
		return v
	}
	var groups []any
	var last any
	key := func(item any) any { return fold(value(item)) }
	for _, item := range r.sorted(r.mustIterate(a[0]), false, key) {
		if k := key(item); len(groups) == 0 || !r.equal(k, last) {
			last = k
			groups = append(groups, &tuple{[]any{value(item), &List{}}, []string{"grouper", "list"}})
		}
		list := groups[len(groups)-1].(*tuple).items[1].(*List)
		list.Items = append(list.Items, item)
	}
	return &List{groups}
}

func batchFilter(r *renderer, a []any) any {
	items, n := r.mustIterate(a[0]), intArg(a[1])
	r.items(2 * len(items))
	var rows []any
	var row []any
	for _, item := range items {
		if int64(len(row)) == n {
			rows = append(rows, &List{row})
			row = nil
		}
		row = append(row, item)
	}
	if len(row) > 0 {
		if fill := or(a[2], nil); fill != nil {
			row = r.joined(row, r.repeatItems([]any{fill}, max(n-int64(len(row)), 0)))
		}
		rows = append(rows, &List{row})
	}
	return &iterator{"generator", rows}
}

func sliceFilter(r *renderer, a []any) any {
	items, n := r.mustIterate(a[0]), intArg(a[1])
	if n == 0 {
		fail(DivisionError, "integer division or modulo by zero")
	}
	r.items(len(items))
	r.items(product(1, max(n, 0)))
	each, extra := int64(len(items))/n, int64(len(items))%n
	var columns []any
	for i, start := int64(0), int64(0); i < n; i++ {
		end := start + each
		if i < extra {
			end++
		}
		column := slices.Clone(items[start:end])
		if fill := or(a[2], nil); fill != nil && i >= extra {
			column = append(column, fill)
		}
		columns = append(columns, &List{column})
		start = end
	}
	return &iterator{"generator", columns}
}
