package tokenizer

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTokenBytes: the bytes of the tokens of a text are the text, with the space
// that SentencePiece puts before it.
func TestTokenBytes(t *testing.T) {
	const text = "{\"naïve\": [1, \"日本語 😀\"],\n\t\"x\": true}"
	spm, err := New(stories(t))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		tok    *Tokenizer
		before string
	}{
		"SentencePiece": {spm, " "},
		"byte level":    {gpt2(t), ""},
	} {
		ids, err := c.tok.Encode(text, false)
		require.NoError(t, err)
		var bytes []byte
		for _, id := range ids {
			bytes = append(bytes, c.tok.TokenBytes(id)...)
		}
		require.Equal(t, c.before+text, string(bytes), name)
	}
	require.Empty(t, spm.TokenBytes(spm.Vocab().EOS))
	require.Empty(t, spm.TokenBytes(spm.Size()))
}
