package conformance

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/lpuctl/lpuctl/groqclient"
)

// A description is an OpenAPI document.
type description struct {
	Paths      map[string]map[string]any
	Components struct {
		Schemas map[string]*schema
	}
}

// A schema is the part of a JSON Schema that tells the names of fields.
type schema struct {
	Ref        string `yaml:"$ref"`
	Properties map[string]*schema
	Items      *schema
	OneOf      []*schema `yaml:"oneOf"`
	AnyOf      []*schema `yaml:"anyOf"`
	AllOf      []*schema `yaml:"allOf"`
}

// describe reads the description that the environment names.
func describe(t *testing.T) (path string, d *description) {
	path = named(t, "LPUCTL_GROQ_OPENAPI")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	d = new(description)
	require.NoError(t, yaml.Unmarshal(raw, d))
	return path, d
}

// operations lists "METHOD path" of every operation.
func (d *description) operations() (all []string) {
	for path, item := range d.Paths {
		for method := range item {
			if slices.Contains([]string{"get", "post", "delete"}, method) {
				all = append(all, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(all)
	return all
}

// described are the schemas of the description and the types that stand for
// them here.
var described = map[string]any{
	"CreateChatCompletionRequest":            groqclient.ChatRequest{},
	"CreateChatCompletionResponse":           groqclient.ChatResponse{},
	"CreateChatCompletionStreamResponse":     groqclient.ChatChunk{},
	"ChatCompletionStreamOptions":            groqclient.StreamOptions{},
	"CreateResponseRequest":                  groqclient.ResponseRequest{},
	"CreateResponseResponse":                 groqclient.Response{},
	"CreateEmbeddingRequest":                 groqclient.EmbeddingRequest{},
	"CreateEmbeddingResponse":                groqclient.Embeddings{},
	"CreateSpeechRequest":                    groqclient.SpeechRequest{},
	"CreateTranscriptionResponseJson":        groqclient.Transcription{},
	"CreateTranscriptionResponseVerboseJson": groqclient.Transcription{},
	"CreateTranslationResponseJson":          groqclient.Transcription{},
	"CreateTranslationResponseVerboseJson":   groqclient.Transcription{},
	"Batch":                                  groqclient.Batch{},
	"BatchRequestInput":                      groqclient.BatchLine{},
	"BatchRequestOutput":                     groqclient.BatchResult{},
	"File":                                   groqclient.FileInfo{},
	"DeleteFileResponse":                     groqclient.Deleted{},
	"CreateFineTuningRequest":                groqclient.FineTuningRequest{},
	"DeleteFineTuningResponse":               groqclient.Deleted{},
	"Model":                                  groqclient.Model{},
	"DeleteModelResponse":                    groqclient.Deleted{},
	"RerankingRequest":                       groqclient.RerankRequest{},
	"RerankingResponse":                      groqclient.Reranking{},
}

// TestEveryFieldHasAPlace looks for every described field in the Go types. The
// one that is left out says whether to stream, which the methods say here.
func TestEveryFieldHasAPlace(t *testing.T) {
	_, d := describe(t)
	w := &fieldWalk{schemas: d.Components.Schemas, seen: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(described)) {
		require.Contains(t, w.schemas, name)
		w.walk(w.schemas[name], reflect.TypeOf(described[name]), name)
	}
	w.walk(w.schemas["ReadFineTuningResponse"].Properties["data"], reflect.TypeFor[groqclient.FineTuning](), "FineTuning")
	slices.Sort(w.missing)
	require.Equal(t, []string{"CreateChatCompletionRequest.stream", "CreateResponseRequest.stream"}, w.missing)
	require.Greater(t, w.found, 300)
}

// A fieldWalk walks a schema and a Go type side by side.
type fieldWalk struct {
	schemas map[string]*schema
	seen    map[string]bool
	found   int
	missing []string
}

func (w *fieldWalk) walk(s *schema, t reflect.Type, at string) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
		if visit := name + " " + t.String(); !w.seen[visit] {
			w.seen[visit] = true
			w.walk(w.schemas[name], t, at)
		}
		return
	}
	for _, variant := range slices.Concat(s.OneOf, s.AnyOf, s.AllOf) {
		w.walk(variant, t, at)
	}
	w.walk(s.Items, t, at)
	fields := jsonFields(t)
	for name, property := range s.Properties {
		switch field, ok := fields[name]; {
		case ok:
			w.found++
			w.walk(property, field, at+"."+name)
		case fields != nil:
			w.missing = append(w.missing, at+"."+name)
		}
	}
}

// jsonFields are the fields of the struct that t is, points to, lists or
// wraps; nil if there is none.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields[name] = f.Type
		}
		if slices.Contains([]string{"value", "parts", "items"}, f.Name) { // Opt, contents and inputs
			return jsonFields(f.Type)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return fields
}
