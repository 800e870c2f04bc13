package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// Parse reads the text form of a module and verifies it.
func Parse(text string) (*Module, error) {
	p := parser{lex: lexer{src: text, line: 1}, module: &Module{}}
	p.advance()
	p.parseModule()
	if p.err != nil {
		return nil, fmt.Errorf("ir: %w", p.err)
	}
	if err := Verify(p.module); err != nil {
		return nil, err
	}
	return p.module, nil
}

// parser is a recursive-descent parser with one token of look-ahead. After the
// first error the look-ahead stays at the end of the text, so every loop ends.
type parser struct {
	lex     lexer
	tok     token
	err     error
	module  *Module
	weights map[string]*Value
	values  map[string]*Value // of the current function
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("line %d: %s", p.tok.line, fmt.Sprintf(format, args...))
	}
	p.tok = token{line: p.tok.line}
	p.lex.pos = len(p.lex.src)
}

func (p *parser) advance() token {
	t := p.tok
	next, err := p.lex.next()
	if err != nil {
		p.fail("%v", err)
		return t
	}
	p.tok = next
	return t
}

// accept advances over that punctuation or word if it is next.
func (p *parser) accept(text string) bool {
	if p.tok.kind == 0 || p.tok.kind == 'q' || p.tok.text != text {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail("found %v, want %q", p.tok, text)
	}
}

// word reads a word with that sigil ("" for none) and returns it without it.
func (p *parser) word(sigil string) string {
	if p.tok.kind != 'w' || !strings.HasPrefix(p.tok.text, sigil) ||
		sigil == "" && strings.ContainsAny(p.tok.text[:1], "@%") {
		p.fail("found %v, want a name with sigil %q", p.tok, sigil)
		return ""
	}
	return p.advance().text[len(sigil):]
}

func (p *parser) parseModule() {
	p.expect("module")
	if p.tok.kind != 'q' {
		p.fail("found %v, want the quoted name of the module", p.tok)
	}
	p.module.Name = p.advance().text
	p.expect("{")
	p.weights = map[string]*Value{}
	for p.accept("weight") {
		p.parseWeight()
	}
	for p.accept("func") {
		p.parseFunc()
	}
	p.expect("}")
	if p.tok.kind != 0 {
		p.fail("found %v after the module", p.tok)
	}
}

func (p *parser) parseWeight() {
	v := &Value{Name: p.word("@"), Kind: Weight, Index: len(p.module.Weights)}
	p.expect(":")
	v.Type = p.parseType()
	p.weights[v.Name] = v
	p.module.Weights = append(p.module.Weights, v)
}

func (p *parser) parseFunc() {
	f := &Func{Private: p.accept("private")}
	f.Name = p.word("@")
	p.values = map[string]*Value{}
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		if len(f.Params) > 0 {
			p.expect(",")
		}
		v := &Value{Name: p.word("%"), Kind: Param, Index: len(f.Params)}
		p.expect(":")
		v.Type = p.parseType()
		p.values[v.Name] = v
		f.Params = append(f.Params, v)
	}
	p.expect("{")
	for p.err == nil && !p.accept("return") {
		f.Nodes = append(f.Nodes, p.parseNode())
	}
	f.Results = p.parseOperands()
	p.expect("}")
	p.module.Funcs = append(p.module.Funcs, f)
}

// parseNode reads "%a, %b = op @callee(%x, @w) {k = 1} : type, type".
func (p *parser) parseNode() *Node {
	n := &Node{}
	for {
		n.Results = append(n.Results, &Value{Name: p.word("%"), Def: n, Index: len(n.Results)})
		if !p.accept(",") {
			break
		}
	}
	p.expect("=")
	name := p.word("")
	if n.Op = opByName(name); n.Op == nil {
		p.fail("unknown operation %q", name)
		return n
	}
	if n.Op == Call {
		callee := p.word("@")
		if n.Callee = p.module.Func(callee); n.Callee == nil {
			p.fail("@%s is not a function defined before", callee)
			return n
		}
	}
	p.expect("(")
	if !p.accept(")") {
		n.Args = p.parseOperands()
		p.expect(")")
	}
	n.Attrs = p.parseAttrs()
	p.expect(":")
	for i, r := range n.Results {
		if i > 0 {
			p.expect(",")
		}
		r.Type = p.parseType()
		p.values[r.Name] = r
	}
	return n
}

func (p *parser) parseOperands() []*Value {
	var values []*Value
	for {
		values = append(values, p.parseOperand())
		if !p.accept(",") {
			return values
		}
	}
}

func (p *parser) parseOperand() *Value {
	table, sigil := p.values, "%"
	if strings.HasPrefix(p.tok.text, "@") {
		table, sigil = p.weights, "@"
	}
	name := p.word(sigil)
	v := table[name]
	if v == nil {
		p.fail("%s%s is not defined", sigil, name)
	}
	return v
}

func (p *parser) parseAttrs() Attrs {
	if !p.accept("{") {
		return nil
	}
	var attrs Attrs
	for {
		a := Attr{Name: p.word("")}
		p.expect("=")
		a.Value = p.parseAttrValue()
		attrs = append(attrs, a)
		if !p.accept(",") {
			break
		}
	}
	p.expect("}")
	return attrs
}

func (p *parser) parseAttrValue() any {
	if p.tok.kind == 'q' {
		return p.advance().text
	}
	v, err := parseNumber(p.word(""))
	if err != nil {
		p.fail("%v", err)
	}
	return v
}

// parseType reads "f32[8,64]"; a scalar is "i32[]".
func (p *parser) parseType() Type {
	elem, quant, err := parseElem(p.word(""))
	if err != nil {
		p.fail("%v", err)
		return Type{}
	}
	t := Type{Elem: elem, Quant: quant}
	p.expect("[")
	for p.err == nil && !p.accept("]") {
		if len(t.Shape) > 0 {
			p.expect(",")
		}
		d, err := strconv.Atoi(p.word(""))
		if err != nil {
			p.fail("bad dimension: %v", err)
		}
		t.Shape = append(t.Shape, d)
	}
	return t
}
