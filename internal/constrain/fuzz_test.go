package constrain

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/constrain/constraintest"
)

// FuzzCompile compiles anything. What it generates under a schema that compiles
// is JSON, complete at the limit, and accepted by the grammar.
func FuzzCompile(f *testing.F) {
	for _, c := range constraintest.Cases(f) {
		f.Add([]byte(c.Schema), uint64(1))
	}
	v, tokens := testVocabulary(f)
	f.Fuzz(func(t *testing.T, schema []byte, seed uint64) {
		g, err := Compile(schema)
		if err != nil || g.Shortest() > 200 {
			return
		}
		text := generate(t, newMatcher(g), v, tokens, int(g.Shortest())+int(seed%50), seed)
		require.True(t, json.Valid(text), "%s", text)
		require.True(t, g.Match(text), "%s", text)
	})
}

// FuzzMatch reads any text: what a grammar of all JSON accepts is JSON.
func FuzzMatch(f *testing.F) {
	g, err := Compile([]byte(`{}`))
	require.NoError(f, err)
	for _, c := range constraintest.Cases(f) {
		for _, test := range c.Tests {
			f.Add([]byte(test.Data))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if g.Match(text) {
			require.True(t, json.Valid(text))
		}
	})
}
