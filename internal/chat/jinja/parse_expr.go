package jinja

import "strconv"

// expression parses an expression; conditional allows "a if b else c" at its
// top level.
func (p *parser) expression(conditional bool) expr {
	p.enter()
	defer p.leave()
	if !conditional {
		return p.or()
	}
	e := p.or()
	for p.current().isName("if") {
		pos := place(p.next().pos)
		p.soft++
		test := p.or()
		var other expr
		if p.skipName("else") {
			other = p.expression(true)
		}
		p.soft--
		e = &conditionalExpr{pos, test, e, other}
	}
	return e
}

func (p *parser) or() expr {
	left := p.and()
	for p.current().isName("or") {
		left = &logic{place(p.next().pos), true, left, p.and()}
	}
	return left
}

func (p *parser) and() expr {
	left := p.not()
	for p.current().isName("and") {
		left = &logic{place(p.next().pos), false, left, p.not()}
	}
	return left
}

func (p *parser) not() expr {
	if p.current().isName("not") {
		p.enter()
		defer p.leave()
		return &not{place(p.next().pos), p.not()}
	}
	return p.compare()
}

func (p *parser) compare() expr {
	first := p.sum()
	c := &compare{place: place(p.current().pos), first: first}
	for {
		op := p.comparison()
		if op == "" {
			break
		}
		c.ops = append(c.ops, op)
		c.rest = append(c.rest, p.sum())
	}
	if len(c.ops) == 0 {
		return first
	}
	return c
}

// comparison reads a comparison operator, if there is one.
func (p *parser) comparison() string {
	t := p.current()
	switch {
	case t.kind == tokenOperator:
		switch t.text {
		case "==", "!=", "<", "<=", ">", ">=":
			return p.next().text
		}
	case t.isName("in"):
		p.next()
		return "in"
	case t.isName("not") && p.look().isName("in"):
		p.next()
		p.next()
		return "not in"
	}
	return ""
}

func (p *parser) sum() expr {
	left := p.concat()
	for p.current().is("+") || p.current().is("-") {
		t := p.next()
		left = &binary{place(t.pos), t.text, left, p.concat()}
	}
	return left
}

func (p *parser) concat() expr {
	first := p.product()
	if !p.current().is("~") {
		return first
	}
	c := &concat{place(p.current().pos), []expr{first}}
	for p.skipOperator("~") {
		c.parts = append(c.parts, p.product())
	}
	return c
}

func (p *parser) product() expr {
	left := p.power()
	for t := p.current(); t.is("*") || t.is("/") || t.is("//") || t.is("%"); t = p.current() {
		p.next()
		left = &binary{place(t.pos), t.text, left, p.power()}
	}
	return left
}

func (p *parser) power() expr {
	left := p.unary(true)
	for p.current().is("**") {
		left = &binary{place(p.next().pos), "**", left, p.unary(true)}
	}
	return left
}

func (p *parser) unary(filters bool) expr {
	p.enter()
	defer p.leave()
	var e expr
	if t := p.current(); t.is("-") || t.is("+") {
		p.next()
		e = &sign{place(t.pos), t.text, p.unary(false)}
	} else {
		e = p.primary()
	}
	e = p.postfix(e)
	if filters {
		e = p.filterOrTest(e)
	}
	return e
}

func (p *parser) primary() expr {
	switch t := p.current(); t.kind {
	case tokenName:
		p.next()
		return p.name(t)
	case tokenString:
		return p.stringLiteral()
	case tokenInteger:
		p.next()
		return &constant{place(t.pos), parseInteger(t.text)}
	case tokenFloat:
		p.next()
		f, _ := strconv.ParseFloat(t.text, 64) // out of range is infinite, as in Python
		return &constant{place(t.pos), f}
	case tokenOperator:
		switch t.text {
		case "(":
			p.next()
			e := p.tupleUntil(true, true)
			p.expectOperator(")")
			return e
		case "[":
			return p.list()
		case "{":
			return p.dict()
		}
	}
	fail(SyntaxError, "unexpected '%s'", p.current().describe())
	return nil
}

func (p *parser) name(t token) expr {
	switch t.text {
	case "true", "True":
		return &constant{place(t.pos), true}
	case "false", "False":
		return &constant{place(t.pos), false}
	case "none", "None":
		return &constant{place(t.pos), nil}
	}
	p.declare(t.text)
	return &name{place(t.pos), t.text}
}

// stringLiteral joins string literals that stand side by side.
func (p *parser) stringLiteral() expr {
	c := &constant{place: place(p.current().pos)}
	s := ""
	for p.current().kind == tokenString {
		s += p.next().text
	}
	c.value = s
	return c
}

// tuple parses "a" or "a, b"; what ends a tag ends it.
func (p *parser) tuple(conditional bool) expr { return p.tupleUntil(conditional, false) }

// tupleUntil is tuple with more names that end it. In parentheses it may be
// empty.
func (p *parser) tupleUntil(conditional, parentheses bool, names ...string) expr {
	pos, items, isTuple := place(p.current().pos), []expr(nil), false
	for {
		if len(items) > 0 {
			p.expectOperator(",")
		}
		if p.tupleEnd(names...) {
			break
		}
		items = append(items, p.expression(conditional))
		if !p.current().is(",") {
			break
		}
		isTuple = true
	}
	if !isTuple && len(items) == 1 {
		return items[0]
	}
	if len(items) == 0 && !parentheses {
		fail(SyntaxError, "Expected an expression, got '%s'", p.current().describe())
	}
	return &tupleExpr{pos, items}
}

func (p *parser) tupleEnd(names ...string) bool {
	t := p.current()
	return t.kind == tokenVariableEnd || t.kind == tokenBlockEnd || t.is(")") || t.isName(names...)
}

func (p *parser) list() expr {
	l := &listExpr{place: place(p.next().pos)}
	for !p.current().is("]") {
		if len(l.items) > 0 {
			p.expectOperator(",")
		}
		if p.current().is("]") {
			break
		}
		l.items = append(l.items, p.expression(true))
	}
	p.expectOperator("]")
	return l
}

func (p *parser) dict() expr {
	d := &dictExpr{place: place(p.next().pos)}
	for !p.current().is("}") {
		if len(d.keys) > 0 {
			p.expectOperator(",")
		}
		if p.current().is("}") {
			break
		}
		d.keys = append(d.keys, p.expression(true))
		p.expectOperator(":")
		d.values = append(d.values, p.expression(true))
	}
	p.expectOperator("}")
	return d
}
