package tokenizer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tiny is a vocabulary of seven tokens without byte fallback.
func tiny() Vocab {
	return Vocab{
		Tokens: []string{"<unk>", "<s>", "</s>", "a", "b", "ab", "bb"},
		Scores: []float32{0, 0, 0, -3, -4, -1, -1},
		Types:  []int32{2, 3, 3, 1, 1, 1, 1},
		BOS:    1, EOS: 2, Unknown: 0,
		UnknownSurface: "?",
	}
}

func TestEqualScoresMergeLeftmost(t *testing.T) {
	tok, err := New(tiny())
	require.NoError(t, err)
	for text, want := range map[string][]int{
		"abb":  {5, 4}, // not a bb
		"bbb":  {6, 4}, // not b bb
		"babb": {4, 5, 4},
	} {
		require.Equal(t, want, encode(t, tok, text, false), text)
	}
}

func TestEncodeAddsBOSAndEOS(t *testing.T) {
	for _, c := range []struct {
		bos, eos bool
		want     []int
	}{
		{false, false, []int{3}},
		{true, false, []int{1, 3}},
		{false, true, []int{3, 2}},
		{true, true, []int{1, 3, 2}},
	} {
		v := tiny()
		v.AddBOS, v.AddEOS = c.bos, c.eos
		tok, err := New(v)
		require.NoError(t, err)
		require.Equal(t, c.want, encode(t, tok, "a", true))
		require.Equal(t, []int{3}, encode(t, tok, "a", false))
		require.Equal(t, []int{3}, encodeSpecial(t, tok, "a"))
	}
}

// As in SentencePiece, each byte that is not part of a character is U+FFFD.
func TestEncodeInvalidUTF8(t *testing.T) {
	tok := storiesTokenizer(t)
	for text, want := range map[string]string{
		"\xff":              "\uFFFD",
		"a\xe2\x96":         "a\uFFFD\uFFFD",
		"\xed\xa0\x80":      "\uFFFD\uFFFD\uFFFD", // a surrogate
		"\xc0\x80b":         "\uFFFD\uFFFDb",      // NUL, too long
		"x\xf4\x90\x80\x80": "x\uFFFD\uFFFD\uFFFD\uFFFD",
	} {
		require.Equal(t, encode(t, tok, want, false), encode(t, tok, text, false), "%q", text)
	}
}

func TestEncodeSpecialPrefersTheLongest(t *testing.T) {
	v := tiny()
	v.Tokens[1], v.Tokens[2] = "<s>", "<s>a"
	tok, err := New(v)
	require.NoError(t, err)
	require.Equal(t, []int{4, 2, 1, 4}, encodeSpecial(t, tok, "b<s>a<s>b"))
}

// A text without spaces is one long word: the worst case of BPE.
func TestEncodeMegabyteLine(t *testing.T) {
	tok := storiesTokenizer(t)
	for _, unit := range []string{"a", "the", "🦙", "ab "} {
		text := strings.Repeat(unit, 1<<20/len(unit))
		require.Equal(t, text, tok.Decode(encode(t, tok, text, false)), unit)
	}
}

func TestTokenAndCheck(t *testing.T) {
	tok := storiesTokenizer(t)
	require.Equal(t, 512, tok.Size())
	require.Equal(t, "<0x0A>", tok.Token(13))
	require.Equal(t, "\u2581t", tok.Token(259))
	require.Empty(t, tok.Token(-1))
	require.Empty(t, tok.Token(512))
	require.NoError(t, tok.Check([]int{0, 511}))
	require.EqualError(t, tok.Check([]int{0, 512}), "tokenizer: id 512 at position 1 is outside the vocabulary of 512 tokens")
	require.ErrorContains(t, tok.Check([]int{-1}), "id -1 at position 0")
}

func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(*Vocab)
	}{
		{"empty vocabulary", func(v *Vocab) { v.Tokens = nil }},
		{"7 tokens, 6 scores and 7 types", func(v *Vocab) { v.Scores = v.Scores[1:] }},
		{"7 tokens, 7 scores and 6 types", func(v *Vocab) { v.Types = v.Types[1:] }},
		{`token 3 ("\xff") is not UTF-8`, func(v *Vocab) { v.Tokens[3] = "\xff" }},
		{"token 1 has 513 bytes, at most 512", func(v *Vocab) { v.Tokens[1] = strings.Repeat("s", 513) }},
		{"token 3 is empty", func(v *Vocab) { v.Tokens[3] = "" }},
		{`token 4 ("b"): type 0 is outside 1 to 6`, func(v *Vocab) { v.Types[4] = 0 }},
		{`token 4 ("b"): type 7 is outside 1 to 6`, func(v *Vocab) { v.Types[4] = 7 }},
		{`token 5 ("ab"): score is NaN`, func(v *Vocab) { v.Scores[5] = float32(math.NaN()) }},
		{"BOS id 7 is outside the vocabulary of 7", func(v *Vocab) { v.BOS = 7 }},
		{"EOS id -2 is outside", func(v *Vocab) { v.EOS = -2 }},
		{"EOS is to be added", func(v *Vocab) { v.EOS, v.AddEOS = None, true }},
		{"neither byte pieces nor an unknown token", func(v *Vocab) { v.Unknown = None }},
		{`tokens 3 and 5 are both "a"`, func(v *Vocab) { v.Tokens[5] = "a" }},
		{`tokens 1 and 2 are both "<s>"`, func(v *Vocab) { v.Tokens[2] = "<s>" }},
		{"byte fallback is incomplete: no piece <0x00>", func(v *Vocab) { v.Tokens[3], v.Types[3] = "<0x41>", 6 }},
		{`token 3: "<0xZZ>" is not a byte piece`, func(v *Vocab) { v.Tokens[3], v.Types[3] = "<0xZZ>", 6 }},
		{`token 3: "a" is not a byte piece`, func(v *Vocab) { v.Types[3] = 6 }},
		{`tokens 3 and 4 are both the byte piece "<0xaa>"`, func(v *Vocab) {
			v.Tokens[3], v.Tokens[4], v.Types[3], v.Types[4] = "<0xAA>", "<0xaa>", 6, 6
		}},
	} {
		v := tiny()
		c.change(&v)
		_, err := New(v)
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, "tokenizer: ")
	}
}

