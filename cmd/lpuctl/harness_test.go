package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/builtin"
	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/toolchain"
)

// result is what one command line gave.
type result struct {
	code     int
	out, err string
}

// lpuctl runs a command line as main does, with an empty standard input.
func lpuctl(t testing.TB, args ...string) result {
	t.Helper()
	return lpuctlWith(t, strings.NewReader(""), args...)
}

func lpuctlWith(t testing.TB, in io.Reader, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := execute(t.Context(), args, streams{in: in, out: &out, err: &errs})
	return result{code, out.String(), errs.String()}
}

// ok runs a command line that must succeed in silence and returns its output.
func ok(t testing.TB, args ...string) string {
	t.Helper()
	r := lpuctl(t, args...)
	require.Equal(t, result{out: r.out}, r, "lpuctl %s", strings.Join(args, " "))
	return r.out
}

// needLLVM skips a test on machines that cannot compile MLIR.
func needLLVM(t testing.TB) {
	t.Helper()
	if _, err := toolchain.Find(t.Context(), os.Getenv); err != nil {
		t.Skip("not checked: " + err.Error())
	}
}

// storiesGGUF writes the built-in model to a file.
func storiesGGUF(t testing.TB) string {
	t.Helper()
	data, err := builtin.Open("stories260k")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "stories260K.gguf")
	require.NoError(t, os.WriteFile(path, data, 0o644))
	return path
}

// storiesHF writes the built-in model as a Hugging Face folder, without a
// tokenizer.
func storiesHF(t testing.TB) string {
	t.Helper()
	data, err := builtin.Open("stories260k")
	require.NoError(t, err)
	c, err := checkpoint.FromGGUF("stories260k", data)
	require.NoError(t, err)
	dir := t.TempDir()
	checkpointtest.WriteHF(t, dir, c, 2)
	return dir
}

// copyFile copies a file of the repository.
func copyFile(t testing.TB, to, from string) {
	t.Helper()
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, data, 0o644))
}
