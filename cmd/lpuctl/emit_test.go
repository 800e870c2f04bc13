package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/build"
)

// contents are the files of a folder by name.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(data)
	}
	return files
}

// TestEmitIsDeterministic emits twice, the second time on one processor.
func TestEmitIsDeterministic(t *testing.T) {
	emit := func() map[string]string {
		dir := t.TempDir()
		ok(t, "emit", "builtin:stories260k", "--quant", "int4", "--kind", "a15", "--trace", "-o", dir, "--quiet")
		return contents(t, dir)
	}
	first := emit()
	require.Len(t, first, 5)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	require.Equal(t, first, emit())
}

// TestEmitLarge emits the shapes of large models and, with LLVM, compiles them.
func TestEmitLarge(t *testing.T) {
	for _, preset := range []string{"llama2-70b", "llama3-8b"} {
		dir := t.TempDir()
		args := []string{"emit", "preset:" + preset, "--quant", "int4", "--group", "128", "--context", "2048", "--prefill", "128", "--weights", "none", "-o", dir}
		ok(t, args...)
		info, err := os.Stat(filepath.Join(dir, build.ModuleFile))
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(1_200_000), preset)
		t.Run(preset, func(t *testing.T) {
			needLLVM(t)
			require.Regexp(t, `verified by LLVM .*\nlowered in .*, compiled in .* to model.o`, ok(t, append(args, "--compile")...))
		})
	}
}

func TestEmitRefuses(t *testing.T) {
	dir := t.TempDir()
	r := lpuctl(t, "emit", "preset:llama2-70b", "-o", dir)
	require.Equal(t, exitUsage, r.code)
	require.Contains(t, r.err, "llama2-70b has no weights: add --weights none or --synthetic SEED")
	require.Empty(t, contents(t, dir), "no partial output")
	t.Setenv("LPUCTL_LLVM", dir)
	t.Setenv("PATH", dir)
	r = lpuctl(t, "emit", "builtin:stories260k", "-o", filepath.Join(dir, "out"), "--verify")
	require.Equal(t, exitToolMissing, r.code)
	require.Contains(t, r.err, "mlir-opt")
}
