package sample

import (
	"errors"
	"slices"
	"strings"
)

// Stopper cuts a text before a stop string. The text may come in pieces; what
// may be the beginning of a stop string is held back. How the text is cut into
// pieces does not matter.
type Stopper struct {
	stops   []string
	held    string
	matched string
}

// NewStopper returns a stopper for a text that has not begun. No stop string may
// be empty.
func NewStopper(stops []string) (*Stopper, error) {
	if slices.Contains(stops, "") {
		return nil, errors.New("sample: a stop string is empty")
	}
	return &Stopper{stops: slices.Clone(stops)}, nil
}

// Push adds text, and returns what certainly stands before any stop string. The
// text ends where a stop string is first complete; of those that are complete
// there, the longest counts. Nothing follows then, whatever is pushed.
func (s *Stopper) Push(text string) string {
	if s.matched != "" {
		return ""
	}
	from := len(s.held)
	s.held += text
	for end := from + 1; end <= len(s.held); end++ {
		if stop := s.endsWith(s.held[:end]); stop != "" {
			s.matched = stop
			return s.release(end - len(stop))
		}
	}
	return s.release(len(s.held) - s.partial())
}

// Flush ends the text, and returns what was held back.
func (s *Stopper) Flush() string {
	if s.matched != "" {
		return ""
	}
	return s.release(len(s.held))
}

// Matched returns the stop string that ended the text, or "".
func (s *Stopper) Matched() string { return s.matched }

// release returns the first n bytes of what is held, and forgets them.
func (s *Stopper) release(n int) string {
	out := s.held[:n]
	s.held = s.held[n:]
	return out
}

// endsWith returns the longest stop string that text ends with, or "".
func (s *Stopper) endsWith(text string) (longest string) {
	for _, stop := range s.stops {
		if len(stop) > len(longest) && strings.HasSuffix(text, stop) {
			longest = stop
		}
	}
	return longest
}

// partial is the length of the longest end of what is held that a stop string
// begins with.
func (s *Stopper) partial() (longest int) {
	for _, stop := range s.stops {
		for n := min(len(stop)-1, len(s.held)); n > longest; n-- {
			if strings.HasSuffix(s.held, stop[:n]) {
				longest = n
			}
		}
	}
	return longest
}
