package ucd

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Form is a Unicode normal form.
type Form int

// The four normal forms.
const (
	NFC Form = iota
	NFD
	NFKC
	NFKD
)

func (f Form) form() norm.Form { return [...]norm.Form{norm.NFC, norm.NFD, norm.NFKC, norm.NFKD}[f] }

// Each calls piece with consecutive pieces of s and what each becomes in normal
// form f: text that Normalize(s) is made of, and the bytes of s from start to
// end that it stands for. Pieces that do not change are as long as possible.
//
// The library's tables are of about Unicode 10. Characters that got a part in
// normal forms later stand for themselves, and nothing moves past them.
func (f Form) Each(s string, piece func(text string, start, end int)) {
	for start := 0; start < len(s); {
		end := nextInert(s, start)
		f.segments(s[start:end], start, piece)
		start = end
		if start < len(s) {
			_, n := utf8.DecodeRuneInString(s[start:])
			piece(s[start:start+n], start, start+n)
			start += n
		}
	}
}

// nextInert returns the place of the first inert character from start on.
func nextInert(s string, start int) int {
	for i, c := range s[start:] {
		if c >= inert[0].lo && in(inert, c) {
			return start + i
		}
	}
	return len(s)
}

// segments is Each for s without inert characters; s begins at base.
func (f Form) segments(s string, base int, piece func(text string, start, end int)) {
	form := f.form()
	for i := 0; i < len(s); {
		if n := form.QuickSpanString(s[i:]); n > 0 {
			piece(s[i:i+n], base+i, base+i+n)
			i += n
			continue
		}
		n := f.boundary(s[i:])
		piece(f.normalize(s[i:i+n]), base+i, base+i+n)
		i += n
	}
}

// boundary returns the place of the first character of s, after the one at 0,
// that nothing before it can combine with or move past.
func (f Form) boundary(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	for n < len(s) {
		p := f.form().PropertiesString(s[n:])
		if p.BoundaryBefore() {
			break
		}
		n += p.Size()
	}
	return n
}

// mark is a character and its combining class.
type mark struct {
	char  rune
	class uint8
}

// normalize follows section 3.11 of the Unicode Standard. (norm.Form's String
// would break runs of more than 30 marks, as UAX #15 allows.)
func (f Form) normalize(s string) string {
	marks := f.decompose(s)
	order(marks)
	if f == NFC || f == NFKC {
		marks = compose(marks)
	}
	var out strings.Builder
	for _, m := range marks {
		out.WriteRune(m.char)
	}
	return out.String()
}

// decompose replaces each character of s by its full decomposition.
func (f Form) decompose(s string) []mark {
	form := norm.NFD
	if f == NFKC || f == NFKD {
		form = norm.NFKD
	}
	var marks []mark
	for _, c := range s {
		for _, d := range form.String(string(c)) {
			marks = append(marks, mark{d, norm.NFD.PropertiesString(string(d)).CCC()})
		}
	}
	return marks
}

// order sorts each run of characters that are not starters by class.
func order(marks []mark) {
	for len(marks) > 0 {
		n := 0
		for n < len(marks) && marks[n].class != 0 {
			n++
		}
		slices.SortStableFunc(marks[:n], func(a, b mark) int { return cmp.Compare(a.class, b.class) })
		marks = marks[min(n+1, len(marks)):]
	}
}

// compose joins characters with the last starter before them where nothing in
// between blocks them. It works in place.
func compose(marks []mark) []mark {
	out := marks[:0]
	starter := -1
	for _, m := range marks {
		last := len(out) - 1
		if starter >= 0 && (last == starter || out[last].class != 0 && out[last].class < m.class) {
			if c, ok := composite(out[starter].char, m.char); ok {
				out[starter].char = c
				continue
			}
		}
		if m.class == 0 {
			starter = len(out)
		}
		out = append(out, m)
	}
	return out
}

// composite returns the primary composite of two characters.
func composite(a, b rune) (rune, bool) {
	pair := norm.NFC.String(string(a) + string(b))
	c, n := utf8.DecodeRuneInString(pair)
	return c, n == len(pair)
}
