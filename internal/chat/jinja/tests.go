package jinja

// tests are what may follow "is".
func tests() map[string]builtin {
	table := map[string]builtin{}
	for name, f := range typeTests() {
		table[name] = fn("value", func(_ *renderer, a []any) any { return f(a[0]) })
	}
	for op, names := range map[string][]string{
		"==": {"==", "eq", "equalto"}, "!=": {"!=", "ne"}, "<": {"<", "lt", "lessthan"}, "<=": {"<=", "le"},
		">": {">", "gt", "greaterthan"}, ">=": {">=", "ge"},
	} {
		for _, name := range names {
			table[name] = fn("a b", func(r *renderer, a []any) any { return r.compare(op, a[0], a[1]) })
		}
	}
	merge(table, map[string]builtin{
		"in":          fn("value seq", func(r *renderer, a []any) any { return r.contains(a[1], a[0]) }),
		"divisibleby": fn("value num", func(r *renderer, a []any) any { return r.equal(r.arithmetic("%", a[0], a[1]), int64(0)) }),
		"even":        fn("value", func(r *renderer, a []any) any { return r.equal(r.arithmetic("%", a[0], int64(2)), int64(0)) }),
		"odd":         fn("value", func(r *renderer, a []any) any { return r.equal(r.arithmetic("%", a[0], int64(2)), int64(1)) }),
		"sameas":      fn("value other", func(_ *renderer, a []any) any { return same(a[0], a[1]) }),
		"lower":       fn("value", func(r *renderer, a []any) any { return r.hasOnly(a[0], isLower, isUpper) }),
		"upper":       fn("value", func(r *renderer, a []any) any { return r.hasOnly(a[0], isUpper, isLower) }),
		"filter":      fn("value", func(r *renderer, a []any) any { return known(r.filters, a[0]) }),
		"test":        fn("value", func(r *renderer, a []any) any { return known(r.tests, a[0]) }),
	})
	return table
}

// typeTests are the tests that need the value alone.
func typeTests() map[string]func(any) bool {
	return map[string]func(any) bool{
		"defined":   func(v any) bool { return !isUndefined(v) },
		"undefined": isUndefined,
		"none":      func(v any) bool { return v == nil },
		"boolean":   func(v any) bool { return v == true || v == false },
		"true":      func(v any) bool { return v == true },
		"false":     func(v any) bool { return v == false },
		"integer":   func(v any) bool { return typeName(v) == "int" },
		"float":     func(v any) bool { return typeName(v) == "float" },
		"number":    isNumber,
		"string":    isString,
		"mapping":   func(v any) bool { return typeName(v) == "dict" },
		"sequence":  isSequence,
		"iterable":  isIterable,
		"callable":  isCallable,
		"escaped":   func(v any) bool { return typeName(v) == "Markup" },
	}
}

func (r *renderer) hasOnly(v any, wanted, other func(rune) bool) bool {
	s := r.str(v)
	r.read(s, 4)
	return hasOnly(s, wanted, other)
}

func isUndefined(v any) bool {
	_, ok := v.(*undefined)
	return ok
}

func isNumber(v any) bool {
	switch v.(type) {
	case int64, bigInteger, bool, float64:
		return true
	}
	return false
}

func isSequence(v any) bool {
	switch v.(type) {
	case string, markup, *List, *tuple, *Dict, *integers, *undefined:
		return true
	}
	return false
}

func isIterable(v any) bool {
	switch v.(type) {
	case *view, *iterator, *loop:
		return true
	}
	return isSequence(v)
}

func isCallable(v any) bool {
	switch v.(type) {
	case *function, *method, *closure, *loop, *joiner, *undefined:
		return true
	}
	return false
}

// same is "a is b" of Python, where small numbers and strings that are equal are
// taken to be one object.
func same(a, b any) bool {
	if isString(a) || typeName(a) == "int" || typeName(a) == "float" {
		return typeName(a) == typeName(b) && a == b
	}
	return a == b
}

func known(table map[string]builtin, name any) bool {
	s, _ := stringOf(name)
	_, ok := table[s]
	return ok
}
