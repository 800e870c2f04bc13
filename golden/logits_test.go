package golden

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// exampleRun is a prompt of 2 ids and 2 greedy steps with a vocabulary of 6 and 2 layers of 3. The rows of
// logits hold the same values in another order, a standard deviation of 1.91; the choices are ids 1, 0, 3, 4.
func exampleRun(engine string) *Recorded {
	r := &Recorded{Engine: engine, IDs: []int{5, 2, 0, 3}, Prompt: 2, Vocab: 6, HiddenSize: 3}
	r.Logits = []float32{
		0, 4, 2, -2, 0, 2,
		4, 0, 2, -2, 2, 0,
		-2, 0, 2, 4, 0, 2,
		2, 0, -2, 2, 4, 0,
	}
	for i := range 3 * 4 * 3 {
		r.Hidden = append(r.Hidden, float32(1+i%5))
	}
	return r
}

func scale(values []float32, by float32) {
	for i := range values {
		values[i] *= by
	}
}

func TestLogits(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	tests := []struct {
		name    string
		fault   func(recorded, got *Recorded)
		outcome Outcome
		reason  string
	}{
		{"none", func(_, _ *Recorded) {}, Identical, ""},
		{"one bit", func(_, got *Recorded) { got.Logits[7] = math.SmallestNonzeroFloat32 }, WithinTolerance, ""},
		{"sign of zero", func(_, got *Recorded) { got.Logits[0] = float32(math.Copysign(0, -1)) }, WithinTolerance, ""},
		{"inside the limit", func(_, got *Recorded) { scale(got.Logits, 1+9e-6) }, WithinTolerance, ""},
		{"outside the limit", func(_, got *Recorded) { scale(got.Logits, 1+11e-6) }, Differs,
			"relative L2 1.1e-05, limit 1e-05"},
		// The mean over the positions would hide it in a longer run.
		{"one position outside the limit", func(_, got *Recorded) { scale(got.Logits[6:12], 1+4e-5) }, Differs,
			"relative L2 2e-05, limit 1e-05; relative L2 4e-05 at position 1, limit 3e-05"},
		// Correlation 1, every greedy choice the same.
		{"scaled by one half", func(_, got *Recorded) { scale(got.Logits, 0.5) }, Differs,
			"relative L2 0.5, limit 1e-05; relative L2 0.5 at position 0, limit 3e-05"},
		{"NaN", func(_, got *Recorded) { got.Logits[20] = nan }, Differs,
			"golden: ours: logit of id 2 at position 3 is NaN"},
		{"infinity", func(_, got *Recorded) { got.Logits[0] = inf }, Differs,
			"golden: ours: logit of id 0 at position 0 is -Inf"},
		{"NaN in the golden", func(recorded, _ *Recorded) { recorded.Logits[20] = nan }, NotChecked,
			"golden: hf: logit of id 2 at position 3 is NaN"},
		{"missing positions", func(_, got *Recorded) { got.IDs, got.Logits, got.Hidden = got.IDs[:3], got.Logits[:18], nil },
			Differs, "3 positions, recorded 4"},
		{"missing logits", func(_, got *Recorded) { got.Logits = got.Logits[:18] }, Differs,
			"golden: ours: 18 logits for 4 ids and a vocabulary of 6"},
		{"another vocabulary", func(_, got *Recorded) { got.Vocab, got.Logits = 7, make([]float32, 28) }, Differs,
			"vocabulary of 7, recorded 6"},
		{"id outside the vocabulary", func(_, got *Recorded) { got.IDs[2] = 6 }, Differs,
			"golden: ours: id 6 at position 2 is outside the vocabulary of 6"},
		{"another prompt", func(_, got *Recorded) { got.IDs[1] = 1 }, Differs,
			"another prompt: id 1 at position 1, recorded 2"},
		{"no prompt in the golden", func(recorded, _ *Recorded) { recorded.Prompt = 0 }, NotChecked,
			"golden: hf: prompt of 0 ids in 4 ids"},
		{"another id chosen than the logits say", func(_, got *Recorded) { got.IDs[3] = 1 }, Differs,
			"id 1 at position 3, recorded 3, though the logits before it prefer the same id"},
		{"hidden states", func(_, got *Recorded) { got.Hidden = got.Hidden[1:] }, Differs,
			"golden: ours: 35 hidden states for 4 ids and a hidden size of 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			recorded, got := exampleRun("hf"), exampleRun("ours")
			tt.fault(recorded, got)
			v := Logits(Float32Policy(), recorded, got)
			require.Equal(t, tt.outcome, v.Outcome)
			require.Equal(t, tt.reason, v.Reason)
			require.Equal(t, v.Outcome != Differs && v.Outcome != NotChecked, v.OK())
		})
	}
}

