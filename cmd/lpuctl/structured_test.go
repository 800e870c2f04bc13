package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/constrain"
	"github.com/lpuctl/lpuctl/internal/constrain/constraintest"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/sample"
)

const citizenSchema = `{
  "type": "object",
  "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 20},
    "age": {"type": "integer", "minimum": 0, "maximum": 120},
    "born": {"format": "date"}
  },
  "required": ["name", "age", "born"],
  "additionalProperties": false
}`

func writeSchema(t testing.TB, schema string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "schema.json")
	require.NoError(t, os.WriteFile(path, []byte(schema), 0o600))
	return path
}

// TestRunJSONSchema: a model that knows nothing but stories writes valid JSON,
// whatever the limit and the sampling.
func TestRunJSONSchema(t *testing.T) {
	path, valid := writeSchema(t, citizenSchema), constraintest.NewValidator(t, []byte(citizenSchema))
	for _, n := range []string{"30", "40", "200"} {
		for _, more := range [][]string{{"--temp", "0"}, {"--temp", "2", "--seed", "3"}, {"--top-k", "1"}} {
			args := append([]string{"run", "builtin:stories260k", "Once", "--json-schema", path, "-n", n}, more...)
			valid.Require(t, []byte(ok(t, args...)))
		}
	}
}

func TestRunJSON(t *testing.T) {
	for _, n := range []string{"2", "7", "60"} {
		var object map[string]any
		require.NoError(t, json.Unmarshal([]byte(ok(t, "run", "builtin:stories260k", "--json", "-n", n)), &object))
	}
}

func TestRunStructuredRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--json", "-n", "1"}, exitError, "the shortest valid text has 2 bytes, too many for 1 tokens"},
		{[]string{"--json", "--json-schema", "x.json"}, exitUsage, "--json and --json-schema exclude each other"},
		{[]string{"--json", "--stop", "}"}, exitUsage, "--stop could cut the JSON short"},
		{[]string{"--json-schema", "absent.json"}, exitError, "absent.json"},
		{[]string{"--json-schema", writeSchema(t, `{"properties":{"a":{"not":{}}}}`)}, exitError, `schema.json: schema: #/properties/a/not: keyword "not" is not supported`},
	} {
		r := lpuctl(t, append([]string{"run", "builtin:stories260k"}, c.args...)...)
		require.Equal(t, c.code, r.code, "%q: %s", c.args, r.err)
		require.Contains(t, r.err, c.want)
		require.Empty(t, r.out)
	}
}

// TestModelsStayInSchemas lets a trained model and one of random weights
// generate under every schema of the public test suite and of our own that is
// supported.
func TestModelsStayInSchemas(t *testing.T) {
	texts := 0
	trained := openGuided(t, graphFlags{quant: "none", kind: "auto", group: 32, prefill: 32, context: 256, synthetic: -1}, "builtin:stories260k")
	random := openGuided(t, graphFlags{quant: "none", kind: "auto", group: 32, prefill: 32, context: 256, synthetic: 7}, "preset:stories260k")
	for i, c := range constraintest.Cases(t) {
		g, err := constrain.Compile(c.Schema)
		if err != nil {
			continue // internal/constrain tests which
		}
		valid := constraintest.NewValidator(t, c.Schema)
		for _, e := range []engine.Engine{trained, random} {
			valid.Require(t, []byte(generateGuided(t, e, g, int(g.Shortest())+20, uint64(i))))
			texts++
		}
	}
	require.Equal(t, 2*constraintest.Supported, texts)
}

func openGuided(t testing.TB, f graphFlags, spec string) engine.Engine {
	t.Helper()
	m, g, err := f.open(spec)
	require.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	e, err := (&app{}).newReference(t.Context(), g, 1)
	require.NoError(t, err)
	t.Cleanup(func() { e.Close() })
	return e
}

// generateGuided returns at most n tokens under a grammar. Every model has the
// tokens of stories260K.
func generateGuided(t testing.TB, e engine.Engine, g *constrain.Grammar, n int, seed uint64) string {
	t.Helper()
	tok, err := tokenizerModel(filepath.Join(repository, "internal/tokenizer/testdata/stories260k.model"))
	require.NoError(t, err)
	sampler, err := sample.New(sample.Params{Temperature: 1, TopP: 0.95, Seed: seed})
	require.NoError(t, err)
	ends := []int{tok.Vocab().EOS}
	pick, err := guided(g, tok, ends, n, sampler)
	require.NoError(t, err)
	var out bytes.Buffer
	stopper, err := sample.NewStopper(nil)
	require.NoError(t, err)
	s := newSpeaker(&out, tok, ends, stopper, []int{tok.Vocab().BOS})
	require.NoError(t, engine.Generate(t.Context(), e, []int{tok.Vocab().BOS}, n, pick, s.say))
	require.NoError(t, s.finish())
	return out.String()
}
