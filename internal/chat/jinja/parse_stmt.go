package jinja

// statement parses the inside of one "{% %}", and the body that belongs to it.
func (p *parser) statement() stmt {
	t := p.current()
	if t.kind != tokenName {
		fail(SyntaxError, "tag name expected")
	}
	parse := p.tag(t.text)
	if parse == nil {
		p.unknownTag(t.text)
	}
	return parse(place(p.next().pos))
}

// tag returns what parses the statement of that name, nil if there is none.
func (p *parser) tag(name string) func(pos place) stmt {
	switch name {
	case "for":
		return p.forStatement
	case "if":
		return p.ifStatement
	case "set":
		return p.setStatement
	case "macro":
		return p.macroStatement
	case "call":
		return p.callStatement
	case "filter":
		return p.filterStatement
	case "with":
		return p.withStatement
	case "print":
		return p.printStatement
	case "generation":
		return p.generationStatement
	case "autoescape":
		return p.autoescapeStatement
	case "block":
		return p.blockStatement
	case "break", "continue":
		return func(pos place) stmt { return p.jumpStatement(pos, name) }
	case "include", "import", "from", "extends":
		return p.loaderStatement
	}
	return nil
}

func (p *parser) forStatement(pos place) stmt {
	f := &forStmt{place: pos, target: p.assignable(false)}
	p.expectName("in")
	f.iterable = p.tupleUntil(false, false, "recursive")
	if p.skipName("if") {
		f.condition = p.expression(true)
	}
	f.recursive = p.skipName("recursive")
	soft := p.soft
	p.soft = 0
	p.loops++
	f.body = p.block("endfor", "else")
	p.loops--
	loops := p.loops
	if f.recursive { // it is a function: else cannot leave the loop around it
		p.loops = 0
	}
	if p.next().text == "else" {
		f.otherwise = p.closed("endfor")
	}
	p.soft, p.loops = soft, loops
	return f
}

func (p *parser) ifStatement(pos place) stmt {
	s := &ifStmt{place: pos}
	p.soft++
	defer func() { p.soft-- }()
	for {
		p.soft--
		test := p.tuple(false)
		p.soft++
		s.branches = append(s.branches, branch{test, p.block("elif", "else", "endif")})
		switch p.next().text {
		case "elif":
			continue
		case "else":
			s.otherwise = p.closed("endif")
		}
		return s
	}
}

func (p *parser) setStatement(pos place) stmt {
	t := p.assignable(true)
	if p.skipOperator("=") {
		return &setStmt{pos, t, p.tuple(true)}
	}
	s := &setBlock{place: pos, target: t}
	if p.current().is("|") {
		s.filter = p.filterChain(nil)
	}
	s.body = p.closed("endset")
	return s
}

// filterChain parses a chain of filters applied to e.
func (p *parser) filterChain(e expr) expr {
	for p.skipOperator("|") {
		e = p.filter(e)
	}
	return e
}

// assignable parses a name, a tuple of such, or with namespaces an attribute.
func (p *parser) assignable(namespaces bool) target {
	pos := place(p.current().pos)
	var items []target
	isTuple := false
	for {
		if len(items) > 0 {
			p.expectOperator(",")
		}
		if p.tupleEnd("in") || p.current().is("=") {
			break
		}
		items = append(items, p.oneTarget(namespaces))
		if !p.current().is(",") {
			break
		}
		isTuple = true
	}
	switch {
	case !isTuple && len(items) == 1:
		return items[0]
	case len(items) == 0:
		fail(SyntaxError, "Expected an expression, got '%s'", p.current().describe())
	}
	return target{place: pos, items: items, tuple: true}
}

func (p *parser) oneTarget(namespaces bool) target {
	p.enter()
	defer p.leave()
	t := p.current()
	if p.skipOperator("(") {
		inner := p.assignable(namespaces)
		p.expectOperator(")")
		return inner
	}
	if t.kind != tokenName {
		fail(SyntaxError, "can't assign to '%s'", nodeName(t))
	}
	p.next()
	if namespaces && p.skipOperator(".") {
		p.declare(t.text)
		return target{place: place(t.pos), name: t.text, attribute: p.expect(tokenName).text}
	}
	if reserved(t.text) {
		fail(SyntaxError, "can't assign to 'const'")
	}
	return target{place: place(t.pos), name: t.text}
}

// nodeName is how Jinja2 calls the node that a token begins.
func nodeName(t token) string {
	switch {
	case t.is("["):
		return "list"
	case t.is("{"):
		return "dict"
	}
	return "const"
}

func (p *parser) withStatement(pos place) stmt {
	w := &withStmt{place: pos}
	for p.current().kind != tokenBlockEnd {
		if len(w.targets) > 0 {
			p.expectOperator(",")
		}
		w.targets = append(w.targets, p.oneTarget(false))
		p.expectOperator("=")
		w.values = append(w.values, p.expression(true))
	}
	w.body = p.closed("endwith")
	return w
}

func (p *parser) printStatement(pos place) stmt {
	o := &output{place: pos}
	for p.current().kind != tokenBlockEnd {
		if len(o.values) > 0 {
			p.expectOperator(",")
		}
		o.values = append(o.values, p.expression(true))
	}
	return o
}

func (p *parser) filterStatement(pos place) stmt {
	f := p.filterChain(p.filter(nil))
	return &filterStmt{pos, f, p.closed("endfilter")}
}

// generationStatement parses the tag of transformers that marks what a model
// wrote: it prints its body.
func (p *parser) generationStatement(pos place) stmt {
	return &scoped{place: pos, body: p.callBody("endgeneration")}
}

func (p *parser) autoescapeStatement(pos place) stmt {
	if c, ok := p.expression(true).(*constant); !ok || c.value == true {
		fail(Unsupported, "autoescape is not supported")
	}
	return &scoped{place: pos, body: p.closed("endautoescape")}
}

func (p *parser) blockStatement(pos place) stmt {
	name := p.expect(tokenName).text
	if p.blocks[name] {
		fail(AssertionError, "block %s defined twice", reprString(name))
	}
	p.blocks[name] = true
	p.skipName("scoped")
	p.skipName("required")
	b := &scoped{place: pos, body: p.block("endblock"), top: true}
	p.next()
	p.skipName(name)
	return b
}

func (p *parser) jumpStatement(pos place, name string) stmt {
	if p.loops == 0 {
		fail(SyntaxError, "'%s' outside loop", name)
	}
	if name == "break" {
		return &jump{pos, breakLoop}
	}
	return &jump{pos, continueLoop}
}

// loaderStatement skips a statement that needs other templates: it fails when
// it runs, as in an environment without a loader.
func (p *parser) loaderStatement(pos place) stmt {
	for k := p.current().kind; k != tokenBlockEnd && k != tokenEOF; k = p.current().kind {
		p.next()
	}
	return &needsLoader{pos}
}
