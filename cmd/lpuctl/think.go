package main

import "strings"

// Marks around the reasoning of models that write it into their answer.
const (
	thinkBegin = "<think>"
	thinkEnd   = "</think>"
)

// thoughts takes the reasoning out of a text that comes in pieces, where it
// stands at the beginning between <think> and </think>. The zero value is
// ready.
type thoughts struct {
	state thinkState
	held  string // what cannot be told yet
}

type thinkState int

const (
	thinkMaybe  thinkState = iota // only what could be the first mark has come
	thinkInside                   // between the marks
	thinkAfter                    // white space after the second mark
	thinkOver                     // everything is the answer
)

// split tells what the next piece adds to the reasoning and to the answer.
func (t *thoughts) split(piece string) (reasoning, answer string) {
	t.held += piece
	if t.state == thinkMaybe {
		t.begin()
	}
	if t.state == thinkInside {
		reasoning = t.inside()
	}
	if t.state == thinkAfter {
		if t.held = strings.TrimLeft(t.held, "\r\n"); t.held != "" {
			t.state = thinkOver
		}
	}
	if t.state == thinkOver {
		answer, t.held = t.held, ""
	}
	return reasoning, answer
}

// begin decides whether the text begins with the mark.
func (t *thoughts) begin() {
	text := strings.TrimLeft(t.held, " \t\r\n")
	rest, found := strings.CutPrefix(text, thinkBegin)
	switch {
	case found:
		t.state, t.held = thinkInside, rest
	case !strings.HasPrefix(thinkBegin, text):
		t.state = thinkOver
	}
}

// inside returns the reasoning that has come and keeps what may be the begin
// of the second mark.
func (t *thoughts) inside() string {
	text, rest, found := strings.Cut(t.held, thinkEnd)
	if found {
		t.state, t.held = thinkAfter, rest
		return text
	}
	keep := len(thinkEnd) - 1
	for keep > 0 && !strings.HasSuffix(text, thinkEnd[:keep]) {
		keep--
	}
	t.held = text[len(text)-keep:]
	return text[:len(text)-keep]
}

// rest is what was still held when the text ended.
func (t *thoughts) rest() (reasoning, answer string) {
	held := t.held
	t.held = ""
	if t.state == thinkInside {
		return held, ""
	}
	return "", held
}
