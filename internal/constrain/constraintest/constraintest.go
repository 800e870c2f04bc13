// Package constraintest has what tests of structured output share: schemas with
// documents that are valid or not, and an independent validator.
package constraintest

import (
	"bytes"
	"embed"
	"encoding/json"
	"testing"

	"github.com/dlclark/regexp2/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

//go:embed testdata
var files embed.FS

// Case is a schema and documents.
type Case struct {
	File   string          `json:"file"` // of the suite
	About  string          `json:"about"`
	Schema json.RawMessage `json:"schema"`
	Tests  []Document      `json:"tests"`
}

// Document is a JSON text that is valid under the schema of its case or not.
type Document struct {
	About string          `json:"about"`
	Data  json.RawMessage `json:"data"`
	Valid bool            `json:"valid"`
}

// Cases returns the public test suite and our own cases: see testdata/README.md.
func Cases(t testing.TB) []Case {
	t.Helper()
	var all []Case
	for _, name := range []string{"testdata/suite.jsonl", "testdata/documents.jsonl"} {
		data, err := files.ReadFile(name)
		require.NoError(t, err)
		for line := range bytes.Lines(data) {
			var c Case
			require.NoError(t, json.Unmarshal(line, &c))
			all = append(all, c)
		}
	}
	return all
}

// Supported is how many of the cases have a schema that compiles: 204 of the
// suite and 27 of our own.
const Supported = 204 + 27

// Validator is an independent implementation of JSON Schema, with formats and
// with patterns as ECMA-262 defines them.
type Validator struct{ schema *jsonschema.Schema }

// NewValidator compiles a schema.
func NewValidator(t testing.TB, schema []byte) Validator {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseRegexpEngine(compilePattern)
	require.NoError(t, c.AddResource("schema.json", value))
	s, err := c.Compile("schema.json")
	require.NoError(t, err)
	return Validator{s}
}

// Require fails the test unless text is a valid JSON text.
func (v Validator) Require(t testing.TB, text []byte) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err, "%s", text)
	require.NoError(t, v.schema.Validate(value), "%s", text)
}

// Valid reports whether text is a valid JSON text.
func (v Validator) Valid(text []byte) bool {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	return err == nil && v.schema.Validate(value) == nil
}

// ecmaPattern is a pattern of ECMA-262 with Unicode.
type ecmaPattern struct{ *regexp2.Regexp }

func compilePattern(source string) (jsonschema.Regexp, error) {
	re, err := regexp2.Compile(source, regexp2.ECMAScript|regexp2.Unicode)
	return ecmaPattern{re}, err
}

// MatchString implements jsonschema.Regexp.
func (p ecmaPattern) MatchString(s string) bool {
	ok, err := p.Regexp.MatchString(s)
	return ok && err == nil
}
