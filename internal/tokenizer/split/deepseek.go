package split

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/lpuctl/lpuctl/internal/tokenizer/ucd"
)

// Patterns of the first models of DeepSeek. DeepSeek LLM cuts by LineBreak,
// CasedLetters, EastAsianMarks, Trailing, EastAsian and Numbers; DeepSeek Coder by
// LineBreak, Letters, Marks, EastAsian and Number.
const (
	LineBreak = `[\r\n]`
	Letters   = `\s?\p{L}+`
	Marks     = `\s?\p{P}+`
	Trailing  = `\s+$`

	EastAsian      = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
	EastAsianMarks = "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"
	CasedLetters   = "\\s?[" +
		"A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373" +
		"\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f" +
		"\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77" +
		"\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d" +
		"\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb" +
		"\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128" +
		"\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4" +
		"\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf" +
		"\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3" +
		"\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943" +
		"]+"
)

// oldDeepSeek returns the matcher of one of these patterns, or nil.
func oldDeepSeek(pattern string) matcher {
	switch pattern {
	case LineBreak:
		return func(s scanner, i int) int {
			if s.newline(i) {
				return i + 1
			}
			return i
		}
	case Letters:
		return spaced(func(s scanner, i int) int { return s.run(i, ucd.L) })
	case Marks:
		return spaced(func(s scanner, i int) int { return s.run(i, ucd.P) })
	case EastAsian:
		return rangesOf(pattern).match
	case EastAsianMarks, CasedLetters:
		return spaced(rangesOf(strings.TrimPrefix(pattern, `\s?`)).match)
	}
	return nil
}

// spaced matches \s? and what m matches.
func spaced(m matcher) matcher {
	return func(s scanner, i int) int {
		if class, n := s.at(i); class&ucd.Space != 0 {
			if end := m(s, i+n); end > i+n {
				return end
			}
		}
		return m(s, i)
	}
}

// ranges are characters from the first to the second of each pair, in rising
// order.
type ranges [][2]rune

// rangesOf reads a class like [a-cx]+, without escapes.
func rangesOf(class string) ranges {
	chars := []rune(strings.TrimSuffix(strings.TrimPrefix(class, "["), "]+"))
	var r ranges
	for len(chars) > 0 {
		first, n := chars[0], 1
		if len(chars) > 2 && chars[1] == '-' {
			n = 3
		}
		r = append(r, [2]rune{first, chars[n-1]})
		chars = chars[n:]
	}
	sort.Slice(r, func(i, j int) bool { return r[i][0] < r[j][0] })
	return r
}

// match matches any number of the characters.
func (r ranges) match(s scanner, i int) int {
	for i < len(s.text) {
		c, n := utf8.DecodeRuneInString(s.text[i:])
		at := sort.Search(len(r), func(k int) bool { return r[k][1] >= c })
		if at == len(r) || c < r[at][0] {
			break
		}
		i += n
	}
	return i
}

// trailing is Trailing: white space up to the end of the text, or to the last
// line feed in it that something follows. Its matches are found run by run, since
// a matcher would look at the rest of a run from each place in it.
type trailing struct{ table *ucd.Table }

// Each implements [Pattern].
func (p trailing) Each(text string, match func(start, end int)) error {
	s := scanner{text, p.table}
	for i := 0; i < len(text); {
		i = s.runOutside(i, ucd.Space)
		end := s.run(i, ucd.Space)
		last := end
		if end < len(text) {
			last = i + max(0, strings.LastIndexByte(text[i:end], '\n'))
		}
		if last > i {
			match(i, last)
		}
		i = end
	}
	return nil
}
