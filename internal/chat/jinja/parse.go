package jinja

import (
	"slices"
	"strings"
)

// maxNesting is how deep expressions and statements may nest in a template.
const maxNesting = 200

// parser turns tokens into statements, along the lines of jinja2/parser.py.
type parser struct {
	tokens  []token
	at      int
	nesting int
	library *library
	soft    int      // inside if: unknown filters fail when they run
	macros  []*macro // whose bodies are being parsed
	ends    []string // tags that end the open statements, innermost last
	tags    []string // that are open, innermost last
	loops   int
	blocks  map[string]bool
	failure failure // why the lexer stopped
}

func (p *parser) current() token { return p.tokens[p.at] }

// look is the token after the current one.
func (p *parser) look() token {
	t := p.tokens[min(p.at+1, len(p.tokens)-1)]
	p.check(t)
	return t
}

// check fails if the lexer stopped at t.
func (p *parser) check(t token) {
	if t.kind == tokenFailure {
		panic(p.failure)
	}
}

func (p *parser) next() token {
	t := p.tokens[p.at]
	if p.at < len(p.tokens)-1 {
		p.at++
	}
	p.check(p.current())
	return t
}

func (p *parser) skipOperator(op string) bool {
	if !p.current().is(op) {
		return false
	}
	p.next()
	return true
}

func (p *parser) skipName(name string) bool {
	if !p.current().isName(name) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expectOperator(op string) token {
	if !p.current().is(op) {
		p.unexpected(op)
	}
	return p.next()
}

func (p *parser) expect(k kind) token {
	if p.current().kind != k {
		p.unexpected(map[kind]string{tokenName: "name", tokenVariableEnd: "end of print statement", tokenBlockEnd: "end of statement block"}[k])
	}
	return p.next()
}

func (p *parser) expectName(name string) {
	if !p.skipName(name) {
		p.unexpected(name)
	}
}

// unexpected fails because something else was expected.
func (p *parser) unexpected(expected string) {
	if p.current().kind == tokenEOF {
		fail(SyntaxError, "unexpected end of template, expected '%s'.", expected)
	}
	fail(SyntaxError, "expected token '%s', got '%s'", expected, p.current().describe())
}

// enter counts one more level of nesting; the caller defers leave.
func (p *parser) enter() {
	if p.nesting++; p.nesting > maxNesting {
		fail(LimitError, "the template nests more than %d levels deep", maxNesting)
	}
}

func (p *parser) leave() { p.nesting-- }

// body parses statements up to a tag of one of these names, which it leaves
// unread, or up to the end of the template if there are none.
func (p *parser) body(ends ...string) []stmt {
	p.enter()
	defer p.leave()
	p.ends = append(p.ends, strings.Join(ends, ","))
	var list []stmt
	for {
		switch t := p.next(); t.kind {
		case tokenData:
			list = append(list, &text{place: place(t.pos), text: t.text})
		case tokenVariableBegin:
			list = append(list, &output{place(t.pos), []expr{p.tuple(true)}})
			p.expect(tokenVariableEnd)
		case tokenBlockBegin:
			if p.current().isName(ends...) {
				p.ends = p.ends[:len(p.ends)-1]
				return list
			}
			p.tags = append(p.tags, p.current().text)
			list = append(list, p.statement())
			p.tags = p.tags[:len(p.tags)-1]
			p.expect(tokenBlockEnd)
		case tokenEOF:
			p.endOfTemplate()
			return list
		}
	}
}

// block parses the body of a statement: the end of its tag, the body, and the
// name that ends it.
func (p *parser) block(ends ...string) []stmt {
	p.skipOperator(":")
	p.expect(tokenBlockEnd)
	return p.body(ends...)
}

// closed parses a body and the tag that ends it.
func (p *parser) closed(end string) []stmt {
	list := p.block(end)
	p.next()
	return list
}

func (p *parser) endOfTemplate() {
	if len(p.ends) > 1 {
		p.unknownTag("")
	}
	p.ends = p.ends[:0]
}

// unknownTag fails because of a tag that is none, or the end of the template.
func (p *parser) unknownTag(name string) {
	message := "Unexpected end of template."
	open := p.tags
	if name != "" {
		message = "Encountered unknown tag '" + name + "'."
		open = open[:len(open)-1]
	}
	if len(p.ends) > 1 {
		looking := " Jinja was looking for the following tags: '"
		if name != "" && p.endsSome(name) {
			looking = " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for '"
		}
		message += looking + strings.ReplaceAll(p.ends[len(p.ends)-1], ",", "' or '") + "'."
	}
	if len(open) > 0 {
		message += " The innermost block that needs to be closed is '" + open[len(open)-1] + "'."
	}
	fail(SyntaxError, "%s", message)
}

// endsSome reports whether a tag ends one of the open statements.
func (p *parser) endsSome(name string) bool {
	return slices.ContainsFunc(p.ends, func(ends string) bool { return slices.Contains(strings.Split(ends, ","), name) })
}

// declare notes that a name was read, for the macros around it.
func (p *parser) declare(name string) {
	for _, m := range p.macros {
		switch name {
		case "kwargs":
			m.catchKwargs = true
		case "varargs":
			m.catchVarargs = true
		case "caller":
			m.catchCaller = true
		}
	}
}

// known fails for a filter or a test that does not exist.
func (p *parser) known(what, name string) {
	table := p.library.filters
	if what == "test" {
		table = p.library.tests
	}
	if _, ok := table[name]; !ok && p.soft == 0 {
		fail(AssertionError, "No %s named %s.", what, reprString(name))
	}
}

// reserved are names that cannot be assigned.
func reserved(name string) bool {
	return slices.Contains([]string{"true", "false", "none", "True", "False", "None"}, name)
}
