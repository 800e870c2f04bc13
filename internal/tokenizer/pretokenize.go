package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lpuctl/lpuctl/internal/tokenizer/split"
)

// behavior says what becomes of the matches of a pattern in a text. The names
// are those of tokenizer.json; in the examples the pattern is "-".
type behavior string

const (
	removed            behavior = "Removed"            // a--b: a b
	isolated           behavior = "Isolated"           // a--b: a - - b
	mergedWithPrevious behavior = "MergedWithPrevious" // a--b: a- - b
	mergedWithNext     behavior = "MergedWithNext"     // a--b: a - -b
	contiguous         behavior = "Contiguous"         // a--b: a -- b
)

func (b behavior) check() error {
	switch b {
	case removed, isolated, mergedWithPrevious, mergedWithNext, contiguous:
		return nil
	}
	return fmt.Errorf("behavior %q is not supported", string(b))
}

// patternSplitter cuts at the matches of a pattern.
type patternSplitter struct {
	pattern  split.Pattern
	behavior behavior
	invert   bool // what does not match counts as a match, and the other way round
}

func (s patternSplitter) split(p piece, next func(piece) error) error {
	if s.behavior == isolated {
		return s.isolate(p, next)
	}
	parts, err := s.parts(p.text)
	if err != nil {
		return err
	}
	for _, part := range s.behavior.apply(parts) {
		if part.start < part.end {
			if err := next(p.slice(part.start, part.end)); err != nil {
				return err
			}
		}
	}
	return nil
}

// isolate passes matches and what is between them on as they are found.
func (s patternSplitter) isolate(p piece, next func(piece) error) error {
	var failed error
	pass := func(start, end int) {
		if start < end && failed == nil {
			failed = next(p.slice(start, end))
		}
	}
	done := 0
	err := s.pattern.Each(p.text, func(start, end int) {
		pass(done, start)
		pass(start, end)
		done = end
	})
	if err != nil {
		return err
	}
	pass(done, len(p.text))
	return failed
}

// part is a match, or what lies before, between or after matches.
type part struct {
	span
	match bool
}

func (s patternSplitter) parts(text string) ([]part, error) {
	var parts []part
	done := 0
	err := s.pattern.Each(text, func(start, end int) {
		if done < start {
			parts = append(parts, part{span{done, start}, s.invert})
		}
		parts = append(parts, part{span{start, end}, !s.invert})
		done = end
	})
	if done < len(text) {
		parts = append(parts, part{span{done, len(text)}, s.invert})
	}
	return parts, err
}

// apply joins or drops parts.
func (b behavior) apply(parts []part) []part {
	var out []part
	for i, p := range parts {
		last := len(out) - 1
		switch {
		case b == removed && p.match:
		case b == contiguous && last >= 0 && parts[i-1].match == p.match,
			b == mergedWithPrevious && last >= 0 && p.match && !parts[i-1].match:
			out[last].end = p.end
		case b == mergedWithNext && i > 0 && parts[i-1].match && !p.match:
			out[last].end = p.end
		default:
			out = append(out, p)
		}
	}
	return out
}

// prefixSpace puts a space before a text that does not begin with one.
type prefixSpace struct{}

func (prefixSpace) split(p piece, next func(piece) error) error {
	if !strings.HasPrefix(p.text, " ") {
		p = p.prepend(" ")
	}
	return next(p)
}

// metaspace writes spaces as another character, puts one before the text, and
// may cut before each.
type metaspace struct {
	replacement string
	prepend     prependScheme
	cut         bool
}

// prependScheme says to which texts metaspace adds a replacement in front.
type prependScheme string

const (
	prependAlways prependScheme = "always"
	prependFirst  prependScheme = "first" // only at the beginning of the whole text
	prependNever  prependScheme = "never"
)

func (m metaspace) split(p piece, next func(piece) error) error {
	p = p.replaceAll(" ", m.replacement)
	if m.prepend == prependAlways || m.prepend == prependFirst && p.start == 0 {
		if !strings.HasPrefix(p.text, m.replacement) {
			p = p.prepend(m.replacement)
		}
	}
	if !m.cut {
		return next(p)
	}
	c, _ := utf8.DecodeRuneInString(m.replacement)
	at := split.Runes(func(r rune) bool { return r == c })
	return patternSplitter{pattern: at, behavior: mergedWithNext}.split(p, next)
}
