package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/build"
	"github.com/lpuctl/lpuctl/internal/pack"
)

// fault is a mistake put into an emitted folder, and the first value that it
// changes.
type fault struct {
	name   string
	inject func(t *testing.T, dir string)
	path   string
}

// patch replaces every match of a pattern in both flavours of the module; each
// must have one.
func patch(pattern, with string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		re := regexp.MustCompile(pattern)
		for _, name := range []string{build.ModuleFile, build.TraceFile} {
			path := filepath.Join(dir, name)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Regexp(t, re, string(text))
			require.NoError(t, os.WriteFile(path, re.ReplaceAll(text, []byte(with)), 0o644))
		}
	}
}

// flip changes a bit of a tensor in weights.bin.
func flip(tensor string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		index, err := pack.ReadIndex(filepath.Join(dir, pack.IndexFile))
		require.NoError(t, err)
		path := filepath.Join(dir, pack.WeightsFile)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, entry := range index.Tensors {
			if entry.Name == tensor {
				data[entry.Offset+2] ^= 0x40
				require.NoError(t, os.WriteFile(path, data, 0o644))
				return
			}
		}
		require.Fail(t, "no tensor "+tensor)
	}
}

// TestValidateNamesFaults: a mistake in weights or arithmetic ends with exit
// code 3 and the name of the first value that it touches.
func TestValidateNamesFaults(t *testing.T) {
	needLLVM(t)
	shape := []string{"builtin:stories260k", "--kind", "f32", "--context", "32", "--prefill", "8"}
	for _, f := range []fault{
		{"none", func(*testing.T, string) {}, ""},
		{"byte of a weight", flip("model.layers.2.mlp.down_proj.weight"), "layers.2.mlp.down"},
		{"rope of adjacent pairs", func(t *testing.T, dir string) {
			patch(`(\[0, 0, 0\]\[\d+, \d+, 4\]\[1, 1, )1(\].*_rope")`, "${1}2${2}")(t, dir)
			patch(`(\[0, 0, )4(\]\[\d+, \d+, 4\]\[1, 1, )1(\].*_rope")`, "${1}1${2}2${3}")(t, dir)
		}, "layers.0.attn.q_rope"},
		{"mask off by one", patch(`(arith.addi %in.pos, .*"attn.mix"\)\n.* = arith.constant )1( : index)`, "${1}2${2}"), "layers.0.attn.mix"},
		{"epsilon dropped", patch(`0x3727C5AC : f32`, "0x00000000 : f32"), "layers.0.attn.norm"},
	} {
		t.Run(f.name, func(t *testing.T) {
			dir := t.TempDir()
			ok(t, append([]string{"emit", "--trace", "-o", dir}, shape...)...)
			f.inject(t, dir)
			r := lpuctl(t, append([]string{"validate", "--prompt", "10", "--decode", "3", "--emitted", dir, "-o", "json"}, shape...)...)
			require.Empty(t, r.err)
			var report struct {
				Failed     int
				NotChecked int `json:"not_checked"`
				Checks     []struct {
					Bitwise struct{ First struct{ Path string } }
				}
			}
			require.NoError(t, json.Unmarshal([]byte(r.out), &report))
			require.Zero(t, report.NotChecked)
			if f.path == "" {
				require.Equal(t, exitOK, r.code)
				require.Zero(t, report.Failed)
				return
			}
			require.Equal(t, exitDiffer, r.code)
			require.Equal(t, f.path, report.Checks[len(report.Checks)-1].Bitwise.First.Path)
		})
	}
}

// TestValidateKinds proves every compute kind of the built-in model, and the
// reference against the recorded golden.
func TestValidateKinds(t *testing.T) {
	needLLVM(t)
	out := ok(t, "validate", "builtin:stories260k", "--kind", "all", "--context", "64", "--prefill", "8", "--prompt", "12", "--decode", "4")
	require.Contains(t, out, "4 passed, 0 failed, 0 not checked")
	out = ok(t, "validate", "builtin:stories260k", "--context", "128", "--golden", filepath.Join(repository, "golden/testdata/stories260k.hf.safetensors"))
	require.Contains(t, out, "3 passed, 0 failed, 0 not checked")
}

// TestValidateShapeOfSmolLM2 proves a module of 30 layers with synthetic INT4
// weights over 8 positions.
func TestValidateShapeOfSmolLM2(t *testing.T) {
	needLLVM(t)
	for _, kind := range []string{"f32", "a8", "a15"} {
		r := lpuctl(t, "validate", "preset:smollm2-135m", "--synthetic", "1", "--quant", "int4", "--group", "32", "--kind", kind,
			"--context", "16", "--prefill", "4", "--prompt", "4", "--decode", "4", "--stats")
		require.Equal(t, exitOK, r.code, r.out+r.err)
		require.Contains(t, r.out, "393216 values in 8 records compared, 393216 identical")
		require.Regexp(t, kind+`: decode step: compiled .* ms, reference .* ms`, r.err)
		t.Log(r.err)
	}
}
