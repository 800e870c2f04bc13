package split

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// matchTimeout bounds the search for one match of an unknown pattern.
const matchTimeout = 250 * time.Millisecond

// byteTimeout is what all matches in a text may take for each of its bytes,
// beside matchTimeout.
const byteTimeout = time.Microsecond

// maxPattern bounds the length in bytes of an unknown pattern.
const maxPattern = 64 << 10

// backtracking is a Pattern of any form.
type backtracking struct {
	re      *regexp2.Regexp
	pattern string
	left    *time.Duration // of the time for a text; nil gives each text its own
}

func compile(pattern string) (Pattern, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("pattern of %d bytes, at most %d are supported", len(pattern), maxPattern)
	}
	expanded, err := expand(pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	re, err := regexp2.Compile(expanded, regexp2.Multiline) // ^ and $ are those of Ruby
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	re.MatchTimeout = matchTimeout
	return backtracking{re, pattern, nil}, nil
}

// Limit gives the searches of a pattern in the pieces of one text of size bytes
// a limit of time in common. What it returns is not for concurrent use.
func Limit(p Pattern, size int) Pattern {
	if b, ok := p.(backtracking); ok {
		left := allowed(size)
		b.left = &left
		return b
	}
	return p
}

// allowed is the time for all matches in a text of size bytes.
func allowed(size int) time.Duration { return matchTimeout + time.Duration(size)*byteTimeout }

func (b backtracking) Each(s string, match func(start, end int)) error {
	left := b.left
	if left == nil {
		own := allowed(len(s))
		left = &own
	}
	begin := time.Now()
	var found []span
	err := b.re.FindRunesMatches([]rune(s), 0, func(v regexp2.MatchView) bool {
		at, n, _ := v.GroupRange(0)
		found = append(found, span{at, at + n})
		return time.Since(begin) <= *left
	})
	*left -= time.Since(begin)
	switch {
	case err != nil:
		return fmt.Errorf("pattern %q: a match takes more than %v", b.pattern, matchTimeout)
	case *left < 0:
		return fmt.Errorf("pattern %q: the matches take more than %v and %v for each byte", b.pattern, matchTimeout, byteTimeout)
	}
	place := places(s)
	for _, f := range found {
		match(place(f.start), place(f.end))
	}
	return nil
}

// span is the place of a match in characters.
type span struct{ start, end int }

// places returns the bytes where characters of s begin, when they are asked for
// in order.
func places(s string) func(character int) int {
	at, done := 0, 0
	return func(character int) int {
		for ; done < character; done++ {
			_, n := utf8.DecodeRuneInString(s[at:])
			at += n
		}
		return at
	}
}