// FuzzEncode checks that decoding gives the text back, U+2581 read as a space.
func FuzzEncode(f *testing.F) {
	for _, text := range []string{"", " ", "Once upon a time", "  a\u2581b ", "<s></s>", "🚀\x00\r\n", "\ufffd", "\xff\xe2\x96"} {
		f.Add(text)
	}
	tok := storiesTokenizer(f)
	f.Fuzz(func(t *testing.T, text string) {
		want := strings.ReplaceAll(string([]rune(text)), space, " ")
		ids := encode(t, tok, text, false)
		require.NoError(t, tok.Check(ids))
		require.Equal(t, want, tok.Decode(ids))
		require.NoError(t, tok.Check(encodeSpecial(t, tok, text)))
	})
}

// naiveBPE merges as the definition says: again and again the best pair of the
// whole text, the leftmost of equals.
func naiveBPE(v Vocab, text string) []string {
	pieces := strings.Split(text, "")
	for {
		best, score := -1, float32(math.Inf(-1))
		for i := range len(pieces) - 1 {
			id := slices.Index(v.Tokens, pieces[i]+pieces[i+1])
			if id >= 0 && v.Types[id] == TypeNormal && v.Scores[id] > score {
				best, score = i, v.Scores[id]
			}
		}
		if best < 0 {
			return pieces
		}
		pieces = slices.Replace(pieces, best, best+2, pieces[best]+pieces[best+1])
	}
}

func TestEncodeEqualsDefinition(t *testing.T) {
	tok := storiesTokenizer(t)
	v := tok.Vocab()
	for _, text := range []string{"Once upon a time, there was a little girl", "shesheshe theretherethe", "aaaabaaab", "x  y   z"} {
		var got []string
		for _, id := range encode(t, tok, text, false) {
			got = append(got, tok.Token(id))
		}
		require.Equal(t, naiveBPE(v, tok.scheme.(*sentencePiece).normalize(newPiece(text, false)).text), got, text)
	}
}

func BenchmarkEncodeSentencePiece(b *testing.B) {
	tok := storiesTokenizer(b)
	text := strings.Repeat("Once upon a time there was a little girl. ", 1<<20/42)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		encode(b, tok, text, false)
	}
}

func ExampleStream() {
	v := tiny()
	v.Tokens = append(v.Tokens, "\u2581")
	v.Scores = append(v.Scores, -5)
	v.Types = append(v.Types, TypeNormal)
	v.AddSpacePrefix = true
	tok, err := New(v)
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, err := tok.Encode("ab b", true)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := tok.NewStream()
	for _, id := range ids {
		fmt.Printf("%d %q\n", id, s.Push(id))
	}
	fmt.Printf("%q\n", s.Flush())
	// Output:
	// 7 ""
	// 5 "ab"
	// 7 " "
	// 4 "b"
	// ""
}

// Places cover the text in order, whatever the normalizer puts in or drops.
func TestSentencePiecePlaces(t *testing.T) {
	trimmed := stories(t)
	trimmed.RemoveExtraSpaces = true
	tok, err := New(trimmed)
	require.NoError(t, err)
	for text, want := range map[string]string{
		"":            "",
		"a the":       "▁a=a|▁the= the",
		"  a   the  ": "▁a=a|▁the=   the",
		"the\xff":     "▁the=the|<0xEF>=\xff|<0xBF>=\xff|<0xBD>=\xff",
		"日":           "▁=|<0xE6>=日|<0x97>=日|<0xA5>=日",
	} {
		list, err := tok.Tokens(text, Options{})
		require.NoError(t, err)
		var got []string
		for _, token := range list {
			got = append(got, tok.Token(token.ID)+"="+text[token.Start:token.End])
		}
		require.Equal(t, want, strings.Join(got, "|"), "%q", text)
	}
	list, err := storiesTokenizer(t).Tokens("a<s>b", Options{Add: true, Parse: true})
	require.NoError(t, err)
	require.Equal(t, Token{1, 0, 0}, list[0])
	require.Contains(t, list, Token{1, 1, 4})
}
