package tokenizer

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// byteID is the id of a byte's piece in the stories vocabulary.
func byteID(b byte) int { return 3 + int(b) }

func bytesOf(s string) (ids []int) {
	for i := range len(s) {
		ids = append(ids, byteID(s[i]))
	}
	return ids
}

func TestStreamHoldsBackIncompleteCharacters(t *testing.T) {
	s := storiesTokenizer(t).NewStream()
	var got []string
	for _, id := range append(bytesOf("é🦙"), 259) {
		got = append(got, s.Push(id))
	}
	require.Equal(t, []string{"", "é", "", "", "", "🦙", " t"}, got)
	require.Empty(t, s.Flush())
}

func TestStreamGivesUpOnBrokenCharacters(t *testing.T) {
	s := storiesTokenizer(t).NewStream()
	require.Empty(t, s.Push(byteID(0xF0)))
	require.Empty(t, s.Push(byteID(0x9F)))
	require.Equal(t, "\uFFFD\uFFFDa", s.Push(byteID('a')))
	require.Empty(t, s.Push(byteID(0xE2)))
	require.Equal(t, "\uFFFD t", s.Push(259))
	require.Empty(t, s.Push(byteID(0xE2)))
	require.Equal(t, "\uFFFD", s.Flush())
	require.Empty(t, s.Flush())
}

func TestStreamContinuesAPrompt(t *testing.T) {
	tok := storiesTokenizer(t)
	ids := encode(t, tok, "Once upon a time", true)
	s := tok.NewStream()
	for _, id := range ids[:len(ids)-2] {
		s.Push(id)
	}
	rest := s.Push(ids[len(ids)-2]) + s.Push(ids[len(ids)-1])
	require.True(t, strings.HasSuffix("Once upon a time", rest), rest)
	require.True(t, strings.HasPrefix(rest, " "), rest)
}

func TestDecodeSpecial(t *testing.T) {
	tok := storiesTokenizer(t)
	for _, c := range []struct {
		ids            []int
		plain, special string
	}{
		{[]int{1, 259, 2}, "t", "<s> t</s>"},
		{[]int{259, 1, 259}, "t t", "t<s> t"},
		{[]int{0, 259}, " \u2047  t", "<unk> t"},
		{[]int{-1}, " \u2047 ", " \u2047 "},
		{[]int{512}, " \u2047 ", " \u2047 "},
		{nil, "", ""},
	} {
		require.Equal(t, c.plain, tok.Decode(c.ids), "%v", c.ids)
		require.Equal(t, c.special, tok.DecodeSpecial(c.ids), "%v", c.ids)
	}
}

// naiveDecode decodes whole runs of bytes at once, for a vocabulary with the
// space prefix.
func naiveDecode(v Vocab, ids []int) string {
	var text, run strings.Builder
	flush := func() {
		text.WriteString(string([]rune(run.String())))
		run.Reset()
	}
	prefix := true
	for _, id := range ids {
		if b, err := parseByte(v.Tokens[id]); err == nil {
			run.WriteByte(b)
			continue
		}
		flush()
		piece := v.Tokens[id]
		switch v.Types[id] {
		case TypeControl:
			piece = ""
		case TypeUnknown:
			piece = v.UnknownSurface
		default:
			if rest, ok := strings.CutPrefix(piece, space); ok && prefix && text.Len() == 0 {
				prefix, piece = false, rest
			}
		}
		text.WriteString(strings.ReplaceAll(piece, space, " "))
	}
	flush()
	return text.String()
}

// FuzzStream checks that a stream yields whole characters, and in total what
// decoding in one go gives. Two bytes of data are one id.
func FuzzStream(f *testing.F) {
	tok := storiesTokenizer(f)
	f.Add([]byte{1, 0, 1, 3, 0, 0})
	f.Add([]byte{243, 0, 162, 0, 155, 0, 130, 0})
	f.Add([]byte{243, 0, 162, 0, 1, 0, 155, 1, 255, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var ids []int
		for ; len(data) >= 2; data = data[2:] {
			ids = append(ids, int(binary.LittleEndian.Uint16(data))%tok.Size())
		}
		s := tok.NewStream()
		var total strings.Builder
		for _, id := range ids {
			text := s.Push(id)
			require.True(t, utf8.ValidString(text), "%q", text)
			total.WriteString(text)
		}
		total.WriteString(s.Flush())
		require.Equal(t, naiveDecode(tok.Vocab(), ids), total.String())
		require.Equal(t, total.String(), tok.Decode(ids))
	})
}
