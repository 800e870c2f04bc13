package jinja

import "slices"

// param is a parameter of a macro with its default.
type param struct {
	name  string
	value expr
}

// macro is the definition of a macro or of a caller.
type macro struct {
	place
	name      string
	anonymous bool
	params    []param
	body      []stmt
	// What the body reads beside its parameters.
	catchKwargs, catchVarargs, catchCaller bool
}

// closure is a macro with the scope that it was defined in.
type closure struct {
	macro *macro
	scope *scope
}

type macroStmt struct {
	place
	macro *macro
}

func (m *macroStmt) exec(r *renderer) signal {
	r.scope.set(m.macro.name, &closure{m.macro, r.scope})
	return proceed
}

// callStmt is {% call name(...) %}body{% endcall %}.
type callStmt struct {
	place
	call   *call
	caller *macro
}

func (c *callStmt) exec(r *renderer) signal {
	callee := r.eval(c.call.callee)
	a := r.arguments(c.call.arguments)
	a.names = append(a.names, "caller")
	a.named = append(a.named, &closure{c.caller, r.scope})
	r.pos = c.offset()
	r.write(r.str(r.apply(callee, a)))
	return proceed
}

// attribute returns an attribute of a macro.
func (c *closure) attribute(name string) (any, bool) {
	switch name {
	case "name":
		if c.macro.anonymous {
			return nil, true
		}
		return c.macro.name, true
	case "arguments":
		t := &tuple{}
		for _, p := range c.macro.params {
			t.items = append(t.items, p.name)
		}
		return t, true
	case "catch_kwargs":
		return c.macro.catchKwargs, true
	case "catch_varargs":
		return c.macro.catchVarargs, true
	case "caller":
		return c.macro.catchCaller, true
	}
	return nil, false
}

// call renders the macro.
func (c *closure) call(r *renderer, a arguments) any {
	old := r.scope
	r.scope = r.newScope(c.scope)
	text := r.capture(func() {
		c.bind(r, a)
		r.run(c.macro.body)
	})
	r.scope = old
	return text
}

// bind gives the parameters their values, as Macro.__call__ of Jinja2 does.
func (c *closure) bind(r *renderer, a arguments) {
	m := c.macro
	r.items(2*len(m.params) + 4*len(a.names))
	named := &Dict{}
	for i, name := range a.names {
		named.Set(name, a.named[i])
	}
	taken := map[string]bool{}
	values := make([]any, len(m.params))
	for i, p := range m.params {
		values[i] = absent{}
		if i < len(a.positional) {
			values[i] = a.positional[i]
		} else if v, ok := named.Get(p.name); ok && !taken[p.name] {
			values[i] = v
			taken[p.name] = true
		}
	}
	named = c.bindCaller(r, named.without(taken))
	c.bindKwargs(r, named)
	c.bindVarargs(r, a)
	for i, p := range m.params {
		r.set(p.name, r.orDefault(values[i], p))
	}
}

// orDefault is the value of a parameter.
func (r *renderer) orDefault(v any, p param) any {
	if v != (absent{}) {
		return v
	}
	if p.value == nil {
		return hint("parameter " + reprString(p.name) + " was not provided")
	}
	return r.eval(p.value)
}

// bindCaller sets caller, and returns the other named arguments.
func (c *closure) bindCaller(r *renderer, named *Dict) *Dict {
	isCaller := func(p param) bool { return p.name == "caller" }
	if !c.macro.catchCaller || slices.ContainsFunc(c.macro.params, isCaller) {
		return named
	}
	caller, ok := named.Get("caller")
	if !ok || caller == nil {
		caller = hint("No caller defined")
	}
	r.scope.set("caller", caller)
	return named.without(map[string]bool{"caller": true})
}

// bindKwargs sets kwargs to the arguments that no parameter took.
func (c *closure) bindKwargs(r *renderer, named *Dict) {
	if c.macro.catchKwargs {
		r.scope.set("kwargs", named)
	} else if named.Len() > 0 {
		c.refuse(r, named)
	}
}

func (c *closure) bindVarargs(r *renderer, a arguments) {
	n := len(c.macro.params)
	rest := a.positional[min(n, len(a.positional)):]
	if c.macro.catchVarargs {
		r.scope.set("varargs", newTuple(rest...))
	} else if len(rest) > 0 {
		fail(TypeError, "macro %s takes not more than %d argument(s)", r.macroName(c), n)
	}
}

func (c *closure) refuse(r *renderer, named *Dict) {
	if _, ok := named.Get("caller"); ok {
		fail(TypeError, "macro %s was invoked with two values for the special caller argument. This is most likely a bug.", r.macroName(c))
	}
	fail(TypeError, "macro %s takes no keyword argument %s", r.macroName(c), r.reprOf(named.keys[0]))
}

func (r *renderer) macroName(c *closure) string {
	name, _ := c.attribute("name")
	return r.reprOf(name)
}

// without returns a copy of d that lacks some keys.
func (d *Dict) without(names map[string]bool) *Dict {
	if len(names) == 0 {
		return d
	}
	rest := &Dict{}
	for i, k := range d.keys {
		if name, ok := k.(string); !ok || !names[name] {
			rest.set(k, d.values[i])
		}
	}
	return rest
}
