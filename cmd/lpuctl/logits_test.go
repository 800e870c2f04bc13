package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/prove"
)

// TestLogitsFile records a run, reads it back and finds the greedy choices in it.
func TestLogitsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "logits.safetensors")
	require.Empty(t, ok(t, "logits", storiesHF(t), "--ids", "1,403,407", "--decode", "5", "-o", file))
	r, err := prove.LoadGolden(file)
	require.NoError(t, err)
	require.Equal(t, "lpuctl reference", r.Engine)
	require.Equal(t, 3, r.Prompt)
	require.Equal(t, []int{1, 403, 407}, r.IDs[:3])
	require.Len(t, r.IDs, 8)
	require.Len(t, r.Logits, 8*512)
	for pos := r.Prompt - 1; pos+1 < len(r.IDs); pos++ {
		row := r.Logits[pos*r.Vocab : (pos+1)*r.Vocab]
		require.Equal(t, topLogits(row, 1)[0].ID, r.IDs[pos+1], "row %d chooses the next id", pos)
	}
}

// TestLogitsEngines: both engines write the same logits.
func TestLogitsEngines(t *testing.T) {
	needLLVM(t)
	dir := t.TempDir()
	record := func(engine string) *golden.Recorded {
		file := filepath.Join(dir, engine)
		ok(t, "logits", "builtin:stories260k", "--prompt", "Once upon a time", "--decode", "4", "--quant", "int4", "--engine", engine, "-o", file)
		r, err := prove.LoadGolden(file)
		require.NoError(t, err)
		return r
	}
	want, got := record("reference"), record("mlir")
	require.Equal(t, "lpuctl mlir", got.Engine)
	got.Engine = want.Engine
	require.Equal(t, want, got)
}

// TestLogitsStream: layers that are packed one by one give the same file.
func TestLogitsStream(t *testing.T) {
	dir := t.TempDir()
	record := func(name string, flags ...string) string {
		args := []string{"logits", "builtin:stories260k", "--ids", "1,2,3", "--decode", "2", "-o", filepath.Join(dir, name)}
		ok(t, append(args, flags...)...)
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(data)
	}
	require.Equal(t, record("whole"), record("stream", "--stream"))
}

func TestLogitsTop(t *testing.T) {
	var got struct {
		IDs    []int
		Prompt int
		Top    []topLogit
	}
	require.NoError(t, json.Unmarshal([]byte(ok(t, "logits", "builtin:stories260k", "--prompt", "Once", "--json")), &got))
	require.Equal(t, len(got.IDs), got.Prompt)
	require.Len(t, got.Top, 10)
	require.Equal(t, "▁upon", got.Top[0].Token)
	r := lpuctl(t, "logits", storiesHF(t), "--prompt", "Once")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "has neither tokenizer.json nor tokenizer.model")
}
