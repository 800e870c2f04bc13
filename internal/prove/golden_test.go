package prove_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/prove"
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
