package prove_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/convert"
)

// TestRewritten: a folder that is written again keeps all that its
// configuration says, also what GGUF has no words for.
func TestRewritten(t *testing.T) {
	for _, f := range families() {
		t.Run(f.folder+"/"+f.golden, func(t *testing.T) {
			dir, m := toHF(t, open(t, filepath.Join(goldens, f.folder)))
			f.requireGolden(t, m)
			require.Equal(t, namedTensors(t, filepath.Join(goldens, f.folder)), namedTensors(t, dir))
		})
	}
}

// TestConverted: a folder that has become a GGUF file still has the logits that
// transformers computed from it, and so has the folder that this becomes.
func TestConverted(t *testing.T) {
	for _, folder := range []string{
		"llama", "llama3", "llama_linear", "llama_bias", "llama_yarn", "qwen2", "qwen3", "phi3", "mixtral", "llama_awq", "llama_nf4",
	} {
		t.Run(folder, func(t *testing.T) {
			f := family{folder, "golden.safetensors", 0}
			_, m := toGGUF(t, open(t, filepath.Join(goldens, folder)))
			f.requireGolden(t, m)
			if folder == "llama3" { // not that of Llama 3.1, and GGUF names no scaling
				_, err := convert.ToHF(m.Checkpoint, nil)
				require.ErrorContains(t, err, "rope_freqs.weight is not the scaling of Llama 3.1")
				return
			}
			_, m = toHF(t, m)
			f.requireGolden(t, m)
		})
	}
}
