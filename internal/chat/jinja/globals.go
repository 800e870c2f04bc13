package jinja

import "strings"

// maxRange is how many numbers the sandbox of Jinja2 allows a range.
const maxRange = 100000

// globals are the functions that every template has.
func globals() map[string]any {
	fromKeys := newFunction("fromkeys", fn("iterable value?", dictFromKeys))
	table := map[string]any{
		"namespace": &function{name: "namespace", f: makeNamespace},
		"dict":      &function{name: "dict", f: makeDict, attrs: map[string]any{"fromkeys": fromKeys}},
		"cycler":    &function{name: "cycler", f: makeCycler},
	}
	for name, b := range map[string]builtin{
		"range":           fn("start stop? step?", makeRange),
		"joiner":          fn("sep?", func(_ *renderer, a []any) any { return &joiner{sep: or(a[0], ", ")} }),
		"raise_exception": fn("message", raiseException),
		"strftime_now":    fn("format", strftimeNow),
		"lipsum":          unsupported("the function lipsum"),
	} {
		table[name] = newFunction(name, b)
	}
	return table
}

// unsupported is a builtin of Jinja2 that this package does not have.
func unsupported(what string) builtin {
	return fn("*", func(*renderer, []any) any {
		fail(Unsupported, "%s is not supported", what)
		return nil
	})
}

func raiseException(r *renderer, a []any) any {
	message := r.str(a[0])
	r.read(message, 16)
	fail(TemplateError, "%s", message)
	return nil
}

func makeRange(_ *renderer, a []any) any {
	n := &integers{start: 0, stop: intArg(a[0]), step: 1}
	if a[1] != (absent{}) {
		n.start, n.stop = n.stop, intArg(a[1])
	}
	if a[2] != (absent{}) {
		n.step = intArg(a[2])
	}
	if n.step == 0 {
		fail(ValueError, "range() arg 3 must not be zero")
	}
	const far = 1 << 60
	if min(n.start, n.stop, n.step) < -far || max(n.start, n.stop, n.step) > far || n.len() > maxRange {
		fail(OverflowError, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).", maxRange)
	}
	return n
}

// makeDict is dict(): pairs or another dictionary, then named arguments.
func makeDict(r *renderer, a arguments) any {
	d := &Dict{}
	if len(a.positional) > 1 {
		fail(TypeError, "dict expected at most 1 argument, got %d", len(a.positional))
	}
	for _, v := range a.positional {
		r.addTo(d, v)
	}
	r.items(4 * len(a.names))
	for i, name := range a.names {
		d.Set(name, a.named[i])
	}
	return d
}

func dictFromKeys(r *renderer, a []any) any {
	keys := r.mustIterate(a[0])
	r.items(4 * len(keys))
	d := &Dict{}
	for _, k := range keys {
		d.set(r.key(k), or(a[1], nil))
	}
	return d
}

func (r *renderer) addTo(d *Dict, v any) {
	if from, ok := v.(*Dict); ok {
		r.items(4 * from.Len())
		for i, k := range from.keys {
			d.set(r.key(k), from.values[i])
		}
		return
	}
	pairs := r.mustIterate(v)
	r.items(4 * len(pairs))
	for i, p := range pairs {
		pair, ok := r.iterate(p)
		if !ok {
			fail(TypeError, "cannot convert dictionary update sequence element #%d to a sequence", i)
		}
		if len(pair) != 2 {
			fail(ValueError, "dictionary update sequence element #%d has length %d; 2 is required", i, len(pair))
		}
		d.set(r.key(pair[0]), pair[1])
	}
}

func makeNamespace(r *renderer, a arguments) any {
	ns := &namespace{&Dict{}}
	attrs := makeDict(r, a).(*Dict)
	for i, k := range attrs.keys {
		name, _ := stringOf(k)
		ns.check(name)
		ns.attrs.set(k, attrs.values[i])
	}
	return ns
}

func (n *namespace) set(name string, v any) {
	n.check(name)
	n.attrs.Set(name, v)
}

// check refuses what transformers refuses.
func (n *namespace) check(name string) {
	if strings.HasPrefix(name, "_") {
		fail(SecurityError, "Chat templates cannot store underscore-prefixed attributes on a namespace, but got %s. "+
			"Please rename the attribute.", reprString(name))
	}
}

// cycler gives its items in turn.
type cycler struct {
	items []any
	at    int
}

func makeCycler(_ *renderer, a arguments) any {
	if len(a.positional) == 0 {
		fail(RuntimeError, "at least one item has to be provided")
	}
	return &cycler{items: a.positional}
}

func (c *cycler) attribute(name string) (any, bool) {
	switch name {
	case "current":
		return c.items[c.at], true
	case "next":
		return newFunction(name, fn("", c.next)), true
	case "reset":
		return newFunction(name, fn("", c.reset)), true
	}
	return nil, false
}

func (c *cycler) next(*renderer, []any) any {
	v := c.items[c.at]
	c.at = (c.at + 1) % len(c.items)
	return v
}

func (c *cycler) reset(*renderer, []any) any {
	c.at = 0
	return nil
}

// joiner gives nothing when it is first called, and its separator after that.
type joiner struct {
	sep  any
	used bool
}

func (j *joiner) call() any {
	if !j.used {
		j.used = true
		return ""
	}
	return j.sep
}
