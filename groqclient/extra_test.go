package groqclient

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// roots are the objects that the API takes and gives.
var roots = []any{
	ChatRequest{}, ChatResponse{}, ChatChunk{}, ResponseRequest{}, Response{}, ResponseEvent{}, EmbeddingRequest{}, Embeddings{},
	SpeechRequest{}, Transcription{}, Model{}, Deleted{}, FileInfo{}, BatchRequest{}, Batch{}, BatchLine{}, BatchResult{},
	FineTuningRequest{}, FineTuning{}, RerankRequest{}, Reranking{},
}

// fill gives every field below v a value, down to a depth that ends recursion.
// A type with a JSON form of its own gets the first of some values that it takes.
func fill(v reflect.Value, depth int) {
	custom, _ := v.Addr().Interface().(json.Unmarshaler)
	switch kind := v.Kind(); {
	case kind == reflect.String:
		v.SetString("x")
	case v.CanInt():
		v.SetInt(1)
	case v.CanFloat():
		v.SetFloat(0.5)
	case kind == reflect.Struct && v.FieldByName("Extra").IsValid():
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				fill(v.Field(i), depth+1)
			}
		}
	case custom != nil:
		for _, raw := range []string{`[{}]`, `"x"`, `1`, `true`} {
			if custom.UnmarshalJSON([]byte(raw)) == nil {
				return
			}
		}
	case kind == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth)
	case kind == reflect.Slice && depth < 10:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth)
	case kind == reflect.Bool:
		v.SetBool(true)
	}
}

// document is the JSON of root with every field set.
func document(t *testing.T, root any) []byte {
	v := reflect.New(reflect.TypeOf(root)).Elem()
	fill(v, 0)
	raw, err := json.Marshal(v.Interface())
	require.NoError(t, err)
	return raw
}

// insert adds a member to the nth object of a document and reports whether
// there are so many.
func insert(document []byte, n int, member string) ([]byte, bool) {
	for i, c := range document {
		if c != '{' {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		if document[i+1] != '}' {
			member += ","
		}
		return bytes.Join([][]byte{document[:i+1], document[i+1:]}, []byte(member)), true
	}
	return nil, false
}

// requireSurvives decodes the document into a new value like root and encodes
// that again.
func requireSurvives(t *testing.T, root any, document []byte) {
	v := reflect.New(reflect.TypeOf(root)).Interface()
	require.NoError(t, json.Unmarshal(document, v), "%s", document)
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	require.JSONEq(t, string(document), string(raw))
}

// TestUnknownFieldsSurvive puts a new field into every object of every kind.
func TestUnknownFieldsSurvive(t *testing.T) {
	for _, root := range roots {
		whole := document(t, root)
		requireSurvives(t, root, whole)
		n := 0
		for changed, ok := insert(whole, n, `"new":{"a":[1,"}"]}`); ok; changed, ok = insert(whole, n, `"new":{"a":[1,"}"]}`) {
			requireSurvives(t, root, changed)
			n++
		}
		require.Positive(t, n)
	}
}

// FuzzUnknownFields does it with names and values of every kind.
func FuzzUnknownFields(f *testing.F) {
	f.Add(uint8(0), uint8(0), "new", `{"a":[1,"}"]}`)
	f.Add(uint8(1), uint8(3), `n"é\`, `null`)
	f.Add(uint8(2), uint8(2), "\xff", ` "\u0000\"" `)
	f.Fuzz(func(t *testing.T, r, n uint8, name, value string) {
		var v any
		if json.Unmarshal([]byte(value), &v) != nil {
			t.Skip("not a value")
		}
		key, err := json.Marshal("new " + name) // no field has such a name
		require.NoError(t, err)
		root := roots[int(r)%len(roots)]
		if changed, ok := insert(document(t, root), int(n), string(key)+":"+value); ok {
			requireSurvives(t, root, changed)
		}
	})
}

// TestMethodsAreCurrent runs the generator again.
func TestMethodsAreCurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "methods.go")
	out, err := exec.CommandContext(t.Context(), "go", "run", "gen.go", "-o", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	got, err := os.ReadFile("extra_methods.go")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go generate")
}

// TestDependencies holds the package to the standard library and
// go-retryablehttp with what that needs.
func TestDependencies(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	require.NoError(t, err)
	require.Equal(t, []string{
		"github.com/hashicorp/go-cleanhttp", "github.com/hashicorp/go-retryablehttp", "github.com/lpuctl/lpuctl/groqclient",
	}, strings.Fields(string(out)))
}
