// Package markdown styles Markdown for a terminal while it is being written.
// Every character of the text stays: only colours are added, so that a copy
// from the screen is still Markdown. Nothing is held back either.
package markdown

import (
	"strings"
	"unicode"
)

// The styles, as SGR sequences.
const (
	reset = "\x1b[0m"
	bold  = "\x1b[1m"
	code  = "\x1b[36m"
)

// A Styler styles one text that comes in pieces. The zero value is ready.
// Headings and **strong** text become bold, code gets a colour.
type Styler struct {
	fenced  bool // within a fenced block
	current string
	line    line
}

// line is what is known of the current line.
type line struct {
	head             []rune // its first characters
	before, previous rune   // the last two characters; 0 if there are none
	fence, heading   bool
	code, strong     bool
}

// Style returns the next piece with its colours. Control characters are
// dropped, line feeds and tabs excepted: they could drive the terminal. A
// colour never lasts beyond the end of its line.
func (s *Styler) Style(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			s.endLine(&b)
		case !unicode.IsControl(r) || r == '\t':
			s.put(&b, r)
		}
	}
	return b.String()
}

// End ends a colour that is still on.
func (s *Styler) End() string {
	var b strings.Builder
	s.change(&b, "")
	return b.String()
}

func (s *Styler) endLine(b *strings.Builder) {
	s.change(b, "")
	b.WriteByte('\n')
	if s.line.fence {
		s.fenced = !s.fenced
	}
	s.line = line{}
}

// put writes one character in the style before or after it, so that marks look
// like what they enclose.
func (s *Styler) put(b *strings.Builder, r rune) {
	style := s.style()
	s.line.advance(r, s.fenced)
	if style == "" {
		style = s.style()
	}
	s.change(b, style)
	b.WriteRune(r)
}

// change switches to a style.
func (s *Styler) change(b *strings.Builder, style string) {
	if style == s.current {
		return
	}
	if s.current != "" {
		b.WriteString(reset)
	}
	b.WriteString(style)
	s.current = style
}

func (s *Styler) style() string {
	switch {
	case s.fenced || s.line.fence || s.line.code:
		return code
	case s.line.heading || s.line.strong:
		return bold
	}
	return ""
}

// advance takes the next character of the line.
func (l *line) advance(r rune, fenced bool) {
	const longest = 8 // four spaces and a fence, or six # and a space
	if len(l.head) < longest {
		l.head = append(l.head, r)
		head := strings.TrimLeft(string(l.head), " ")
		l.fence = l.fence || head == "```"
		l.heading = l.heading || head != " " && strings.TrimLeft(head, "#") == " "
	}
	if fenced || l.fence {
		return
	}
	switch {
	case r == '`':
		l.code = !l.code
	case r == '*' && l.previous == '*' && (l.strong || opens(l.before)):
		l.strong = !l.strong
		r = 0 // a third asterisk begins anew
	}
	l.before, l.previous = l.previous, r
}

// opens reports whether strong text can begin after r: not within a word, as
// the power of 2**3 would.
func opens(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
