package main

import (
	"os"
	"path/filepath"
	"strings"
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
	require.Equal(t, "2 0 4\n2 4 8\n", ok(t, "tokenize", dir, "</s></s>", "--parse-special", "--offsets"))
	ids := ok(t, "tokenize", dir, text, "-o", "json")
	require.Equal(t, text+"\n", ok(t, "tokenize", dir, "--decode", ids), "what it prints it reads")
}

func TestTokenizeRefuses(t *testing.T) {
	dir := tokenizerFolderOf(t)
	for _, c := range []struct {
		args []string
		in   string
		code int
		want string
	}{
		{[]string{"5", "--decode", "--offsets"}, "", exitUsage, "--offsets are for text"},
		{[]string{"a", "--skip-special"}, "", exitUsage, "--skip-special needs --decode"},
		{[]string{"[1,x]", "--decode"}, "", exitUsage, `token id "x"`},
		{[]string{"[1,2", "--decode"}, "", exitUsage, `token id "[1"`},
		{[]string{"--jsonl"}, "null\n", exitError, "line 1: want a JSON string: null is none"},
		{[]string{"--jsonl", "--decode"}, "[1]\nnull\n", exitError, "line 2: want a JSON array of ids: null is none"},
	} {
		r := lpuctlWith(t, strings.NewReader(c.in), append([]string{"tokenize", dir}, c.args...)...)
		require.Equal(t, c.code, r.code, "%q: %s", c.args, r.err)
		require.Contains(t, r.err, c.want)
	}
	other := filepath.Join(t.TempDir(), "other.json")
	require.NoError(t, os.WriteFile(other, []byte("{}"), 0o600))
	require.Contains(t, lpuctl(t, "tokenize", other, "a").err, other+": tokenizer")
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
