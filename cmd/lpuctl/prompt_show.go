package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/lpuctl/lpuctl/internal/markdown"
)

// A show is a sink that also prints what stands at the end; r is nil if
// nothing came.
type show interface {
	sink
	end(r *promptResult) error
}

func (a *app) newShow(f *outputFlags) show {
	out := &failOnce{w: a.out}
	switch {
	case f.json:
		return &jsonShow{out: out}
	case f.jsonl:
		return &eventShow{out: out, withReasoning: f.reasoning != reasoningHide}
	}
	s := &textShow{out: out, err: a.err, where: f.reasoning}
	if colours(a.out) {
		s.style = &markdown.Styler{}
	} else if terminal(a.out) {
		s.clean = true
	}
	if f.extract {
		return &codeShow{textShow: s}
	}
	return s
}

// failOnce reports the first failure to write and takes everything after it in
// silence: its reader has gone.
type failOnce struct {
	w      io.Writer
	failed bool
}

func (f *failOnce) Write(p []byte) (int, error) {
	if f.failed {
		return len(p), nil
	}
	n, err := f.w.Write(p)
	f.failed = err != nil
	return n, err
}

// colours reports whether w is a terminal that shows colours, and the user
// wants them.
func colours(w io.Writer) bool {
	return movesCursor(w) && os.Getenv("NO_COLOR") == ""
}

// textShow prints the text as it comes.
type textShow struct {
	out, err io.Writer
	where    string           // the value of --reasoning
	style    *markdown.Styler // nil: no colours
	clean    bool             // keep control characters from a terminal

	thinking bool // reasoning was the last that was printed
	last     byte // the last byte printed on out
}

func (s *textShow) text(piece string) error {
	if s.thinking {
		if err := s.endReasoning(); err != nil {
			return err
		}
	}
	if s.style != nil {
		return s.write(s.style.Style(piece))
	}
	return s.write(s.plain(piece))
}

// plain is a text as the terminal, if there is one, may get it.
func (s *textShow) plain(text string) string {
	if s.style != nil || s.clean {
		return printable(text)
	}
	return text
}

func (s *textShow) write(text string) error {
	if text == "" {
		return nil
	}
	s.last = text[len(text)-1]
	_, err := io.WriteString(s.out, text)
	return err
}

func (s *textShow) reasoning(piece string) error {
	switch s.where {
	case reasoningShow:
		s.thinking = true
		return s.write(s.plain(piece))
	case reasoningStderr:
		s.thinking = true
		_, err := io.WriteString(s.err, printable(piece))
		return err
	}
	return nil
}

// endReasoning puts an empty line between the reasoning and the text.
func (s *textShow) endReasoning() error {
	s.thinking = false
	if s.where == reasoningShow {
		return s.write("\n\n")
	}
	_, err := io.WriteString(s.err, "\n")
	return err
}

func (s *textShow) end(r *promptResult) error {
	if s.thinking && s.where == reasoningStderr {
		if err := s.endReasoning(); err != nil {
			return err
		}
	}
	if s.style != nil {
		if _, err := io.WriteString(s.out, s.style.End()); err != nil {
			return err
		}
	}
	if s.last != 0 && s.last != '\n' {
		if err := s.write("\n"); err != nil {
			return err
		}
	}
	if r == nil || r.Partial || len(r.ToolCalls) == 0 {
		return nil
	}
	return writeLine(s.out, r.ToolCalls)
}

// codeShow prints the first code block of the answer when it is complete.
type codeShow struct{ *textShow }

func (s *codeShow) text(string) error { return nil }

func (s *codeShow) end(r *promptResult) error {
	if r == nil {
		return nil
	}
	code, ok := firstCodeBlock(r.Text)
	if ok {
		return s.write(s.plain(code))
	}
	if _, err := io.WriteString(s.err, printable(r.Text)+"\n"); err != nil {
		return err
	}
	if r.Partial {
		return nil // its own error says enough
	}
	return errors.New("the answer has no code block; it is printed above")
}

// firstCodeBlock is what stands in the first fenced block of a Markdown text:
// between a line that begins with three or more backquotes or tildes and one of
// at least as many. A block that is not closed is none.
func firstCodeBlock(text string) (string, bool) {
	var fence string
	var code strings.Builder
	for line := range strings.Lines(text) {
		bare := strings.TrimSpace(line)
		mark := fenceOf(bare)
		switch {
		case fence == "":
			fence = mark
		case mark == bare && strings.HasPrefix(mark, fence):
			return code.String(), true
		default:
			code.WriteString(line)
		}
	}
	return "", false
}

// fenceOf is the run of three or more backquotes or tildes that a line begins
// with.
func fenceOf(line string) string {
	for _, mark := range []string{"`", "~"} {
		if n := len(line) - len(strings.TrimLeft(line, mark)); n >= 3 {
			return line[:n]
		}
	}
	return ""
}

// jsonShow prints one object at the end.
type jsonShow struct{ out io.Writer }

func (s *jsonShow) text(string) error      { return nil }
func (s *jsonShow) reasoning(string) error { return nil }

func (s *jsonShow) end(r *promptResult) error {
	if r == nil {
		return nil
	}
	return writeJSON(s.out, r)
}

// eventShow prints a line of JSON for each event: text, reasoning and, at the
// end, what jsonShow prints.
type eventShow struct {
	out           io.Writer
	withReasoning bool
}

// promptEvent is one line of `lpuctl prompt --jsonl`.
type promptEvent struct {
	Event  string        `json:"event"` // text, reasoning or end
	Text   string        `json:"text,omitempty"`
	Result *promptResult `json:"result,omitempty"` // at the end
}

func (s *eventShow) text(piece string) error {
	return writeLine(s.out, promptEvent{Event: "text", Text: piece})
}

func (s *eventShow) reasoning(piece string) error {
	if !s.withReasoning {
		return nil
	}
	return writeLine(s.out, promptEvent{Event: "reasoning", Text: piece})
}

func (s *eventShow) end(r *promptResult) error {
	if r == nil {
		return nil
	}
	return writeLine(s.out, promptEvent{Event: "end", Result: r})
}

// writeLine prints one object on one line.
func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// writeJSON prints one object over several lines, for people too.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
