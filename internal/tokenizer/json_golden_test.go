package tokenizer

import (
	"bufio"
	"bytes"
	"cmp"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// jsonGolden is a line of testdata/json.jsonl: a variant of a tokenizer.json,
// or a text and its ids, or ids and their text.
type jsonGolden struct {
	Variant string                    `json:"variant"`
	Base    string                    `json:"base"`
	Members map[string]jsontext.Value `json:"members"`
	Model   map[string]jsontext.Value `json:"model"`

	Text  *string `json:"text"`
	IDs   []int   `json:"ids"`   // with special tokens parsed and added
	Plain []int   `json:"plain"` // without
	Back  string  `json:"back"`
	Short string  `json:"short"` // without special tokens
}

// jsonFile returns a tokenizer.json of testdata with other members of the file
// and of its model.
func jsonFile(t testing.TB, base string, members, model map[string]jsontext.Value) []byte {
	data, err := os.ReadFile("testdata/" + base + ".json")
	require.NoError(t, err)
	var file, m map[string]jsontext.Value
	require.NoError(t, json.Unmarshal(data, &file))
	require.NoError(t, json.Unmarshal(file["model"], &m))
	maps.Copy(m, model)
	file["model"], err = json.Marshal(m)
	require.NoError(t, err)
	maps.Copy(file, members)
	data, err = json.Marshal(file)
	require.NoError(t, err)
	return data
}

func eachJSONGolden(t testing.TB, visit func(variant string, tok *Tokenizer, g jsonGolden)) {
	data, err := os.ReadFile("testdata/json.jsonl")
	require.NoError(t, err)
	var tok *Tokenizer
	var variant string
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var g jsonGolden
		require.NoError(t, json.Unmarshal(lines.Bytes(), &g))
		if g.Variant == "" {
			visit(variant, tok, g)
			continue
		}
		variant = g.Variant
		tok, err = ParseJSON(jsonFile(t, g.Base, g.Members, g.Model), nil)
		require.NoError(t, err, g.Variant)
	}
}

// The oracle is Hugging Face tokenizers 0.23.3.
func TestHuggingFaceGoldens(t *testing.T) {
	n := 0
	eachJSONGolden(t, func(variant string, tok *Tokenizer, g jsonGolden) {
		n++
		if g.Text == nil {
			require.Equal(t, g.Back, tok.DecodeSpecial(g.IDs), "%s: %v", variant, g.IDs)
			require.Equal(t, g.Short, tok.Decode(g.IDs), "%s: %v", variant, g.IDs)
			return
		}
		ids, err := tok.IDs(*g.Text, Options{Add: true, Parse: true})
		require.NoError(t, err)
		require.Equal(t, g.IDs, ids, "%s: %q", variant, *g.Text)
		require.Equal(t, g.Plain, encode(t, tok, *g.Text, false), "%s: %q", variant, *g.Text)
	})
	require.Greater(t, n, 1800)
}

// The names of GGUF files stand for what tokenizer.json files spell out.
func TestGGUFNames(t *testing.T) {
	names := map[string]string{
		"byte level": "gpt-2", "digits": "smollm", "Llama 3": "llama-bpe", "Qwen 2": "qwen2",
		"GPT-4o": "gpt-4o", "Mistral Nemo": "tekken", "DeepSeek V3": "deepseek-v3",
	}
	checked := make(map[string]int)
	eachJSONGolden(t, func(variant string, tok *Tokenizer, g jsonGolden) {
		name := names[variant]
		if name == "" || g.Text == nil {
			return
		}
		require.Equal(t, g.Plain, encode(t, ggufOf(t, tok, name), *g.Text, false), "%s: %q", name, *g.Text)
		checked[name]++
	})
	require.Len(t, checked, len(names))
}

// ggufOf returns the tokenizer of a GGUF file with the vocabulary of bytes.json.
func ggufOf(t testing.TB, tok *Tokenizer, name string) *Tokenizer {
	var merges []string
	ranks := naiveMerges(t, jsonFile(t, "bytes", nil, nil))
	for pair := range ranks {
		merges = append(merges, pair[0]+" "+pair[1])
	}
	slices.SortFunc(merges, func(a, b string) int {
		return cmp.Compare(ranks[[2]string(strings.Fields(a))], ranks[[2]string(strings.Fields(b))])
	})
	types := tok.Vocab().Types
	gguf, err := FromGGUF(metadataMap{
		keyModel: "gpt2", keyPre: name, keyTokens: tok.Vocab().Tokens, keyTypes: types, keyMerges: merges, keyBOS: uint32(1),
	})
	require.NoError(t, err)
	return gguf
}
