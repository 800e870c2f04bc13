package jinja

import (
	"slices"
	"strings"
)

// argumentList are the arguments of a call in the source.
type argumentList struct {
	positional     []expr
	names          []string
	named          []expr
	star, starStar expr
}

// arguments are the values of an argumentList.
type arguments struct {
	positional []any
	names      []string
	named      []any
}

// absent is the value of a parameter that was not given.
type absent struct{}

// arguments evaluates the arguments of a call.
func (r *renderer) arguments(l argumentList) arguments {
	var a arguments
	for _, e := range l.positional {
		a.positional = append(a.positional, r.eval(e))
	}
	for i, e := range l.named {
		r.read(l.names[i], block/4)
		a.names = append(a.names, l.names[i])
		a.named = append(a.named, r.eval(e))
	}
	if l.star != nil {
		items := r.mustIterate(r.eval(l.star))
		r.items(len(items))
		a.positional = append(a.positional, items...)
	}
	if l.starStar != nil {
		r.spread(&a, r.eval(l.starStar))
	}
	return a
}

// spread adds the keys of a dictionary to the named arguments.
func (r *renderer) spread(a *arguments, v any) {
	d, ok := v.(*Dict)
	if !ok {
		fail(TypeError, "argument after ** must be a mapping, not %s", typeName(v))
	}
	given := map[string]bool{}
	for _, name := range a.names {
		given[name] = true
	}
	r.items(2 * (len(a.names) + d.Len()))
	for i, k := range d.keys {
		name, ok := stringOf(r.key(k))
		switch {
		case !ok:
			fail(TypeError, "keywords must be strings")
		case given[name]:
			fail(TypeError, "got multiple values for keyword argument %s", reprString(name))
		}
		a.names = append(a.names, name)
		a.named = append(a.named, d.values[i])
	}
}

// call is a call expression.
type call struct {
	place
	callee    expr
	arguments argumentList
}

func (c *call) eval(r *renderer) any {
	callee := r.eval(c.callee)
	return r.apply(callee, r.arguments(c.arguments))
}

// apply calls a value.
func (r *renderer) apply(callee any, a arguments) any {
	r.enter()
	defer r.leave()
	switch f := callee.(type) {
	case *function:
		return f.f(r, a)
	case *method:
		return f.apply(r, f.name+"()", arguments{append([]any{f.self}, a.positional...), a.names, a.named})
	case *closure:
		return f.call(r, a)
	case *loop:
		return f.call(r, a)
	case *joiner:
		return f.call()
	case *undefined:
		f.fail()
	}
	fail(TypeError, "'%s' object is not callable", typeName(callee))
	return nil
}

// apply calls a builtin. The name is for errors.
func (b builtin) apply(r *renderer, name string, a arguments) any {
	for _, v := range a.positional {
		if s, ok := stringOf(v); ok {
			r.read(s, block)
		}
	}
	n := len(b.params) - 1
	if n < 0 || b.params[n] != "*" {
		return b.call(r, b.bind(name, a))
	}
	used := min(n, len(a.positional))
	first := builtin{params: b.params[:n]}.bind(name, arguments{positional: a.positional[:used]})
	a.positional = a.positional[used:]
	return b.call(r, append(first, a))
}

// bind puts arguments in the order of the parameters.
func (b builtin) bind(name string, a arguments) []any {
	values := make([]any, len(b.params))
	for i := range values {
		values[i] = absent{}
	}
	if len(a.positional) > len(values) {
		fail(TypeError, "%s takes at most %d arguments, got %d", name, len(values), len(a.positional))
	}
	copy(values, a.positional)
	for i, n := range a.names {
		at := slices.IndexFunc(b.params, func(p string) bool { return strings.TrimSuffix(p, "?") == n })
		switch {
		case at < 0:
			fail(TypeError, "%s got an unexpected keyword argument %s", name, reprString(n))
		case values[at] != absent{}:
			fail(TypeError, "%s got multiple values for argument %s", name, reprString(n))
		}
		values[at] = a.named[i]
	}
	for i, p := range b.params {
		if values[i] == (absent{}) && !strings.HasSuffix(p, "?") {
			fail(TypeError, "%s missing required argument: '%s'", name, p)
		}
	}
	return values
}

// fn declares a builtin; params are separated by spaces.
func fn(params string, call func(r *renderer, a []any) any) builtin {
	return builtin{strings.Fields(params), call}
}

// filterExpr is value|name(arguments).
type filterExpr struct {
	place
	name      string
	value     expr
	arguments argumentList
}

func (f *filterExpr) eval(r *renderer) any {
	return r.filter(f.name, r.eval(f.value), r.arguments(f.arguments))
}

// filter applies the filter of that name.
func (r *renderer) filter(name string, v any, a arguments) any {
	f, ok := r.filters[name]
	if !ok {
		fail(RuntimeError, "No filter named %s found.", reprString(name))
	}
	a.positional = append([]any{v}, a.positional...)
	return f.apply(r, name+"()", a)
}

// filtered applies a chain of filters that has no value of its own to v.
func (r *renderer) filtered(e expr, v any) any {
	f, ok := e.(*filterExpr)
	if !ok {
		return v
	}
	r.enter()
	defer r.leave()
	v = r.filtered(f.value, v)
	r.pos = f.offset()
	return r.filter(f.name, v, r.arguments(f.arguments))
}

// testExpr is "value is name arguments".
type testExpr struct {
	place
	name      string
	value     expr
	arguments argumentList
}

func (t *testExpr) eval(r *renderer) any {
	return r.test(t.name, r.eval(t.value), r.arguments(t.arguments))
}

func (r *renderer) test(name string, v any, a arguments) bool {
	f, ok := r.tests[name]
	if !ok {
		fail(RuntimeError, "No test named %s found.", reprString(name))
	}
	a.positional = append([]any{v}, a.positional...)
	return truth(f.apply(r, name+"()", a))
}
