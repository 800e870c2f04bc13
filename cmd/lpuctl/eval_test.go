package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/golden"
)

func evalText(t testing.TB, text string) string {
	path := filepath.Join(t.TempDir(), "text.txt")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func evalStats(t testing.TB, args ...string) golden.QualityStats {
	var s golden.QualityStats
	require.NoError(t, json.Unmarshal([]byte(ok(t, append([]string{"eval", "-o", "json"}, args...)...)), &s))
	return s
}

// TestEval ranks quantizations as they are known to rank, on the text that the
// model itself writes.
func TestEval(t *testing.T) {
	text := evalText(t, golden.GreedyText())
	same := evalStats(t, "builtin:stories260k", "--text", text)
	int8 := evalStats(t, "builtin:stories260k", "--quant", "int8", "--text", text)
	int4 := evalStats(t, "builtin:stories260k", "--quant", "int4", "--text", text, "--base", storiesGGUF(t))
	require.Equal(t, 200, same.Tokens)
	require.Zero(t, same.MaxKL)
	require.Equal(t, golden.Estimate{Value: 1}, same.Top1)
	require.Equal(t, same.BasePerplexity, int4.BasePerplexity)
	require.Less(t, 0.0, int8.MeanKL.Value)
	require.Less(t, 10*int8.MeanKL.Value, int4.MeanKL.Value)
	require.Less(t, int4.Top1.Value, int8.Top1.Value)
	require.Less(t, same.BasePerplexity.Value, 2.0, "the text is the model's own")
	require.Contains(t, ok(t, "eval", "builtin:stories260k", "--text", text), "same top-1             100.00 ± 0.00 %")
}

// TestEvalWindows: each window begins with BOS, which is not predicted, and a
// rest that predicts nothing is left out.
func TestEvalWindows(t *testing.T) {
	ids := []int{5, 6, 7, 8, 9}
	require.Equal(t, []window{{[]int{1, 5, 6}, 1}, {[]int{1, 7, 8}, 1}, {[]int{1, 9}, 1}}, cut(ids, []int{1}, 3))
	require.Equal(t, []window{{[]int{5, 6}, 1}, {[]int{7, 8}, 1}}, cut(ids, nil, 2))
	require.Empty(t, cut(ids, []int{1}, 1))
	require.Empty(t, cut(ids, nil, 1))
	require.Empty(t, cut(nil, []int{1}, 4))
}

func TestEvalErrors(t *testing.T) {
	text := evalText(t, "")
	require.Equal(t, 2, lpuctl(t, "eval", "builtin:stories260k").code)
	require.Equal(t, 2, lpuctl(t, "eval", "builtin:stories260k", "--text", text, "--context", "-1").code)
	require.Contains(t, lpuctl(t, "eval", "builtin:stories260k", "--text", text).err, "nothing to predict")
	require.Contains(t, lpuctl(t, "eval", "builtin:stories260k", "--text", text+".none").err, "no such file")
	require.Contains(t, lpuctl(t, "eval", "preset:llama2-7b", "--text", text).err, "a preset is a shape only")
	require.Contains(t, lpuctl(t, "eval", "builtin:stories260k", "--text", evalText(t, "Once upon a time"),
		"--base", filepath.Join(repository, "golden", "testdata", "llama")).err, "a vocabulary of 512, llama of 269")
}
