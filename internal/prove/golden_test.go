package prove_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/prove"
	"github.com/lpuctl/lpuctl/internal/quant"
	"github.com/lpuctl/lpuctl/ir"
)

// TestGoldenOfKind: a golden is judged by the limits of the kind, and a kind
// without limits is not checked.
func TestGoldenOfKind(t *testing.T) {
	recorded, err := prove.LoadGolden(goldens + "llama_awq/golden.safetensors")
	require.NoError(t, err)
	m := open(t, goldens+"llama_awq")
	kinds := []string{ir.KindF32, ir.KindA15, ir.KindA8}
	cases, err := prove.Cases(m, kinds, model.Options{Prefill: 8}, 32, nil)
	require.NoError(t, err)
	for i, policy := range []string{"float32", "a15", ""} {
		c := cases[i]
		c.Work, c.Start, c.Prompt, c.Golden, c.Missing = t.TempDir(), 1, 2, recorded, "not asked for"
		c.Stage, c.Progress = func(string) {}, func(int64) {}
		proof, err := c.Validate(t.Context())
		require.NoError(t, err)
		v := proof.Verdicts[1]
		if policy == "" {
			require.Equal(t, golden.NotChecked, v.Outcome)
			require.Contains(t, v.Reason, "no limit for kind a8")
			continue
		}
		require.Equal(t, golden.WithinTolerance, v.Outcome, v.Reason)
		require.Equal(t, policy, v.Logits.Policy.Name)
		require.Equal(t, golden.WithinTolerance, proof.Verdicts[2].Outcome)
	}
}

// smallGolden is the text of a golden of two positions and two ids.
func smallGolden(t testing.TB, metadata map[string]string) []byte {
	path := filepath.Join(t.TempDir(), "golden.safetensors")
	require.NoError(t, safetensors.Write(path, []safetensors.Tensor{
		{Name: "ids", Type: safetensors.I64, Shape: []int{2}, Data: make([]byte, 16)},
		{Name: "logits", Type: quant.F32, Shape: []int{2, 2}, Data: make([]byte, 16)},
		{Name: "hidden", Type: quant.F32, Shape: []int{1, 2, 3}, Data: make([]byte, 24)},
	}, metadata))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func TestParseGolden(t *testing.T) {
	r, err := prove.ParseGolden("g", smallGolden(t, map[string]string{"prompt_length": "1", "engine": "e"}))
	require.NoError(t, err)
	require.Equal(t, &golden.Recorded{
		Engine: "e", IDs: []int{0, 0}, Prompt: 1, Vocab: 2, Logits: make([]float32, 4), HiddenSize: 3, Hidden: make([]float32, 6),
	}, r)
	_, err = prove.ParseGolden("g", smallGolden(t, nil))
	require.EqualError(t, err, `golden: g: metadata prompt_length is "", want a number`)
	_, err = prove.ParseGolden("g", smallGolden(t, map[string]string{"prompt_length": "3"}))
	require.ErrorContains(t, err, "prompt of 3 ids in 2 ids")
}

// FuzzParseGolden: whatever the bytes are, the answer is an error or a golden
// that can be compared with itself.
func FuzzParseGolden(f *testing.F) {
	f.Add(smallGolden(f, map[string]string{"prompt_length": "1"}))
	f.Add(smallGolden(f, map[string]string{"prompt_length": "-1"}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := prove.ParseGolden("g", data)
		if err == nil {
			require.Equal(t, golden.Identical, golden.Logits(golden.Float32Policy(), r, r).Outcome)
		}
	})
}
