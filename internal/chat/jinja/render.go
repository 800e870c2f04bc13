package jinja

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of one rendering. They are far above what templates of models need,
// and low enough that a hostile template ends within a second.
const (
	maxSource = 1 << 20   // bytes of a template
	maxSteps  = 3_000_000 // nodes evaluated, items looked at and blocks of text read; a scope counts as 5
	maxMemory = 256 << 20 // bytes of all values made, 16 for each item
	maxDepth  = 4000      // calls, expressions and values inside each other
	maxOutput = 64 << 20  // bytes rendered
)

// Template is a parsed template, safe for concurrent use.
type Template struct {
	source string
	body   []stmt
	*library
}

// Parse parses a template. An error is an *Error.
func Parse(source string) (t *Template, err error) {
	t = &Template{source: normalize(source), library: newLibrary()}
	l := &lexer{source: t.source}
	p := &parser{library: t.library, blocks: map[string]bool{}}
	defer func() {
		if cause := recover(); cause != nil {
			pos := 0
			if len(p.tokens) > 0 {
				pos = p.current().pos
			}
			t, err = nil, recovered(cause, t.source, pos)
		}
	}()
	if len(source) > maxSource {
		fail(LimitError, "the template has %d bytes, at most %d are supported", len(source), maxSource)
	}
	if !utf8.ValidString(source) {
		fail(SyntaxError, "the template is not UTF-8")
	}
	p.failure = l.run()
	p.tokens = l.tokens
	p.check(p.current())
	t.body = p.body()
	return t, nil
}

// renderer is one rendering of a template.
type renderer struct {
	*Template
	now    time.Time
	out    *strings.Builder
	scope  *scope
	top    *scope
	pos    int
	steps  int
	memory int
	depth  int
}

// Render renders the template with variables, which it does not change. Now is
// what strftime_now prints. An error is an *Error.
func (t *Template) Render(variables *Dict, now time.Time) (string, error) {
	return t.renderer(variables, now).render()
}

func (t *Template) renderer(variables *Dict, now time.Time) *renderer {
	globals := &scope{vars: globals()}
	context := &scope{parent: globals, vars: map[string]any{}}
	for name, v := range variables.All() {
		context.vars[name] = v
	}
	top := &scope{parent: context}
	return &renderer{Template: t, now: now, out: new(strings.Builder), scope: top, top: top}
}

func (r *renderer) render() (text string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			text, err = "", recovered(cause, r.source, r.pos)
		}
	}()
	r.run(r.body)
	return r.out.String(), nil
}

// work counts n steps.
func (r *renderer) work(n int) {
	if r.steps += n; r.steps > maxSteps || n > maxSteps {
		fail(LimitError, "the template takes more than %d steps", maxSteps)
	}
}

// read counts the reading of text, a step for each size bytes: few where every
// letter takes long, many where the machine compares or searches blocks.
func (r *renderer) read(text string, size int) { r.work(len(text) / size) }

// block is the size for read where text is only compared, hashed or searched
// for one byte.
const block = 256

// allocate counts n bytes of new values.
func (r *renderer) allocate(n int) {
	if r.memory += n; r.memory > maxMemory || n > maxMemory {
		fail(LimitError, "the template makes more than %d MiB of values", maxMemory>>20)
	}
}

// items counts a new list of n items.
func (r *renderer) items(n int) {
	r.work(n)
	r.allocate(16 * n)
}

// enter counts one more level of depth; the caller defers leave.
func (r *renderer) enter() {
	r.work(1)
	if r.depth++; r.depth > maxDepth {
		fail(RecursionError, "maximum recursion depth exceeded")
	}
}

func (r *renderer) leave() { r.depth-- }

// write prints text.
func (r *renderer) write(text string) {
	r.allocate(len(text))
	if r.out.Len()+len(text) > maxOutput {
		fail(LimitError, "the template prints more than %d MiB", maxOutput>>20)
	}
	r.out.WriteString(text)
}

// capture returns what f prints.
func (r *renderer) capture(f func()) string {
	out := r.out
	r.out = new(strings.Builder)
	f()
	text := r.out.String()
	r.out = out
	return text
}

// newScope returns a scope inside parent.
func (r *renderer) newScope(parent *scope) *scope {
	r.work(5)
	return &scope{parent: parent}
}

// within runs f in a new scope inside parent.
func (r *renderer) within(parent *scope, f func()) {
	old := r.scope
	r.scope = r.newScope(parent)
	f()
	r.scope = old
}

// scope holds variables of a loop, a macro or the template.
type scope struct {
	parent *scope
	vars   map[string]any
}

func (s *scope) set(name string, v any) {
	if s.vars == nil {
		s.vars = map[string]any{}
	}
	s.vars[name] = v
}

// lookup is the value of a variable. A name may be long, and scopes many.
func (r *renderer) lookup(name string) any {
	levels := 1
	for s := r.scope; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			r.work(levels * (len(name) + 32) / block)
			return v
		}
		levels++
	}
	r.work(levels * (len(name) + 32) / block)
	r.read(name, 16)
	return undefinedName(name)
}

// set gives a variable of this scope its value.
func (r *renderer) set(name string, v any) {
	r.read(name, block/4)
	r.scope.set(name, v)
}
