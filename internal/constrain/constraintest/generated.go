package constraintest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// Generated is a schema and JSON texts that others wrote, divided by what
// jsonschema-rs says of them.
type Generated struct {
	Name    string
	Schema  string
	Valid   []string
	Invalid []string
}

// GeneratedCases returns the recording of record_documents.py: see
// testdata/README.md.
func GeneratedCases(t testing.TB) []Generated {
	t.Helper()
	file, err := files.Open("testdata/generated.jsonl.gz")
	require.NoError(t, err)
	zipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	data, err := io.ReadAll(zipped)
	require.NoError(t, err)
	var all []Generated
	for line := range bytes.Lines(data) {
		var g Generated
		require.NoError(t, json.Unmarshal(line, &g))
		all = append(all, g)
	}
	return all
}
