package jinja

import "slices"

// selectFilters are the filters that take a filter, a test or an attribute for
// each item.
func selectFilters() map[string]builtin {
	return map[string]builtin{
		"map":        fn("value *", mapFilter),
		"select":     fn("value *", choose(true, false)),
		"reject":     fn("value *", choose(false, false)),
		"selectattr": fn("value *", choose(true, true)),
		"rejectattr": fn("value *", choose(false, true)),
		"sum":        fn("iterable attribute? start?", sumFilter),
	}
}

// each applies f to the items of v and keeps what it returns true for. As in
// Python nothing is kept of undefined.
func (r *renderer) each(v any, f func(item any) (any, bool)) any {
	if !truth(v) && typeName(v) != "generator" {
		return &iterator{kind: "generator"}
	}
	items := r.mustIterate(v)
	r.items(len(items))
	var out []any
	for _, item := range items {
		if v, ok := f(item); ok {
			out = append(out, v)
		}
	}
	return &iterator{"generator", out}
}

func mapFilter(r *renderer, a []any) any {
	rest := a[1].(arguments)
	if len(rest.positional) == 0 && len(rest.names) > 0 {
		return r.mapAttribute(a[0], rest)
	}
	if len(rest.positional) == 0 {
		fail(FilterError, "map requires a filter argument")
	}
	name := stringArg(rest.positional[0])
	if _, ok := r.filters[name]; !ok {
		fail(RuntimeError, "No filter named %s.", reprString(name))
	}
	rest.positional = rest.positional[1:]
	return r.each(a[0], func(item any) (any, bool) { return r.filter(name, item, rest), true })
}

func (r *renderer) mapAttribute(v any, a arguments) any {
	if !slices.Contains(a.names, "attribute") {
		fail(FilterError, "map requires a filter argument")
	}
	var attribute, fallback any
	for i, name := range a.names {
		switch name {
		case "attribute":
			attribute = a.named[i]
		case "default":
			fallback = a.named[i]
		default:
			fail(FilterError, "Unexpected keyword argument %s", reprString(name))
		}
	}
	get := r.getter(attribute, true)
	return r.each(v, func(item any) (any, bool) {
		value := get(item)
		if _, missing := value.(*undefined); missing && fallback != nil {
			return fallback, true
		}
		return value, true
	})
}

// choose is select, reject, selectattr or rejectattr.
func choose(wanted, byAttribute bool) func(*renderer, []any) any {
	return func(r *renderer, a []any) any {
		rest := a[1].(arguments)
		get := r.getter(nil, true)
		if byAttribute {
			if len(rest.positional) == 0 {
				fail(FilterError, "Missing parameter for attribute name")
			}
			get = r.getter(rest.positional[0], true)
			rest.positional = rest.positional[1:]
		}
		holds := r.predicate(rest)
		return r.each(a[0], func(item any) (any, bool) { return item, holds(get(item)) == wanted })
	}
}

// predicate is a test by its name and arguments, or the truth of a value.
func (r *renderer) predicate(a arguments) func(any) bool {
	if len(a.positional) == 0 {
		return truth
	}
	name := stringArg(a.positional[0])
	if _, ok := r.tests[name]; !ok {
		fail(RuntimeError, "No test named %s.", reprString(name))
	}
	a.positional = a.positional[1:]
	return func(v any) bool { return r.test(name, v, a) }
}

func sumFilter(r *renderer, a []any) any {
	get := r.getter(a[1], true)
	sum := or(a[2], int64(0))
	if isString(sum) {
		fail(TypeError, "sum() can't sum strings [use ''.join(seq) instead]")
	}
	for _, item := range r.mustIterate(a[0]) {
		r.work(1)
		sum = r.arithmetic("+", sum, get(item))
	}
	return sum
}
