package jinja

// library holds the filters, tests and methods that templates can use.
type library struct {
	filters, tests                map[string]builtin
	strings, dicts, lists, tuples map[string]builtin
}

func newLibrary() *library {
	l := &library{
		filters: map[string]builtin{},
		tests:   tests(),
		strings: map[string]builtin{},
		dicts:   dictMethods(),
		lists:   listMethods(),
	}
	for _, table := range []map[string]builtin{textFilters(), listFilters(), selectFilters(), numberFilters()} {
		merge(l.filters, table)
	}
	for _, table := range []map[string]builtin{searchMethods(), splitMethods(), shapeMethods(), caseMethods(), kindMethods()} {
		merge(l.strings, table)
	}
	l.tuples = map[string]builtin{"count": l.lists["count"], "index": l.lists["index"]}
	return l
}

func merge(into, table map[string]builtin) {
	for name, b := range table {
		into[name] = b
	}
}

// method finds a method of an object.
func (l *library) method(object any, name string) (builtin, bool) {
	var b builtin
	switch object.(type) {
	case string:
		b = l.strings[name]
	case markup:
		b = marked(l.strings[name])
	case *Dict:
		b = l.dicts[name]
	case *List:
		b = l.lists[name]
	case *tuple, *integers:
		b = l.tuples[name]
	}
	return b, b.call != nil
}

// marked is a method of str as Markup has it: strings that it returns are
// Markup.
func marked(b builtin) builtin {
	if b.call == nil {
		return b
	}
	return builtin{b.params, func(r *renderer, a []any) any {
		switch v := b.call(r, a).(type) {
		case string:
			return markup(v)
		case *List:
			items := make([]any, len(v.Items))
			for i, item := range v.Items {
				s, _ := stringOf(item)
				items[i] = markup(s)
			}
			return &List{items}
		default:
			return v
		}
	}}
}

// The accessors of arguments. They fail with a TypeError for another type.

// stringArg is an argument that must be a string.
func stringArg(v any) string {
	s, ok := stringOf(v)
	if !ok {
		if u, isUndefined := v.(*undefined); isUndefined {
			u.fail()
		}
		fail(TypeError, "must be str, not %s", typeName(v))
	}
	return s
}

// stringOr is a string, or otherwise if it is absent or None.
func stringOr(v any, otherwise string) string {
	if v == nil || v == (absent{}) {
		return otherwise
	}
	return stringArg(v)
}

// intArg is an argument that must be an integer.
func intArg(v any) int64 {
	n, ok := integer(v)
	if !ok {
		if u, isUndefined := v.(*undefined); isUndefined {
			u.fail()
		}
		fail(TypeError, "'%s' object cannot be interpreted as an integer", typeName(v))
	}
	return n
}

// intOr is an integer, or otherwise if it is absent or None.
func intOr(v any, otherwise int64) int64 {
	if v == nil || v == (absent{}) {
		return otherwise
	}
	return intArg(v)
}

// or is a value, or otherwise if it is absent.
func or(v, otherwise any) any {
	if v == (absent{}) {
		return otherwise
	}
	return v
}
