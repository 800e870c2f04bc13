package jinja

// place is the byte offset of a node in the source.
type place int

func (p place) offset() int { return int(p) }

// signal says whether a statement left a loop or went to its next turn.
type signal uint8

const (
	proceed signal = iota
	breakLoop
	continueLoop
)

// stmt is a statement.
type stmt interface {
	exec(r *renderer) signal
	offset() int
}

// run executes statements up to one that leaves the loop around them.
func (r *renderer) run(list []stmt) signal {
	for _, s := range list {
		r.enter()
		r.pos = s.offset()
		sig := s.exec(r)
		r.leave()
		if sig != proceed {
			return sig
		}
	}
	return proceed
}

// text is data outside tags.
type text struct {
	place
	text string
}

func (t *text) exec(r *renderer) signal {
	r.write(t.text)
	return proceed
}

// output is {{ value }}, or {% print value, value %}.
type output struct {
	place
	values []expr
}

func (o *output) exec(r *renderer) signal {
	for _, v := range o.values {
		r.write(r.str(r.eval(v)))
	}
	return proceed
}

type branch struct {
	test expr
	body []stmt
}

type ifStmt struct {
	place
	branches  []branch
	otherwise []stmt
}

func (s *ifStmt) exec(r *renderer) signal {
	for _, b := range s.branches {
		if truth(r.eval(b.test)) {
			return r.run(b.body)
		}
	}
	return r.run(s.otherwise)
}

// target is what set and for assign to: a name, an attribute of a namespace, or
// a tuple of targets.
type target struct {
	place
	name, attribute string
	items           []target
	tuple           bool
}

func (r *renderer) assign(t target, v any) {
	switch {
	case t.tuple:
		r.unpack(t, v)
	case t.attribute != "":
		r.read(t.attribute, block/4)
		r.namespace(t).set(t.attribute, v)
	default:
		r.set(t.name, v)
	}
}

// namespace is the one whose attribute t assigns to.
func (r *renderer) namespace(t target) *namespace {
	r.pos = t.offset()
	ns, ok := r.lookup(t.name).(*namespace)
	if !ok {
		fail(RuntimeError, "cannot assign attribute on non-namespace object")
	}
	return ns
}

// checkTarget fails for a target that no value can be assigned to, which Jinja2
// does before it evaluates the value.
func (r *renderer) checkTarget(t target) {
	if t.attribute != "" {
		r.namespace(t)
	}
	for _, item := range t.items {
		r.checkTarget(item)
	}
}

func (r *renderer) unpack(t target, v any) {
	r.pos = t.offset()
	items := r.unpacked(v, len(t.items))
	for i, item := range t.items {
		r.assign(item, items[i])
	}
}

// unpacked are the items of v, which must be n.
func (r *renderer) unpacked(v any, n int) []any {
	items, ok := r.iterate(v)
	switch {
	case !ok:
		fail(TypeError, "cannot unpack non-iterable %s object", typeName(v))
	case len(items) > n:
		fail(ValueError, "too many values to unpack (expected %d)", n)
	case len(items) < n:
		fail(ValueError, "not enough values to unpack (expected %d, got %d)", n, len(items))
	}
	return items
}

type setStmt struct {
	place
	target target
	value  expr
}

func (s *setStmt) exec(r *renderer) signal {
	r.checkTarget(s.target)
	r.assign(s.target, r.eval(s.value))
	return proceed
}

// setBlock is {% set name | filters %}body{% endset %}.
type setBlock struct {
	place
	target target
	filter expr
	body   []stmt
}

func (s *setBlock) exec(r *renderer) signal {
	var v any = r.bodyText(s.body)
	if s.filter != nil {
		v = r.filtered(s.filter, v)
	}
	r.assign(s.target, v)
	return proceed
}

// bodyText is what a body in a scope of its own prints.
func (r *renderer) bodyText(body []stmt) string {
	return r.capture(func() { r.within(r.scope, func() { r.run(body) }) })
}

// filterStmt is {% filter name %}body{% endfilter %}.
type filterStmt struct {
	place
	filter expr
	body   []stmt
}

func (s *filterStmt) exec(r *renderer) signal {
	r.write(r.str(r.filtered(s.filter, r.bodyText(s.body))))
	return proceed
}

type withStmt struct {
	place
	targets []target
	values  []expr
	body    []stmt
}

func (s *withStmt) exec(r *renderer) (sig signal) {
	values := make([]any, len(s.values))
	for i, v := range s.values {
		values[i] = r.eval(v)
	}
	r.within(r.scope, func() {
		for i, t := range s.targets {
			r.assign(t, values[i])
		}
		sig = r.run(s.body)
	})
	return sig
}

// scoped is a body with a scope of its own. That of a block does not see the
// loops around it.
type scoped struct {
	place
	body []stmt
	top  bool
}

func (s *scoped) exec(r *renderer) (sig signal) {
	parent := r.scope
	if s.top {
		parent = r.top
	}
	r.within(parent, func() { sig = r.run(s.body) })
	return sig
}

type jump struct {
	place
	signal signal
}

func (j *jump) exec(*renderer) signal { return j.signal }

// needsLoader is a statement that reads another template.
type needsLoader struct{ place }

func (*needsLoader) exec(*renderer) signal {
	fail(TypeError, "no loader for this environment specified")
	return proceed
}
