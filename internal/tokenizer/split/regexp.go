package split

import (
	"fmt"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// matchTimeout bounds the search for one match of an unknown pattern.
const matchTimeout = 250 * time.Millisecond

// maxPattern bounds the length in bytes of an unknown pattern.
const maxPattern = 64 << 10

// backtracking is a Pattern of any form.
type backtracking struct {
	re      *regexp2.Regexp
	pattern string
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
	return backtracking{re, pattern}, nil
}

func (b backtracking) Each(s string, match func(start, end int)) error {
	all, err := b.re.FindAllStringIndex(s, -1)
	if err != nil {
		return fmt.Errorf("pattern %q: a match takes more than %v", b.pattern, matchTimeout)
	}
	for _, m := range all {
		match(m[0], m[1])
	}
	return nil
}
