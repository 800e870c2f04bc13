package prove_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/convert"
	"github.com/lpuctl/lpuctl/internal/model"
)

// TestConverted: a folder that has become a GGUF file still has the logits that
// transformers computed from it, and so has the folder that this becomes.
func TestConverted(t *testing.T) {
	for _, folder := range []string{"llama", "llama3", "llama_linear", "llama_bias", "qwen2", "qwen3", "llama_awq", "llama_nf4"} {
		t.Run(folder, func(t *testing.T) {
			f := family{folder, "golden.safetensors", 0}
			m := open(t, filepath.Join(goldens, folder))
			plan, err := convert.ToGGUF(m.Checkpoint, folder, nil)
			require.NoError(t, err)
			m = converted(t, plan, "m.gguf")
			f.requireGolden(t, m)
			plan, err = convert.ToHF(m.Checkpoint, nil)
			if folder == "llama3" { // not that of Llama 3.1, and GGUF names no scaling
				require.ErrorContains(t, err, "rope_freqs.weight is not the scaling of Llama 3.1")
				return
			}
			require.NoError(t, err)
			f.requireGolden(t, converted(t, plan, "hf"))
		})
	}
}

// converted writes a plan and opens what it wrote.
func converted(t *testing.T, plan *convert.Plan, name string) *model.Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, plan.Write(t.Context(), path, func(int64) {}))
	return open(t, path)
}
