package tokenizer

import (
	"bufio"
	"bytes"
	"maps"
	"os"
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

func eachJSONGolden(t testing.TB, visit func(tok *Tokenizer, g jsonGolden)) {
	data, err := os.ReadFile("testdata/json.jsonl")
	require.NoError(t, err)
	var tok *Tokenizer
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var g jsonGolden
		require.NoError(t, json.Unmarshal(lines.Bytes(), &g))
		if g.Variant == "" {
			visit(tok, g)
			continue
		}
		t.Log(g.Variant)
		tok, err = ParseJSON(jsonFile(t, g.Base, g.Members, g.Model), nil)
		require.NoError(t, err, g.Variant)
	}
}

// The oracle is Hugging Face tokenizers 0.23.3.
func TestHuggingFaceGoldens(t *testing.T) {
	n := 0
	eachJSONGolden(t, func(tok *Tokenizer, g jsonGolden) {
		n++
		if g.Text == nil {
			require.Equal(t, g.Back, tok.DecodeSpecial(g.IDs), "%v", g.IDs)
			require.Equal(t, g.Short, tok.Decode(g.IDs), "%v", g.IDs)
			return
		}
		out, err := tok.encode(*g.Text, Options{Add: true, Parse: true}, false)
		require.NoError(t, err)
		require.Equal(t, g.IDs, out.ids, "%q", *g.Text)
		require.Equal(t, g.Plain, encode(t, tok, *g.Text, false), "%q", *g.Text)
	})
	require.Greater(t, n, 1800)
}
