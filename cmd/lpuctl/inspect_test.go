package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func inspected(t testing.TB, spec string) summary {
	var s summary
	require.NoError(t, json.Unmarshal([]byte(ok(t, "inspect", spec, "-o", "json")), &s))
	return s
}

// TestInspectClasses: tensors by class and type, and every weight once. Experts
// of a layer are one stack.
func TestInspectClasses(t *testing.T) {
	testdata := filepath.Join(repository, "golden", "testdata")
	require.Equal(t, []weightClass{
		{"embedding", "F16", 1, 264 * 64, ""},
		{"attention", "AWQ INT4", 8, 2 * (2*64*64 + 2*32*64), "4-bit integers, groups of 32, zero points"},
		{"mlp", "AWQ INT4", 6, 2 * 3 * 64 * 96, "4-bit integers, groups of 32, zero points"},
		{"norms", "F16", 5, 5 * 64, ""},
		{"head", "F16", 1, 264 * 64, ""},
	}, inspected(t, filepath.Join(testdata, "llama_awq")).Weights)

	s := inspected(t, filepath.Join(testdata, "qwen3_moe"))
	require.Equal(t, []weightClass{
		{"embedding", "BF16", 1, 257 * 64, ""},
		{"attention", "BF16", 12, 3 * (2*80*64 + 2*40*64), ""},
		{"router", "BF16", 2, 2 * 6 * 64, ""},
		{"experts", "BF16", 6, 2 * 6 * 3 * 36 * 64, ""},
		{"mlp", "BF16", 3, 3 * 84 * 64, ""},
		{"norms", "BF16", 13, 7*64 + 6*20, ""},
		{"head", "BF16", 1, 257 * 64, ""},
	}, s.Weights)
	var weights int64
	for _, w := range s.Weights {
		weights += w.Weights
	}
	require.Equal(t, s.Parameters, weights)
}

// TestInspectMemory: KV caches of common contexts and of the model's, and the
// weights as they are packed.
func TestInspectMemory(t *testing.T) {
	s := inspected(t, "preset:llama3.1-70b")
	require.Equal(t, []int{2048, 8192, 32768, 131072}, positions(s))
	for _, c := range s.Cache {
		require.EqualValues(t, c.Positions*80*2*8*128*4, c.Bytes)
	}
	require.Equal(t, s.Cache[3].Bytes, s.CacheBytes)
	require.InEpsilon(t, 2*s.Parameters, s.WeightBytes, 0.01, "float16 and the tables of rope")
}

func positions(s summary) []int {
	var all []int
	for _, c := range s.Cache {
		all = append(all, c.Positions)
	}
	return all
}

// TestInspectTemplate: the template is found in each of the places that
// transformers has it.
func TestInspectTemplate(t *testing.T) {
	dir := storiesHF(t)
	require.Equal(t, "none", inspected(t, dir).Template)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tokenizer_config.json"), []byte(`{"chat_template": "{{ x }}"}`), 0o644))
	require.Equal(t, "tokenizer_config.json", inspected(t, dir).Template)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "chat_template.jinja"), []byte("{{ x }}"), 0o644))
	require.Equal(t, "chat_template.jinja", inspected(t, dir).Template)
	require.Equal(t, "none", inspected(t, "builtin:stories260k").Template)
}
