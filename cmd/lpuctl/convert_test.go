package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConvert: a folder that has become a GGUF file writes what the built-in
// model writes, and the same conversion gives the same bytes.
func TestConvert(t *testing.T) {
	dir := t.TempDir()
	hf, gguf, again := filepath.Join(dir, "hf"), filepath.Join(dir, "m.gguf"), filepath.Join(dir, "n.gguf")
	require.Contains(t, ok(t, "convert", "builtin:stories260k", "-o", hf), hf+": 48 tensors, 1.117 MiB, in ")
	var c converted
	require.NoError(t, json.Unmarshal([]byte(ok(t, "convert", hf, "-o", gguf, "--json")), &c))
	require.Equal(t, converted{gguf, 48, 1171200, c.Seconds}, c)
	for _, model := range []string{hf, gguf} {
		require.Equal(t, ok(t, "tokenize", "builtin:stories260k", "Once upon a time"), ok(t, "tokenize", model, "Once upon a time"))
		require.Equal(t, ok(t, "logits", "builtin:stories260k", "--ids", "1,403,407", "--json"), ok(t, "logits", model, "--ids", "1,403,407", "--json"))
	}
	ok(t, "convert", hf, "-o", again)
	first, err := os.ReadFile(gguf)
	require.NoError(t, err)
	second, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, first, second)
}

func TestConvertErrors(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"builtin:stories260k"}, exitUsage, "-o OUT is needed"},
		{[]string{"builtin:stories260k", "-o", out, "--type", "q5_0"}, exitUsage, "--type q5_0: want keep, f32, f16, bf16, q8_0 or q4_0"},
		{[]string{"builtin:stories260k", "-o", out, "--type", "q8_0"}, exitError, "a Hugging Face folder holds F32, F16 or BF16, not Q8_0"},
		{[]string{"preset:llama2-7b", "-o", out}, exitUsage, "preset:llama2-7b has no weights to convert"},
		{[]string{"builtin:stories260k", "-o", filepath.Dir(out)}, exitError, "exists"},
	} {
		r := lpuctl(t, append([]string{"convert"}, c.args...)...)
		require.Equal(t, c.code, r.code)
		require.Contains(t, r.err, c.want)
		require.Empty(t, r.out)
	}
	require.NoFileExists(t, out)
}
