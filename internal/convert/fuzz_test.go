package convert

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzTokenizerJSON: what is accepted has a type for each token and can be
// written again.
func FuzzTokenizerJSON(f *testing.F) {
	for _, name := range []string{"llama-bpe", "qwen2"} {
		text, err := os.ReadFile("testdata/" + name + ".tokenizer.json")
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte(`{"model":{"type":"BPE","vocab":{"a":0},"merges":["a a"]},"added_tokens":[{"id":1,"content":"b"}],
		"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v := &vocab{}
		if v.parseTokenizer(text) != nil {
			return
		}
		require.Equal(t, len(v.tokens), len(v.types))
		_, _ = v.tokenizerJSON()
		v.pairs(len(v.tokens) + 3)
	})
}
