package jinja

import "unicode/utf8"

// iterate lists what iter(v) gives, and reports whether v can be iterated. The
// items must not be changed.
func (r *renderer) iterate(v any) ([]any, bool) {
	items, ok := r.itemsOf(v)
	r.work(len(items) / 4)
	return items, ok
}

func (r *renderer) itemsOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case *List:
		return v.Items, true
	case *tuple:
		return v.items, true
	case *Dict:
		return v.keys, true
	case *view:
		return v.items, true
	case *iterator:
		return v.take(), true
	case *integers:
		return r.rangeItems(v), true
	case *loop:
		rest := v.items[min(v.at+1, len(v.items)):]
		v.at = len(v.items)
		return rest, true
	case *undefined:
		return nil, true
	}
	if s, ok := stringOf(v); ok {
		return r.characters(s), true
	}
	return nil, false
}

func (r *renderer) rangeItems(n *integers) []any {
	r.items(int(n.len()))
	items := make([]any, n.len())
	for i := range items {
		items[i] = n.start + int64(i)*n.step
	}
	return items
}

func (r *renderer) characters(s string) []any {
	r.items(len(s))
	items := make([]any, 0, len(s))
	for _, c := range s {
		items = append(items, string(c))
	}
	return items
}

// mustIterate is iterate for what must be iterable.
func (r *renderer) mustIterate(v any) []any {
	items, ok := r.iterate(v)
	if !ok {
		fail(TypeError, "'%s' object is not iterable", typeName(v))
	}
	return items
}

// length is len(v).
func (r *renderer) length(v any) int64 {
	if s, ok := stringOf(v); ok {
		r.work(len(s) / 64)
		return int64(utf8.RuneCountInString(s))
	}
	switch v := v.(type) {
	case *integers:
		return v.len()
	case *undefined:
		return 0
	case *List, *tuple, *Dict, *view:
		items, _ := r.itemsOf(v)
		return int64(len(items))
	case *loop:
		return int64(len(v.items))
	}
	fail(TypeError, "object of type '%s' has no len()", typeName(v))
	return 0
}
