package tokenizer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchmarkFile is the tokenizer.json of the benchmarks: that of the folder in
// LPUCTL_TOKENIZER, or a small one.
func benchmarkFile(b *testing.B) []byte {
	dir := os.Getenv("LPUCTL_TOKENIZER")
	if dir == "" {
		return jsonFile(b, "bytes", nil, nil)
	}
	data, err := os.ReadFile(filepath.Join(dir, "tokenizer.json"))
	require.NoError(b, err)
	return data
}

// benchmarkText is a megabyte of English and code: documentation and source of
// this repository.
func benchmarkText(b *testing.B) string {
	var text strings.Builder
	for _, pattern := range []string{"../../docs/*.md", "*.go", "split/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(b, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(b, err)
			text.Write(data)
		}
	}
	return strings.Repeat(text.String(), 1+(1<<20)/text.Len())[:1<<20]
}

func BenchmarkParseJSON(b *testing.B) {
	data := benchmarkFile(b)
	for b.Loop() {
		_, err := ParseJSON(data, nil)
		require.NoError(b, err)
	}
}

func BenchmarkEncode(b *testing.B) {
	tok, err := ParseJSON(benchmarkFile(b), nil)
	require.NoError(b, err)
	for name, text := range map[string]string{
		"text":       benchmarkText(b),
		"one letter": strings.Repeat("a", 1<<20),
		"spaces":     strings.Repeat(" ", 1<<20),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				encode(b, tok, text, false)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	tok, err := ParseJSON(benchmarkFile(b), nil)
	require.NoError(b, err)
	text := benchmarkText(b)
	ids := encode(b, tok, text, false)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tok.Decode(ids)
	}
}
