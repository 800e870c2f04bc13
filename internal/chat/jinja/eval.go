package jinja

import "strings"

// expr is an expression.
type expr interface {
	eval(r *renderer) any
	offset() int
}

// eval evaluates an expression and counts the step.
func (r *renderer) eval(e expr) any {
	r.enter()
	old := r.pos
	r.pos = e.offset()
	v := e.eval(r)
	r.pos = old
	r.leave()
	return v
}

type constant struct {
	place
	value any
}

func (c *constant) eval(*renderer) any { return c.value }

type name struct {
	place
	name string
}

func (n *name) eval(r *renderer) any { return r.lookup(n.name) }

type listExpr struct {
	place
	items []expr
}

func (l *listExpr) eval(r *renderer) any { return &List{r.all(l.items)} }

type tupleExpr struct {
	place
	items []expr
}

func (t *tupleExpr) eval(r *renderer) any { return newTuple(r.all(t.items)...) }

// all evaluates a list of expressions.
func (r *renderer) all(list []expr) []any {
	r.items(len(list))
	values := make([]any, len(list))
	for i, e := range list {
		values[i] = r.eval(e)
	}
	return values
}

type dictExpr struct {
	place
	keys, values []expr
}

func (d *dictExpr) eval(r *renderer) any {
	r.items(4 * len(d.keys))
	dict := &Dict{}
	for i, k := range d.keys {
		key := r.key(r.eval(k))
		dict.set(key, r.eval(d.values[i]))
	}
	return dict
}

// conditionalExpr is "value if test else other".
type conditionalExpr struct {
	place
	test, value, other expr
}

func (c *conditionalExpr) eval(r *renderer) any {
	switch {
	case truth(r.eval(c.test)):
		return r.eval(c.value)
	case c.other != nil:
		return r.eval(c.other)
	}
	r.work(c.offset() / block)
	return hint("the inline if-expression on " + r.line(c.offset()) + " evaluated to false and no else section was defined.")
}

// logic is "and" or "or".
type logic struct {
	place
	or          bool
	left, right expr
}

func (l *logic) eval(r *renderer) any {
	if v := r.eval(l.left); truth(v) == l.or {
		return v
	}
	return r.eval(l.right)
}

type not struct {
	place
	value expr
}

func (n *not) eval(r *renderer) any { return !truth(r.eval(n.value)) }

// concat is "a ~ b".
type concat struct {
	place
	parts []expr
}

func (c *concat) eval(r *renderer) any {
	var b strings.Builder
	for _, p := range c.parts {
		s := r.str(r.eval(p))
		r.allocate(len(s))
		b.WriteString(s)
	}
	return b.String()
}

type binary struct {
	place
	op          string
	left, right expr
}

func (b *binary) eval(r *renderer) any {
	left := r.eval(b.left)
	return r.arithmetic(b.op, left, r.eval(b.right))
}

type sign struct {
	place
	op    string
	value expr
}

func (s *sign) eval(r *renderer) any {
	v := r.eval(s.value)
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	if n, ok := integer(v); ok {
		if s.op == "-" {
			return negate(n)
		}
		return n
	}
	f, ok := v.(float64)
	if !ok {
		fail(TypeError, "bad operand type for unary %s: '%s'", s.op, typeName(v))
	}
	if s.op == "-" {
		f = -f
	}
	return f
}

// compare is a chain of comparisons.
type compare struct {
	place
	first expr
	ops   []string
	rest  []expr
}

func (c *compare) eval(r *renderer) any {
	left := r.eval(c.first)
	for i, op := range c.ops {
		right := r.eval(c.rest[i])
		if !r.compare(op, left, right) {
			return false
		}
		left = right
	}
	return true
}

// attr is object.name.
type attr struct {
	place
	object expr
	name   string
}

func (a *attr) eval(r *renderer) any { return r.attribute(r.eval(a.object), a.name) }

// item is object[key].
type item struct {
	place
	object, key expr
}

func (i *item) eval(r *renderer) any {
	object := r.eval(i.object)
	return r.item(object, r.eval(i.key))
}

// sliceExpr is object[start:stop:step].
type sliceExpr struct {
	place
	object, start, stop, step expr
}

func (s *sliceExpr) eval(r *renderer) any {
	if s.object == nil {
		fail(Unsupported, "a slice among other indices is not supported")
	}
	object := r.eval(s.object)
	var bounds [3]any
	for i, e := range []expr{s.start, s.stop, s.step} {
		if e != nil {
			bounds[i] = r.eval(e)
		}
	}
	return r.slice(object, bounds)
}
