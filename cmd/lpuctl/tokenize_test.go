package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// tokenizerFolderOf is a folder with a small tokenizer.json and nothing else.
func tokenizerFolderOf(t *testing.T) string {
	data, err := os.ReadFile("../../internal/tokenizer/testdata/bytes.json")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tokenizer.json"), data, 0o644))
	return dir
}

func TestTokenizeFolder(t *testing.T) {
	dir := tokenizerFolderOf(t)
	text := "café</s>"
	for _, model := range []string{dir, filepath.Join(dir, "tokenizer.json")} {
		ids := ok(t, "tokenize", model, text, "-o", "json")
		require.Equal(t, text+"\n", ok(t, "tokenize", model, "--decode", ids[1:len(ids)-2]))
	}
	require.Equal(t, "[[2,0,4]]\n", ok(t, "tokenize", dir, "</s>", "--parse-special", "--offsets", "-o", "json"))
	require.Equal(t, "\n", ok(t, "tokenize", dir, "--decode", "2 2", "--skip-special"))
}

func TestTokenizeFolderErrors(t *testing.T) {
	dir := t.TempDir()
	r := lpuctl(t, "tokenize", dir, "a")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, dir+" has neither tokenizer.json nor tokenizer.model")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "tokenizer.json"), []byte(`{"model":{"type":"Unigram"}}`), 0o644))
	r = lpuctl(t, "tokenize", dir, "a")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, dir+`: tokenizer: tokenizer.json: model: type "Unigram" is not supported, only BPE`)
}
