package golden

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHidden(t *testing.T) {
	tests := []struct {
		name    string
		fault   func(recorded, got *Recorded)
		outcome Outcome
		reason  string
	}{
		{"none", func(_, _ *Recorded) {}, Identical, ""},
		{"inside the limit", func(_, got *Recorded) { scale(got.Hidden, 1+9e-6) }, WithinTolerance, ""},
		{"from the first layer on", func(_, got *Recorded) { scale(got.Hidden[12:], 1.5) }, Differs,
			"first outside the tolerance: the output of layers.0, relative L2 0.5 (limit 1e-05), 0.5 at position 0 (limit 3e-05)"},
		{"embedding of one position", func(_, got *Recorded) { scale(got.Hidden[6:9], 1+4e-5) }, Differs,
			"first outside the tolerance: the embeddings, relative L2 2e-05 (limit 1e-05), 4e-05 at position 2 (limit 3e-05)"},
		{"NaN", func(_, got *Recorded) { got.Hidden[17] = float32(math.NaN()) }, Differs,
			"golden: ours: hidden state 2 after layer 1 at position 1 is NaN"},
		{"golden without", func(recorded, _ *Recorded) { recorded.Hidden = nil }, NotChecked, "hf has no hidden states"},
		{"run without", func(_, got *Recorded) { got.Hidden = nil }, NotChecked, "ours has no hidden states"},
		{"missing layer", func(_, got *Recorded) { got.Hidden = got.Hidden[:24] }, Differs,
			"2 hidden states of 3, recorded 3 of 3"},
		{"another prompt", func(_, got *Recorded) { got.IDs[0] = 0 }, Differs,
			"another prompt: id 0 at position 0, recorded 5"},
		{"after another choice", func(_, got *Recorded) { got.IDs[3] = 1; scale(got.Hidden[9:12], 2) }, Identical, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			recorded, got := exampleRun("hf"), exampleRun("ours")
			tt.fault(recorded, got)
			v := Hidden(Float32Policy(), recorded, got)
			require.Equal(t, tt.outcome, v.Outcome, v.Reason)
			require.Equal(t, tt.reason, v.Reason)
		})
	}
}
