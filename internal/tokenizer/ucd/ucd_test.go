package ucd

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

func TestVersion(t *testing.T) { require.Equal(t, "16.0.0", Version) }

// goClasses are the classes of code points by Go's own tables.
func goClasses() map[rune]Class {
	classes := make(map[rune]Class)
	for name, table := range unicode.Categories {
		class, ok := Named(name)
		if !ok || len(name) != 2 {
			continue
		}
		for _, r := range table.R16 {
			for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
				classes[c] = class
			}
		}
		for _, r := range table.R32 {
			for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
				classes[c] = class
			}
		}
	}
	return classes
}

// Go's tables are of another version, and may know less or more characters. Of
// those that both know, the category of one changed from 15.0 to 16.0.
func TestCategoriesAreGos(t *testing.T) {
	if unicode.Version != "15.0.0" {
		t.Skipf("not checked: categories against Go's, which are of Unicode %s", unicode.Version)
	}
	table, classes := Load(), goClasses()
	var changed []rune
	for c := rune(0); c <= utf8.MaxRune; c++ {
		got, want := table.Of(c)&^Space, classes[c]
		if got != 0 && want != 0 && got != want {
			changed = append(changed, c)
		}
		if space := table.Of(c)&Space != 0; space != unicode.Is(unicode.White_Space, c) {
			t.Errorf("%U: white space %t", c, space)
		}
	}
	require.Equal(t, []rune{0x1171e}, changed)
}

func TestOfOutside(t *testing.T) {
	table := Load()
	for _, c := range []rune{-1, utf8.MaxRune + 1, 0xd800, 0x10ffff, 0xe000, 0x378} {
		require.Zero(t, table.Of(c), "%U", c)
	}
}

// New digits of Unicode 16 and 17.
func TestNumbers(t *testing.T) {
	table := Load()
	require.Equal(t, Nd, table.Of(0x10d41))
	require.True(t, table.IsNumber(0x10d41))
	require.Zero(t, table.Of(0x11de0))
	require.True(t, table.IsNumber(0x11de0))
	require.False(t, table.IsNumber('a'))
}

func TestPunctuationAndWords(t *testing.T) {
	table := Load()
	for c, want := range map[rune]bool{'$': true, '+': true, '-': true, 'a': false, '«': true, '€': false, 0x2e5d: false, 0x2e41: true} {
		require.Equal(t, want, table.IsPunctuation(c), "%U", c)
	}
	for c, want := range map[rune]bool{'_': true, 'é': true, '5': true, 0x200d: true, 0x24b6: true, 0x301: true, '-': false, '½': false} {
		require.Equal(t, want, table.IsWord(c), "%U", c)
	}
}

func TestRanges(t *testing.T) {
	table := Load()
	for _, class := range []Class{L, Lu, M, N, Nd, P, S, Zs, Cf} {
		in := make(map[rune]bool)
		last := rune(-2)
		Ranges(class, func(lo, hi rune) {
			require.Less(t, last+1, lo)
			for c := lo; c <= hi; c++ {
				in[c] = true
			}
			last = hi
		})
		for c := rune(0); c <= utf8.MaxRune; c++ {
			if in[c] != (table.Of(c)&class != 0) {
				t.Errorf("%U: class %b", c, class)
			}
		}
	}
}

// whole is s in normal form f. It checks what Each promises of places.
func whole(t testing.TB, f Form, s string) string {
	var out strings.Builder
	done := 0
	f.Each(s, func(text string, start, end int) {
		require.Equal(t, done, start)
		require.Less(t, start, end)
		done = end
		out.WriteString(text)
	})
	require.Equal(t, len(s), done)
	return out.String()
}

// The oracle is Hugging Face tokenizers 0.23.3.
func TestFormsOfLaterCharacters(t *testing.T) {
	for _, s := range []string{
		"\u0eba\u0f71", "\U00011935\U00011930", "\U00011938", "\U000105d2\u0307", "a\u1abf\u0327", "\u32ff", "\U0001f16c",
	} {
		for _, f := range []Form{NFC, NFD, NFKC, NFKD} {
			require.Equal(t, s, whole(t, f, s), "%+q", s)
		}
	}
}

// x/text would put U+034F into a run of more than 30 marks.
func TestLongRunsOfMarks(t *testing.T) {
	s := "z" + strings.Repeat("\u0301\u0323", 50)
	require.Equal(t, "\u1e93"+strings.Repeat("\u0323", 49)+strings.Repeat("\u0301", 50), whole(t, NFC, s))
	require.Equal(t, "z"+strings.Repeat("\u0323", 50)+strings.Repeat("\u0301", 50), whole(t, NFD, s))
}

// FuzzForms holds the forms against x/text, where the two should agree: without
// characters that are inert here and without long runs of marks.
func FuzzForms(f *testing.F) {
	for _, s := range []string{
		"café cafe\u0301", "a\u0323\u0308\u0301", "\u1100\u1161\u11a8 \uac00\u11a8", "ﬁ ½ ㍿ ﷺ", "\u0344 \u0958 \ufb1d \u1fbc",
		"Å\u212b\u2126", "\u09c7\u09be\u0301", "\u0f71\u0f72\u0f74", "q\u0307\u0323", "\xff\xfe",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || nextInert(s, 0) < len(s) || len(s) > 60 {
			t.Skip()
		}
		for form, theirs := range []norm.Form{norm.NFC, norm.NFD, norm.NFKC, norm.NFKD} {
			require.Equal(t, theirs.String(s), whole(t, Form(form), s), "%+q", s)
		}
	})
}
