package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
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

// runJSON is what `lpuctl run -o json` prints.
func runJSON(t *testing.T, args ...string) (r runResult) {
	t.Helper()
	out := ok(t, append([]string{"run", "builtin:stories260k", "-o", "json"}, args...)...)
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	return r
}

// TestRunPromptLookup: guesses change no token, greedy or drawn, in either order
// of the filters and with penalties.
func TestRunPromptLookup(t *testing.T) {
	accepted := 0
	for _, sampling := range [][]string{
		{"--temp", "0"},
		{"--temp", "0.7", "--seed", "3"},
		{"--temp", "0.9", "--seed", "4", "--sampler-order", "llama.cpp", "--top-k", "20", "--typical-p", "0.9"},
		{"--temp", "0.5", "--seed", "5", "--repetition-penalty", "1.05", "--presence-penalty", "0.1"},
	} {
		args := append([]string{"Once upon a time", "-n", "300", "--logprobs", "1"}, sampling...)
		plain := runJSON(t, args...)
		guessed := runJSON(t, append(args, "--prompt-lookup", "6")...)
		accepted += guessed.Stats.Accepted
		require.Less(t, guessed.Stats.Calls, plain.Stats.Calls, "%q", sampling)
		guessed.Stats = plain.Stats
		require.Equal(t, plain, guessed, "%q", sampling)
	}
	require.Greater(t, accepted, 50)
}

func TestRunStops(t *testing.T) {
	plain := runJSON(t, "Once upon a time", "--temp", "0", "-n", "60")
	require.Equal(t, "length", plain.FinishReason)
	require.Len(t, plain.IDs, 60)
	before, _, found := strings.Cut(plain.Text, "red ball")
	require.True(t, found, plain.Text)
	args := []string{"Once upon a time", "--temp", "0", "-n", "60", "--stop", "nowhere", "--stop", "red ball"}
	got := runJSON(t, args...)
	require.Equal(t, before, got.Text)
	require.Equal(t, "stop", got.FinishReason)
	require.Equal(t, "red ball", got.StopString)
	require.Less(t, len(got.IDs), 60)
	require.Equal(t, before, ok(t, append([]string{"run", "builtin:stories260k"}, args...)...))

	ended := runJSON(t, "Once upon a time", "--temp", "0", "--logit-bias", "2=1000")
	require.Equal(t, []int{2}, ended.IDs, "the token at the end of a sequence ends the text")
	require.Equal(t, "stop", ended.FinishReason)
	require.Empty(t, ended.Text)
}

// TestRunLogProbs: the log-probabilities are the model's, whatever is picked.
func TestRunLogProbs(t *testing.T) {
	plain := runJSON(t, "Once upon a", "--temp", "0", "-n", "1", "--logprobs", "3").LogProbs[0]
	require.Equal(t, "▁time", plain.Token)
	require.Len(t, plain.Top, 3)
	require.Equal(t, plain.LogProb, plain.Top[0].LogProb)
	second := plain.Top[1]
	banned := runJSON(t, "Once upon a", "--temp", "0.1", "-n", "1", "--logprobs", "0", "--logit-bias", fmt.Sprintf("%d=-1e9", plain.ID),
		"--logit-bias", fmt.Sprintf("%d=20", second.ID)).LogProbs
	require.Equal(t, []tokenLogProb{second}, banned)
}

func TestRunStats(t *testing.T) {
	r := lpuctl(t, "run", "builtin:stories260k", "Once upon a time", "-n", "200", "--temp", "0", "--prompt-lookup", "4", "--stats")
	require.Equal(t, exitOK, r.code, r.err)
	require.Regexp(t, `(?m)^prompt: 5 tokens, `, r.err)
	require.Regexp(t, `(?m)^generated: 200 tokens, `, r.err)
	require.Regexp(t, `(?m)^prompt lookup: [1-9]\d* of \d+ guessed tokens accepted, \d+ calls$`, r.err)
	require.Regexp(t, `(?m)^sampling: \{"order":"hf","temperature":0,`, r.err)
}

func TestRunNothing(t *testing.T) {
	require.Equal(t, []int{}, runJSON(t, "Once", "-n", "0").IDs)
	r := lpuctl(t, "run", "builtin:stories260k", "Once", "-n", "0", "--stats")
	require.Contains(t, r.err, "generated: 0 tokens, 0.0 tokens/s")
	require.Empty(t, r.out)
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
		{[]string{"run", "builtin:stories260k", "--sampler-order", "vllm"}, exitUsage, `order "vllm": want one of [hf llama.cpp]`},
		{[]string{"run", "builtin:stories260k", "--logit-bias", "x=1"}, exitUsage, "--logit-bias x=1: want ID=NUMBER"},
		{[]string{"run", "builtin:stories260k", "--logit-bias", "3"}, exitUsage, "--logit-bias 3: want ID=NUMBER"},
		{[]string{"run", "builtin:stories260k", "--logit-bias", "3=NaN"}, exitUsage, "bias NaN of token 3"},
		{[]string{"run", "builtin:stories260k", "--logit-bias", "512=1"}, exitUsage, "--logit-bias 512=1: the model has the tokens 0 to 511"},
		{[]string{"run", "builtin:stories260k", "--logit-bias", "3=1e308", "--logit-bias", "3=1e308"}, exitError, "make logit 3 of 512 +Inf"},
		{[]string{"run", "builtin:stories260k", "-n", "-2"}, exitUsage, "--tokens -2: want at least -1"},
		{[]string{"run", "builtin:stories260k", "--threads", "-1"}, exitUsage, "--threads -1: want at least 0"},
		{[]string{"validate", "builtin:stories260k", "--threads", "-1"}, exitUsage, "--threads -1: want at least 0"},
		{[]string{"logits", "builtin:stories260k", "--ids", "1", "--threads", "-1"}, exitUsage, "--threads -1: want at least 0"},
		{[]string{"logits", "builtin:stories260k", "--ids", "1", "--decode", "-1"}, exitUsage, "--decode -1: want at least 0"},
		{[]string{"eval", "builtin:stories260k", "--text", "x", "--threads", "-1"}, exitUsage, "--threads -1: want at least 0"},
		{[]string{"run", "builtin:stories260k", "--context", "-1"}, exitUsage, "--context -1: want at least 0"},
		{[]string{"emit", "builtin:stories260k", "-o", "x", "--prefill", "-1"}, exitUsage, "--prefill -1: want at least 0"},
		{[]string{"run", "builtin:stories260k", "-o", "json", "--logprobs", "-2"}, exitUsage, "--logprobs -2: want at least -1"},
		{[]string{"run", "builtin:stories260k", "--stop", ""}, exitUsage, "--stop: sample: a stop string is empty"},
		{[]string{"run", "builtin:stories260k", "--prompt-lookup", "8", "--prefill", "8"}, exitUsage, "--prompt-lookup 8: want 0 to 7"},
		{[]string{"run", "builtin:stories260k", "--logprobs", "1"}, exitUsage, "--logprobs needs -o json"},
		{[]string{"run", "builtin:stories260k", "-o", "yaml"}, exitUsage, "-o yaml: want text or json"},
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

// TestRunInterruptedWhileLoading: there is no text yet, and nothing to explain.
func TestRunInterruptedWhileLoading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errs bytes.Buffer
	code := execute(ctx, []string{"run", "builtin:stories260k"}, streams{in: strings.NewReader(""), out: io.Discard, err: &errs})
	require.Equal(t, exitInterrupted, code)
	require.Equal(t, "lpuctl: interrupted\n", errs.String())
}
