package jinja

// postfix parses what may follow a primary: attributes, subscripts and calls.
func (p *parser) postfix(e expr) expr {
	for {
		switch t := p.current(); {
		case t.is(".") || t.is("["):
			e = p.subscript(e)
		case t.is("("):
			e = p.call(e)
		default:
			return e
		}
	}
}

// filterOrTest parses filters, tests, and calls of their results.
func (p *parser) filterOrTest(e expr) expr {
	for {
		switch t := p.current(); {
		case t.is("|"):
			p.next()
			e = p.filter(e)
		case t.isName("is"):
			e = p.test(e)
		case t.is("("):
			e = p.call(e)
		default:
			return e
		}
	}
}

func (p *parser) subscript(e expr) expr {
	t := p.next()
	if t.is("[") {
		return p.brackets(e, t)
	}
	switch attribute := p.next(); attribute.kind {
	case tokenName:
		return &attr{place(t.pos), e, attribute.text}
	case tokenInteger:
		return &item{place(t.pos), e, &constant{place(attribute.pos), parseInteger(attribute.text)}}
	}
	fail(SyntaxError, "expected name or number")
	return nil
}

func (p *parser) brackets(e expr, t token) expr {
	var keys []expr
	for !p.current().is("]") {
		if len(keys) > 0 {
			p.expectOperator(",")
		}
		keys = append(keys, p.subscribed())
	}
	p.expectOperator("]")
	key := expr(&tupleExpr{place(t.pos), keys})
	if len(keys) == 1 {
		key = keys[0]
	}
	if s, ok := key.(*sliceExpr); ok {
		s.object = e
		return s
	}
	return &item{place(t.pos), e, key}
}

// subscribed parses an index or a slice.
func (p *parser) subscribed() expr {
	pos := place(p.current().pos)
	var parts [3]expr
	n := 0
	for ; n < 3; n++ {
		if !p.current().is(":") && !p.current().is("]") && !p.current().is(",") {
			parts[n] = p.expression(true)
		}
		if !p.skipOperator(":") {
			break
		}
	}
	if n == 0 {
		if parts[0] == nil {
			fail(SyntaxError, "unexpected '%s'", p.current().describe())
		}
		return parts[0]
	}
	return &sliceExpr{place: pos, start: parts[0], stop: parts[1], step: parts[2]}
}

func (p *parser) call(e expr) *call {
	t := p.current()
	return &call{place(t.pos), e, p.arguments()}
}

// arguments parses a list of arguments in parentheses.
func (p *parser) arguments() argumentList {
	p.expectOperator("(")
	var a argumentList
	for comma := false; !p.current().is(")"); comma = true {
		if comma {
			p.expectOperator(",")
			if p.current().is(")") {
				break
			}
		}
		p.argument(&a)
	}
	p.expectOperator(")")
	return a
}

func (p *parser) argument(a *argumentList) {
	bad := a.starStar != nil
	switch t := p.current(); {
	case t.is("*"):
		p.next()
		bad = bad || a.star != nil
		a.star = p.expression(true)
	case t.is("**"):
		p.next()
		a.starStar = p.expression(true)
	case t.kind == tokenName && p.look().is("="):
		p.next()
		p.next()
		a.names = append(a.names, t.text)
		a.named = append(a.named, p.expression(true))
	default:
		bad = bad || a.star != nil || len(a.names) > 0
		a.positional = append(a.positional, p.expression(true))
	}
	if bad {
		fail(SyntaxError, "invalid syntax for function call expression")
	}
}

// filter parses one filter after its "|" (or after the name of its tag).
func (p *parser) filter(e expr) expr {
	t := p.expect(tokenName)
	f := &filterExpr{place: place(t.pos), name: p.dotted(t.text), value: e}
	p.known("filter", f.name)
	if p.current().is("(") {
		f.arguments = p.arguments()
	}
	return f
}

func (p *parser) dotted(name string) string {
	for p.skipOperator(".") {
		name += "." + p.expect(tokenName).text
	}
	return name
}

func (p *parser) test(e expr) expr {
	pos := place(p.next().pos)
	negated := p.skipName("not")
	t := &testExpr{place: pos, name: p.dotted(p.expect(tokenName).text), value: e}
	p.known("test", t.name)
	switch next := p.current(); {
	case next.is("("):
		t.arguments = p.arguments()
	case p.startsArgument(next):
		if next.isName("is") {
			fail(SyntaxError, "You cannot chain multiple tests with is")
		}
		t.arguments.positional = []expr{p.postfix(p.primary())}
	}
	if negated {
		return &not{pos, t}
	}
	return t
}

// startsArgument reports whether a test takes the token as its argument.
func (p *parser) startsArgument(t token) bool {
	switch t.kind {
	case tokenName:
		return !t.isName("else", "or", "and")
	case tokenString, tokenInteger, tokenFloat:
		return true
	}
	return t.is("[") || t.is("{")
}
