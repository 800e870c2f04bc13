package main

import (
	"io"
	"slices"
	"time"

	"github.com/lpuctl/lpuctl/internal/sample"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// speaker prints a continuation token by token.
type speaker struct {
	out    io.Writer
	stream *tokenizer.Stream
	ends   []int // end of sequence, of turn and so on
	stops  *sample.Stopper
	ids    []int     // that were said, the end included
	ended  bool      // by one of ends
	first  time.Time // when the first token was chosen
	err    error
}

// newSpeaker prints what follows a prompt up to a token of ends or a stop
// string. The prompt is pushed first, as context for the text, and not printed.
func newSpeaker(out io.Writer, tok *tokenizer.Tokenizer, ends []int, stops *sample.Stopper, prompt []int) *speaker {
	s := &speaker{out: out, stream: tok.NewStream(), ends: ends, stops: stops, ids: []int{}}
	for _, id := range prompt {
		s.stream.Push(id)
	}
	return s
}

// say prints what is certain after a token, and says whether more are wanted.
func (s *speaker) say(id int) bool {
	if len(s.ids) == 0 {
		s.first = time.Now()
	}
	s.ids = append(s.ids, id)
	if s.ended = slices.Contains(s.ends, id); s.ended {
		return false
	}
	s.write(s.stops.Push(s.stream.Push(id)))
	return s.err == nil && s.stops.Matched() == ""
}

// finish prints what was held back.
func (s *speaker) finish() error {
	s.write(s.stops.Push(s.stream.Flush()) + s.stops.Flush())
	return s.err
}

func (s *speaker) write(text string) {
	if s.err == nil && text != "" {
		_, s.err = io.WriteString(s.out, text)
	}
}

// shown is where generated text goes. On a terminal it must not drive it.
func (a *app) shown() io.Writer {
	if terminal(a.out) {
		return printableWriter{a.out}
	}
	return a.out
}

// printableWriter drops control characters.
type printableWriter struct{ w io.Writer }

// Write implements [io.Writer].
func (p printableWriter) Write(b []byte) (int, error) {
	_, err := io.WriteString(p.w, printable(string(b)))
	return len(b), err
}
