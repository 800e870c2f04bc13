package tokenizer

import (
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// smallBPE returns the tokenizer of testdata/bytes.json.
func smallBPE(t testing.TB) *Tokenizer {
	tok, err := ParseJSON(jsonFile(t, "bytes", nil, nil), nil)
	require.NoError(t, err)
	return tok
}

// naiveMerges are the ranks of the pairs of a tokenizer.json.
func naiveMerges(t testing.TB, data []byte) map[[2]string]int {
	var file struct {
		Model struct {
			Merges [][2]string `json:"merges"`
		} `json:"model"`
	}
	require.NoError(t, json.Unmarshal(data, &file))
	ranks := make(map[[2]string]int)
	for rank, pair := range file.Model.Merges {
		ranks[pair] = rank
	}
	return ranks
}

// naiveBPEWord merges the pair of the lowest rank, the leftmost of equals, until
// there is none. Tokens are spelled in the byte-level alphabet.
func naiveBPEWord(ranks map[[2]string]int, word string) []string {
	var tokens []string
	for i := range len(word) {
		tokens = append(tokens, string(byteLevelChar(word[i])))
	}
	for {
		best, at := len(ranks), -1
		for i := 1; i < len(tokens); i++ {
			if rank, ok := ranks[[2]string{tokens[i-1], tokens[i]}]; ok && rank < best {
				best, at = rank, i
			}
		}
		if at < 0 {
			return tokens
		}
		tokens[at-1] += tokens[at]
		tokens = append(tokens[:at], tokens[at+1:]...)
	}
}

// FuzzMerges holds both ways of merging against the naive one. A word is text
// again and again, for words that are short and long.
func FuzzMerges(f *testing.F) {
	f.Add("the theory", uint8(1))
	f.Add("hello", uint8(30))
	f.Add("aaaaaaa", uint8(9))
	f.Add("e\u0301日本", uint8(11))
	ranks := naiveMerges(f, jsonFile(f, "bytes", nil, nil))
	tok := smallBPE(f)
	model := tok.scheme.(*pipeline).model
	f.Fuzz(func(t *testing.T, text string, times uint8) {
		word := strings.Repeat(text, int(times%64))
		if len(word) > 1<<11 {
			t.Skip()
		}
		e := &encoder{m: model}
		for range 2 { // the second time, what is remembered of tokens counts
			var got []string
			end := int32(0)
			for _, u := range e.word(word) {
				require.Equal(t, end, u.start)
				end = u.end
				got = append(got, tok.Token(int(u.id)))
			}
			require.Equal(t, naiveBPEWord(ranks, word), got, "%q", word)
		}
	})
}

// FuzzRoundTrip checks that a byte-level tokenizer loses nothing, that places
// cover the text in order, and that a stream gives whole characters.
func FuzzRoundTrip(f *testing.F) {
	for _, text := range []string{
		"Hello, world!", " two  spaces\n\n", "café 👨‍👩‍👧", "<s>a</s>", "\xff\xfea", "\u0085\u00a0", strings.Repeat("ab", 40),
	} {
		f.Add(text)
	}
	tok := smallBPE(f)
	f.Fuzz(func(t *testing.T, text string) {
		valid := string([]rune(text))
		for _, parse := range []bool{false, true} {
			list, err := tok.Tokens(text, Options{Parse: parse})
			require.NoError(t, err)
			checkPlaces(t, text, list)
			s := tok.newStream(true)
			var back strings.Builder
			for _, token := range list {
				part := s.Push(token.ID)
				require.True(t, utf8.ValidString(part), "%q", part)
				back.WriteString(part)
			}
			back.WriteString(s.Flush())
			require.Equal(t, valid, back.String())
		}
	})
}

// checkPlaces checks that tokens begin and end with characters, in order, and
// leave nothing out. Tokens that share a character share its place.
func checkPlaces(t testing.TB, text string, list []Token) {
	done := 0
	for _, token := range list {
		require.LessOrEqual(t, token.Start, done)
		require.GreaterOrEqual(t, token.End, done)
		require.Less(t, token.Start, token.End)
		done = token.End
	}
	require.Equal(t, len(text), done)
}

// A text without a place to cut is one long word: the worst case of BPE.
func TestEncodeMegabytes(t *testing.T) {
	small, gpt2 := smallBPE(t), gpt2(t)
	for _, c := range []struct {
		tok  *Tokenizer
		unit string
		size int
	}{
		{gpt2, "a", 1 << 20}, {gpt2, " ", 1 << 18}, {gpt2, " \n", 1 << 17}, {gpt2, "é", 1 << 17}, {gpt2, "7!", 1 << 17}, {small, "ab", 1 << 18},
	} {
		text := strings.Repeat(c.unit, c.size/len(c.unit))
		require.Equal(t, text, c.tok.Decode(encode(t, c.tok, text, false)), "%q", c.unit)
	}
}

// What a tokenizer remembers of its tokens changes no result.
func TestConcurrentEncode(t *testing.T) {
	text := strings.Repeat("the theory of the other words: hello, hello word. ", 20)
	want := encode(t, smallBPE(t), text, false)
	tok := smallBPE(t)
	var wait sync.WaitGroup
	got := make([][]int, 8)
	for i := range got {
		wait.Go(func() { got[i], _ = tok.Encode(text, false) })
	}
	wait.Wait()
	for _, ids := range got {
		require.Equal(t, want, ids)
	}
}

func TestTokens(t *testing.T) {
	raw := func(text string) jsontext.Value { return jsontext.Value(text) }
	members := map[string]jsontext.Value{
		"normalizer":     raw(`{"type":"NFC"}`),
		"post_processor": raw(`{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}}`),
	}
	tok, err := ParseJSON(jsonFile(t, "bytes", members, nil), nil)
	require.NoError(t, err)
	text := "xe\u0301 </s>\u4e00"
	list, err := tok.Tokens(text, Options{Add: true, Parse: true})
	require.NoError(t, err)
	var places []string
	for _, token := range list {
		places = append(places, tok.Token(token.ID)+"="+text[token.Start:token.End])
	}
	require.Equal(t, []string{"<s>=", "x=x", "Ã©=e\u0301", "Ġ= ", "</s>=</s>", "ä=\u4e00", "¸=\u4e00", "Ģ=\u4e00"}, places)
}
