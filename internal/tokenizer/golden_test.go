package tokenizer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stories returns the vocabulary of the stories260K model.
func stories(t testing.TB) Vocab {
	data, err := os.ReadFile("testdata/stories260k.model")
	require.NoError(t, err)
	v, err := ParseModel(data)
	require.NoError(t, err)
	return v
}

func storiesTokenizer(t testing.TB) *Tokenizer {
	tok, err := New(stories(t))
	require.NoError(t, err)
	return tok
}

// golden is one line of a file that testdata/record.py wrote: a variant of the
// vocabulary, or text, its ids, and what they decode to. Text is nil where
// only decoding was recorded.
type golden struct {
	Variant string        `json:"variant"`
	Types   map[int]int32 `json:"types"`
	Prefix  bool          `json:"prefix"`
	Trim    bool          `json:"trim"`

	Text *string `json:"text"`
	IDs  []int   `json:"ids"`
	Back string  `json:"back"`
}

func readGoldens(t *testing.T, path string) []golden {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var all []golden
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var g golden
		require.NoError(t, json.Unmarshal(lines.Bytes(), &g))
		all = append(all, g)
	}
	require.NotEmpty(t, all)
	return all
}

// variant applies the line that begins a variant to the stories vocabulary.
func (g golden) variant(t *testing.T) *Tokenizer {
	v := stories(t)
	v.AddSpacePrefix, v.RemoveExtraSpaces = g.Prefix, g.Trim
	for id, kind := range g.Types {
		v.Types[id] = kind
	}
	tok, err := New(v)
	require.NoError(t, err)
	return tok
}

// The oracle is sentencepiece 0.2.3 on the same vocabulary and eight variants.
func TestSentencePieceGoldens(t *testing.T) {
	var tok *Tokenizer
	var name string
	for line, g := range readGoldens(t, "testdata/goldens.jsonl") {
		if g.Variant != "" {
			tok, name = g.variant(t), g.Variant
			continue
		}
		if g.Text != nil {
			require.Equal(t, g.IDs, noNil(encode(t, tok, *g.Text, false)), "line %d, %s: encode %q", line+1, name, *g.Text)
		}
		require.Equal(t, g.Back, tok.Decode(g.IDs), "line %d, %s: decode %v", line+1, name, g.IDs)
	}
}

// noNil makes an empty result equal to JSON's [].
func noNil(ids []int) []int { return append([]int{}, ids...) }

// The oracle is Hugging Face tokenizers 0.23.3 with the Llama 2 conversion.
func TestHuggingFaceSpecialGoldens(t *testing.T) {
	tok := storiesTokenizer(t)
	for _, g := range readGoldens(t, "testdata/special.jsonl") {
		require.Equal(t, g.IDs, noNil(encodeSpecial(t, tok, *g.Text)), "%q", *g.Text)
	}
}

// The oracle is llama.cpp on the Llama 2 vocabulary, which is not in this
// repository.
func TestLlamaCppGoldens(t *testing.T) {
	const shared = "../../../shared/data/vocab/ggml-vocab-llama-spm.gguf"
	file, err := os.ReadFile(shared)
	if err != nil {
		t.Skipf("not checked: the Llama 2 vocabulary is absent: %v", err)
	}
	tok, err := FromGGUF(ggufMetadata(t, file))
	require.NoError(t, err)
	require.Equal(t, 32000, tok.Size())
	texts, ids := llamaCppGoldens(t, "llama-spm")
	for i, text := range texts {
		require.Equal(t, ids[i], noNil(encode(t, tok, text, false)), "%q", text)
		require.Equal(t, text, tok.Decode(ids[i]))
		require.Equal(t, append([]int{1}, ids[i]...), encode(t, tok, text, true))
	}
}

// gpt2 returns the tokenizer of GPT-2.
func gpt2(t testing.TB) *Tokenizer {
	tok, err := FromGGUF(gpt2Metadata(t))
	require.NoError(t, err)
	return tok
}

func gpt2Metadata(t testing.TB) metadataMap {
	file, err := os.Open("testdata/ggml-vocab-gpt-2.gguf.gz")
	require.NoError(t, err)
	defer file.Close()
	unzip, err := gzip.NewReader(file)
	require.NoError(t, err)
	data, err := io.ReadAll(unzip)
	require.NoError(t, err)
	return ggufMetadata(t, data)
}

// The oracle is llama.cpp.
func TestLlamaCppGPT2Goldens(t *testing.T) {
	tok := gpt2(t)
	require.Equal(t, 50257, tok.Size())
	texts, ids := llamaCppGoldens(t, "gpt-2")
	for i, text := range texts {
		require.Equal(t, ids[i], noNil(encode(t, tok, text, false)), "%q", text)
		require.Equal(t, text, tok.Decode(ids[i]))
	}
}

// llamaCppGoldens reads the 47 strings and their ids, one line each.
func llamaCppGoldens(t *testing.T, name string) (texts []string, ids [][]int) {
	path := "testdata/ggml-vocab-" + name + ".gguf"
	in, err := os.ReadFile(path + ".inp")
	require.NoError(t, err)
	out, err := os.ReadFile(path + ".out")
	require.NoError(t, err)
	texts = strings.Split(string(in), "\n__ggml_vocab_test__\n")
	lines := strings.Split(string(out), "\n")
	require.Len(t, texts, 47)
	require.Len(t, lines, 47)
	for _, line := range lines {
		row := []int{}
		for _, word := range strings.Fields(line) {
			id, err := strconv.Atoi(word)
			require.NoError(t, err)
			row = append(row, id)
		}
		ids = append(ids, row)
	}
	return texts, ids
}

func encode(t testing.TB, tok *Tokenizer, text string, special bool) []int {
	ids, err := tok.Encode(text, special)
	require.NoError(t, err)
	return ids
}

func encodeSpecial(t testing.TB, tok *Tokenizer, text string) []int {
	ids, err := tok.EncodeSpecial(text)
	require.NoError(t, err)
	return ids
}
