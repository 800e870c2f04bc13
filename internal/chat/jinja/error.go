package jinja

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kinds of errors, by the names of the exceptions that Jinja2 or Python raise.
const (
	SyntaxError    = "TemplateSyntaxError"
	AssertionError = "TemplateAssertionError"
	TemplateError  = "TemplateError" // of raise_exception, among others
	RuntimeError   = "TemplateRuntimeError"
	FilterError    = "FilterArgumentError"
	UndefinedError = "UndefinedError"
	SecurityError  = "SecurityError"
	AttributeError = "AttributeError"
	AssertError    = "AssertionError" // an assert of Jinja2 itself
	TypeError      = "TypeError"
	ValueError     = "ValueError"
	KeyError       = "KeyError"
	IndexError     = "IndexError"
	OverflowError  = "OverflowError"
	DivisionError  = "ZeroDivisionError"
	RecursionError = "RecursionError"
	LimitError     = "LimitError"       // a limit of this package
	Unsupported    = "UnsupportedError" // Python knows it, this package does not
)

// Error is why a template cannot be parsed or rendered.
type Error struct {
	Kind    string // the name of the exception
	Message string // its text; for raise_exception what the template gave
	Line    int    // of the template, from 1
	Column  int    // in characters, from 1
}

func (e *Error) Error() string {
	return fmt.Sprintf("template line %d, column %d: %s: %s", e.Line, e.Column, e.Kind, e.Message)
}

// failure travels as a panic from where it happens to Parse or Render, as in
// text/template.
type failure struct{ kind, message string }

func fail(kind, format string, args ...any) {
	panic(failure{kind, fmt.Sprintf(format, args...)})
}

// recovered turns a failure into an Error with a place in the source. Other
// panics go on.
func recovered(cause any, source string, pos int) *Error {
	f, ok := cause.(failure)
	if !ok {
		panic(cause)
	}
	before := source[:min(pos, len(source))]
	start := strings.LastIndexByte(before, '\n') + 1
	return &Error{f.kind, f.message, strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1}
}