// tie moves the second choice of row 2 to just below the first in the golden, and just above it in the run.
func tie(recorded, got *Recorded, gap float32) {
	recorded.Logits[14], got.Logits[14] = 4-gap, 4+1e-6
}

func TestLogitsFlip(t *testing.T) {
	wide := Policy{Name: "wide", RelativeL2: 1, PositionL2: 1, NearTie: 0.005}
	tests := []struct {
		name     string
		fault    func(recorded, got *Recorded)
		outcome  Outcome
		reason   string
		compared int
	}{
		{"near tie, fed the same ids", func(recorded, got *Recorded) { tie(recorded, got, 0.001) }, NearTie, "", 4},
		{"near tie, fed its own", func(recorded, got *Recorded) { tie(recorded, got, 0.001); got.IDs[3] = 2 }, NearTie, "", 3},
		{"exact tie", func(recorded, got *Recorded) { recorded.Logits[14], got.Logits[14] = 4, 3.99999 }, NearTie, "", 4},
		{"clear choice", func(recorded, got *Recorded) { tie(recorded, got, 0.1) }, Differs,
			"prefers id 2 to 3 at position 2, where the gap is 0.046 standard deviations", 4},
		{"near tie, but a third id", func(recorded, got *Recorded) { tie(recorded, got, 0.001); got.Logits[13] = 4.5 }, Differs,
			"prefers id 1 to 3 at position 2, where the gap is 1.8 standard deviations", 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			recorded, got := exampleRun("hf"), exampleRun("ours")
			tt.fault(recorded, got)
			v := Logits(wide, recorded, got)
			require.Equal(t, tt.outcome, v.Outcome, v.Reason)
			require.Equal(t, tt.reason, v.Reason)
			require.Equal(t, tt.compared, v.Logits.Compared)
			require.Len(t, v.Logits.Flips, 1)
			require.Equal(t, 2, v.Logits.Flips[0].Pos)
		})
	}
}

func TestLogitsStats(t *testing.T) {
	recorded, got := exampleRun("hf"), exampleRun("ours")
	copy(got.Logits[6:], []float32{2, 0, 4, -2, 2, 0})
	s := Logits(Float32Policy(), recorded, got).Logits
	require.Equal(t, 0.75, s.Top1)
	require.Equal(t, 1, s.Worst)
	require.Equal(t, []Flip{{Pos: 1, Ref: 0, Got: 2, Gap: 2 / stddev(recorded.row(1))}}, s.Flips)
	require.InDelta(t, math.Sqrt(8.0/(4*28)), s.RelativeL2, 1e-15)
	require.InDelta(t, math.Sqrt(8.0/28), s.Positions[1].RelativeL2, 1e-15)
	require.Equal(t, 2/0x1p-21, s.MaxULPs)
	require.Equal(t, s.Positions[1].KL/4, s.MeanKL)
}

// A report is JSON even where the run is not finite or as far away as float32 goes.
func TestLogitsJSON(t *testing.T) {
	recorded, far := exampleRun("hf"), exampleRun("ours")
	clear(recorded.Logits)
	scale(far.Logits, math.MaxFloat32/4)
	broken := exampleRun("ours")
	broken.Logits[3] = float32(math.NaN())
	for _, got := range []*Recorded{far, broken} {
		v := Logits(Float32Policy(), recorded, got)
		require.Equal(t, Differs, v.Outcome)
		_, err := json.Marshal(v)
		require.NoError(t, err)
	}
}
