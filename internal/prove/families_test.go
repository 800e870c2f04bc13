package prove_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/internal/prove"
	"github.com/lpuctl/lpuctl/ir"
	"github.com/lpuctl/lpuctl/reference"
)

const goldens = "../../golden/testdata/"

// family is a tiny model with a golden that transformers recorded.
type family struct {
	folder  string
	golden  string // file
	context int    // of the graph, 0 for that of the architecture
}

func families() []family {
	var all []family
	for _, folder := range []string{
		"llama", "llama3", "llama_bias", "llama_linear", "llama_yarn", "mistral",
		"qwen2", "qwen2_window", "qwen3", "gemma2", "gemma3_text", "phi3",
		"mixtral", "qwen3_moe", "gpt_oss", "gpt_oss_mxfp4",
	} {
		all = append(all, family{folder, "golden.safetensors", 0})
	}
	return append(all, family{"phi3", "golden.short.safetensors", 36})
}

// TestFamilies holds every family against transformers: the logits of a
// prefill and of decode steps, the greedy choices, and the hidden states after
// each layer; with the config.json of transformers 5 and with that of 4.
func TestFamilies(t *testing.T) {
	for _, f := range families() {
		for _, config := range []string{"config.json", "config.old.json"} {
			t.Run(f.folder+"/"+f.golden+"/"+config, func(t *testing.T) {
				for _, v := range f.verdicts(t, f.copy(t, config)) {
					require.Equal(t, golden.WithinTolerance, v.Outcome, "%s: %s", v.Check, v.Reason)
				}
			})
		}
	}
}

// copy makes a folder of the model whose config.json is that file.
func (f family) copy(t testing.TB, config string) string {
	t.Helper()
	dir := t.TempDir()
	for to, from := range map[string]string{"config.json": config, "model.safetensors": "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join(goldens, f.folder, from))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, to), data, 0o644))
	}
	return dir
}

// verdicts compare the model in dir with the golden.
func (f family) verdicts(t testing.TB, dir string) []*golden.Verdict {
	t.Helper()
	recorded, err := prove.LoadGolden(filepath.Join(goldens, f.folder, f.golden))
	require.NoError(t, err)
	m, err := model.Open(dir)
	require.NoError(t, err)
	defer m.Close()
	g, err := m.Graph(model.Options{Kind: ir.KindF32, Context: f.context, Prefill: 16}, nil)
	require.NoError(t, err)
	store, err := pack.Build(t.Context(), g.Plan, g.Source, nil)
	require.NoError(t, err)
	e, err := reference.New(g.Module, store, reference.Options{})
	require.NoError(t, err)
	defer e.Close()
	verdicts, err := prove.AgainstGolden(t.Context(), e, recorded)
	require.NoError(t, err)
	require.Len(t, verdicts, 2)
	return verdicts
}
