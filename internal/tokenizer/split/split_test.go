package split

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
	"github.com/stretchr/testify/require"
)

// patterns are those with a matcher of their own.
var patterns = map[string]string{
	"GPT2": GPT2, "Llama3": Llama3, "Qwen2": Qwen2, "Qwen35": Qwen35, "O200K": O200K, "Tekken": Tekken,
	"DeepSeek3": DeepSeek3, "CJK": CJK, "Number": Number, "Numbers": Numbers, "Thousands": Thousands,
	"LineBreak": LineBreak, "Letters": Letters, "Marks": Marks, "Trailing": Trailing, "EastAsian": EastAsian,
	"EastAsianMarks": EastAsianMarks, "CasedLetters": CasedLetters,
}

func matches(t testing.TB, p Pattern, text string) []string {
	found := []string{}
	end := 0
	require.NoError(t, p.Each(text, func(i, j int) {
		require.LessOrEqual(t, end, i)
		require.LessOrEqual(t, i, j)
		found = append(found, text[i:j])
		end = j
	}))
	return found
}

// pieces are the matches and what is between them, joined by bars.
func pieces(t testing.TB, pattern, text string) string {
	p, err := New(pattern)
	require.NoError(t, err)
	var all []string
	done := 0
	require.NoError(t, p.Each(text, func(i, j int) {
		if done < i {
			all = append(all, "<"+text[done:i]+">")
		}
		all = append(all, text[i:j])
		done = j
	}))
	if done < len(text) {
		all = append(all, "<"+text[done:]+">")
	}
	return strings.Join(all, "|")
}

// The wanted pieces follow from reading the expressions.
func TestKnownPatterns(t *testing.T) {
	for _, c := range []struct{ pattern, text, want string }{
		{GPT2, "it's IT'S  two\n\n x12", "it|'s| IT|'|S| | two|\n\n| x|12"},
		{GPT2, "a  ", "a|  "},
		{GPT2, "'ſ", "'|ſ"},
		{Llama3, "it'S we'LL12345,67 x'ſ", "it|'S| we|'LL|123|45|,|67| x|'ſ"},
		{Llama3, "x \n \r\n  y", "x| \n \r\n| | y"},
		{Llama3, "(a).\n\nb", "(a|).\n\n|b"},
		{Llama3, "\u00a0a\u3000\u3000b", "\u00a0a|\u3000|\u3000b"},
		{Qwen2, "123 e\u0301", "1|2|3| e|\u0301"},
		{Qwen35, "123 e\u0301 \u0301", "1|2|3| e\u0301| \u0301"},
		{O200K, "XMLHttp getHTTPCode's ABC", "XMLHttp| get|HTTPCode's| ABC"},
		{O200K, "fooBAR a/\n//\nb", "foo|BAR| a|/\n//\n|b"},
		{Tekken, "don't 12", "don|'t| |1|2"},
		{DeepSeek3, ".com (x) \u0301 12", ".com| (|x|)| \u0301| |<12>"},
		{CJK, "a日本ゟx", "<a>|日本ゟ|<x>"},
		{Thousands, "a12345b", "<a>|123|45|<b>"},
		{LineBreak, "a\r\n\nb", "<a>|\r|\n|\n|<b>"},
		{Letters, "  ab\u3000cé 1", "< >| ab|\u3000cé|< 1>"},
		{Marks, "a  (\u3000).", "<a >| (|\u3000)."},
		{Trailing, "a  b \n \nc  ", "<a  b>| \n |<\nc>|  "},
		{Trailing, "\n", "\n"},
		{EastAsian, "a日本ア가\u0e01\ufffd", "<a>|日本ア가\u0e01|<\ufffd>"},
		{EastAsianMarks, "0 !,　。「", "<0>| !,　。|<「>"},
		{CasedLetters, "Aé Жª\u2126ᾳ 中", "Aé| Ж|<ª>|\u2126ᾳ|< 中>"},
	} {
		require.Equal(t, c.want, pieces(t, c.pattern, c.text), "%q", c.text)
	}
}

func TestUnknownPatterns(t *testing.T) {
	for _, c := range []struct{ pattern, text, want string }{
		{`\p{Lu}\p{^Lu}*`, "aBcDe", "<a>|Bc|De"},
		{`[\P{L}]+`, "a12b", "<a>|12|<b>"},
		{`[^\P{N}\d]`, "a1\U00010d41\u00b2", "<a1\U00010d41>|\u00b2"},
		{`a++a|b`, "aab", "<aa>|b"},
		{`\d{2}(?=\d)`, "\U00010d41\U00010d42\U00010d43", "\U00010d41\U00010d42|<\U00010d43>"},
		{`(?=B)|(?<=c)`, "aBcd", "<a>||<Bc>||<d>"},
		{`^a$`, "a\nb\na", "a|<\nb\n>|a"},
		{`[\p{Ps}\-]`, "a[b-c(", "<a>|[|<b>|-|<c>|("},
	} {
		require.Equal(t, c.want, pieces(t, c.pattern, c.text), "%q", c.pattern)
	}
}

func TestUnsupportedPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		`[a-z&&[^e]]`:                "a class inside of a class is not supported",
		`[[:alpha:]]`:                "a class inside of a class is not supported",
		`\h+`:                        `\h is not supported`,
		`(a`:                         `pattern "(a": `,
		`a\`:                         `pattern`,
		strings.Repeat("a", 1<<16+1): "pattern of 65537 bytes, at most 65536",
	} {
		_, err := New(pattern)
		require.ErrorContains(t, err, want, "%.20s", pattern)
	}
}

func TestExponentialPatternEnds(t *testing.T) {
	p, err := New(`(a|a)*(aa|a)*b$`)
	require.NoError(t, err)
	err = p.Each(strings.Repeat("a", 60), func(int, int) {})
	require.ErrorContains(t, err, "a match takes more than 500ms")
}

// FuzzKnownPatterns holds matchers written by hand against the backtracking
// engine.
func FuzzKnownPatterns(f *testing.F) {
	for _, text := range []string{
		"it's IT'S we'll  two\n\n x12 12345", " \r\n \n x", "(a).\n\nb/\n", "XMLHttpRequest ABCdef ǅx aªAªA", "e\u0301\u0301 \u0301x",
		"日本語、中文 ゟ", "\u00a0a\u3000\u3000b\u0085", ".com $5.00 [x]_y", "\x00\x7f\ufeff\U0010ffff", "'re're'R'E'll'LL'd 's",
	} {
		f.Add(text)
	}
	engines := make(map[string]Pattern)
	for name, pattern := range patterns {
		p, err := compile(pattern)
		require.NoError(f, err)
		engine := p.(backtracking)
		engine.re.MatchTimeout = regexp2.DefaultMatchTimeout // none
		engines[name] = (&Budget{math.MaxInt64}).Limit(engine)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, pattern := range patterns {
			p, err := New(pattern)
			require.NoError(t, err)
			matches(t, p, text) // does not panic
		}
		if !utf8.ValidString(text) || strings.Contains(text, "ſ") || len(text) > 1<<10 {
			t.Skip() // the engine does not fold the long s
		}
		for name, pattern := range patterns {
			p, err := New(pattern)
			require.NoError(t, err)
			_, slow := p.(backtracking)
			require.False(t, slow, name)
			require.Equal(t, matches(t, engines[name], text), matches(t, p, text), name)
		}
	})
}
