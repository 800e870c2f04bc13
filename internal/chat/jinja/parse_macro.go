package jinja

func (p *parser) macroStatement(pos place) stmt {
	t := p.expect(tokenName)
	if reserved(t.text) {
		fail(SyntaxError, "can't assign to 'const'")
	}
	m := &macro{place: pos, name: t.text}
	p.signature(m)
	p.macroBody(m, "endmacro")
	return &macroStmt{pos, m}
}

// signature parses the parameters of a macro.
func (p *parser) signature(m *macro) {
	p.expectOperator("(")
	for !p.current().is(")") {
		if len(m.params) > 0 {
			p.expectOperator(",")
		}
		t := p.expect(tokenName)
		if reserved(t.text) {
			fail(SyntaxError, "can't assign to 'const'")
		}
		param := param{name: t.text}
		if p.skipOperator("=") {
			param.value = p.expression(true)
		} else if n := len(m.params); n > 0 && m.params[n-1].value != nil {
			fail(SyntaxError, "non-default argument follows default argument")
		}
		m.params = append(m.params, param)
	}
	p.expectOperator(")")
}

// checkCaller refuses a parameter caller that nothing but a call block gives a
// value.
func (m *macro) checkCaller() {
	for _, param := range m.params {
		if param.name == "caller" && param.value == nil && m.catchCaller {
			fail(AssertionError, `When defining macros or call blocks the special "caller" argument must be omitted or be given a default.`)
		}
	}
}

// macroBody parses the body of m and notes which special names it reads.
func (p *parser) macroBody(m *macro, end string) {
	p.macros = append(p.macros, m)
	m.body = p.callBody(end)
	p.macros = p.macros[:len(p.macros)-1]
	m.checkCaller()
}

// callBody parses a body that is a function: it cannot leave a loop around it.
func (p *parser) callBody(end string) []stmt {
	loops, soft := p.loops, p.soft
	p.loops, p.soft = 0, 0
	body := p.closed(end)
	p.loops, p.soft = loops, soft
	return body
}

func (p *parser) callStatement(pos place) stmt {
	caller := &macro{place: pos, name: "caller", anonymous: true}
	if p.current().is("(") {
		p.signature(caller)
	}
	c, ok := p.expression(true).(*call)
	if !ok {
		fail(SyntaxError, "expected call")
	}
	p.macroBody(caller, "endcall")
	return &callStmt{pos, c, caller}
}
