package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/golden"
)

// TestRunGreedy: 200 greedy steps from the beginning of a sequence spell what
// llama2.c printed, from a GGUF file and from a Hugging Face folder.
func TestRunGreedy(t *testing.T) {
	folder := storiesHF(t)
	copyFile(t, filepath.Join(folder, "tokenizer.model"), filepath.Join(repository, "internal/tokenizer/testdata/stories260k.model"))
	for _, spec := range []string{"builtin:stories260k", storiesGGUF(t), folder} {
		require.Equal(t, golden.GreedyText(), ok(t, "run", spec, "--temp", "0", "-n", "200"), spec)
	}
}

func TestRunSeed(t *testing.T) {
	text := func(seed, threads string) string {
		return ok(t, "run", "builtin:stories260k", "Once", "--temp", "0.9", "--top-k", "40", "-n", "60", "--seed", seed, "--threads", threads)
	}
	require.Equal(t, text("7", "1"), text("7", "2"), "a seed gives one text on any number of threads")
	require.NotEqual(t, text("7", "1"), text("8", "1"))
}

func TestRunRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"run"}, exitUsage, "accepts between 1 and 2 arg(s)"},
		{[]string{"run", "preset:llama2-7b"}, exitUsage, "llama2-7b has no weights: add --synthetic SEED"},
		{[]string{"run", "builtin:stories260k", "--kind", "a8"}, exitUsage, "add --quant int4"},
		{[]string{"run", "builtin:stories260k", "--kind", "q8"}, exitUsage, "--kind q8: want auto or one of f32"},
		{[]string{"run", "builtin:stories260k", "--quant", "int3"}, exitUsage, "--quant int3: want none, int4 or int8"},
		{[]string{"run", "builtin:stories260k", "--group", "48"}, exitUsage, "--group 48: want 32, 64 or 128"},
		{[]string{"run", "builtin:stories260k", "--top-p", "2"}, exitUsage, "top_p 2 is outside (0, 1]"},
		{[]string{"run", "absent.gguf"}, exitError, "absent.gguf"},
		{[]string{"run", "builtin:stories260k", "--nonsense"}, exitUsage, "unknown flag: --nonsense"},
		{[]string{"nonsense"}, exitUsage, `unknown command "nonsense"`},
	} {
		r := lpuctl(t, c.args...)
		require.Equal(t, c.code, r.code, "%q: %s", c.args, r.err)
		require.Contains(t, r.err, c.want)
		require.Empty(t, r.out)
	}
}
