package prove_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/convert"
)

// TestConverted: a Llama that has become a GGUF file still has the logits that
// transformers computed from the folder.
func TestConverted(t *testing.T) {
	for _, folder := range []string{"llama", "llama3", "llama_linear", "llama_awq", "llama_nf4"} {
		t.Run(folder, func(t *testing.T) {
			c, err := checkpoint.Open(filepath.Join(goldens, folder))
			require.NoError(t, err)
			defer c.Close()
			plan, err := convert.ToGGUF(c, folder, nil)
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "m.gguf")
			require.NoError(t, plan.Write(t.Context(), path, func(int64) {}))
			family{folder, "golden.safetensors", 0}.requireGolden(t, open(t, path))
		})
	}
}
