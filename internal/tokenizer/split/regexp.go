package split

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// The search for one match of an unknown pattern may take matchTimeout, all
// matches in a text textTimeout, and byteTimeout for each of its bytes: some ten
// times what an honest pattern needs. The engine counts no steps, so these are
// times by the clock, and long enough for a process that has to wait for its turn.
const (
	matchTimeout = time.Second / 2
	textTimeout  = time.Second / 2
	byteTimeout  = 2 * time.Microsecond
)

// maxPattern bounds the length in bytes of an unknown pattern.
const maxPattern = 64 << 10

// backtracking is a Pattern of any form.
type backtracking struct {
	re      *regexp2.Regexp
	pattern string
	budget  *Budget // nil gives each text its own
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
	return backtracking{re: re, pattern: pattern}, nil
}

// Budget is the time that is left for what all patterns of unknown form search
// in one text. It is not for concurrent use.
type Budget struct{ left time.Duration }

// NewBudget returns the time for a text of size bytes.
func NewBudget(size int) *Budget {
	return &Budget{textTimeout + time.Duration(size)*byteTimeout}
}

// Limit returns p with a budget.
func (t *Budget) Limit(p Pattern) Pattern {
	if b, ok := p.(backtracking); ok {
		b.budget = t
		return b
	}
	return p
}

func (b backtracking) Each(s string, match func(start, end int)) error {
	budget := b.budget
	if budget == nil {
		budget = NewBudget(len(s))
	}
	begin := time.Now()
	var found []span
	err := b.re.FindRunesMatches([]rune(s), 0, func(v regexp2.MatchView) bool {
		at, n, _ := v.GroupRange(0)
		found = append(found, span{at, at + n})
		return time.Since(begin) <= budget.left
	})
	budget.left -= time.Since(begin)
	switch {
	case err != nil:
		return fmt.Errorf("pattern %q: a match takes more than %v", b.pattern, matchTimeout)
	case budget.left < 0:
		return fmt.Errorf("pattern %q: matches take more than %v and %v for each byte", b.pattern, textTimeout, byteTimeout)
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
