package jinja

// forStmt is a for loop.
type forStmt struct {
	place
	target    target
	iterable  expr
	condition expr
	recursive bool
	body      []stmt
	otherwise []stmt
}

func (f *forStmt) exec(r *renderer) signal {
	outer := r.scope
	sig := f.run(r, outer, r.eval(f.iterable), 0)
	r.scope = outer
	return sig
}

// run executes the loop over v in scopes inside outer. As in Jinja2, else is for
// a loop none of whose turns came to its end; it can leave the loop around this
// one.
func (f *forStmt) run(r *renderer, outer *scope, v any, depth int64) (sig signal) {
	l := &loop{stmt: f, outer: outer, depth: depth, items: f.selected(r, outer, r.mustIterate(v))}
	finished := false // a turn that nothing cut short
	for l.at = range l.items {
		r.scope = r.newScope(outer)
		r.scope.set("loop", l)
		r.assign(f.target, l.items[l.at])
		turn := r.run(f.body)
		if turn == breakLoop {
			break
		}
		finished = finished || turn == proceed
	}
	if !finished {
		r.within(outer, func() { sig = r.run(f.otherwise) })
	}
	return sig
}

// selected are the items for which the condition of the loop holds.
func (f *forStmt) selected(r *renderer, outer *scope, items []any) []any {
	if f.condition == nil {
		return items
	}
	r.items(len(items))
	var kept []any
	for _, item := range items {
		r.scope = r.newScope(outer)
		r.assign(f.target, item)
		if truth(r.eval(f.condition)) {
			kept = append(kept, item)
		}
	}
	return kept
}

// loop is the variable of that name inside a loop.
type loop struct {
	stmt    *forStmt
	outer   *scope
	items   []any
	at      int
	depth   int64
	changed []any
}

// attribute returns an attribute of the loop.
func (l *loop) attribute(name string) (any, bool) {
	at, n := int64(l.at), int64(len(l.items))
	switch name {
	case "index":
		return at + 1, true
	case "index0":
		return at, true
	case "revindex":
		return n - at, true
	case "revindex0":
		return n - at - 1, true
	case "first":
		return at == 0, true
	case "last":
		return at == n-1, true
	case "length":
		return n, true
	case "depth":
		return l.depth + 1, true
	case "depth0":
		return l.depth, true
	case "previtem":
		return l.neighbour(l.at-1, "there is no previous item"), true
	case "nextitem":
		return l.neighbour(l.at+1, "there is no next item"), true
	case "cycle":
		return &function{name: name, f: l.cycle}, true
	case "changed":
		return &function{name: name, f: l.hasChanged}, true
	}
	return nil, false
}

func (l *loop) neighbour(i int, otherwise string) any {
	if i < 0 || i >= len(l.items) {
		return hint(otherwise)
	}
	return l.items[i]
}

func (l *loop) cycle(_ *renderer, a arguments) any {
	if len(a.positional) == 0 {
		fail(TypeError, "no items for cycling given")
	}
	return a.positional[l.at%len(a.positional)]
}

// hasChanged reports whether the values differ from those of the last call.
func (l *loop) hasChanged(r *renderer, a arguments) any {
	last := l.changed
	l.changed = append([]any{}, a.positional...)
	return last == nil || !r.equal(newTuple(last...), newTuple(l.changed...))
}

// call renders the body of a recursive loop for other items.
func (l *loop) call(r *renderer, a arguments) any {
	if !l.stmt.recursive {
		fail(TypeError, "The loop must have the 'recursive' marker to be called recursively.")
	}
	if len(a.positional) != 1 || len(a.names) > 0 {
		fail(TypeError, "a loop takes one argument")
	}
	old := r.scope
	text := r.capture(func() { l.stmt.run(r, l.outer, a.positional[0], l.depth+1) })
	r.scope = old
	return text
}
