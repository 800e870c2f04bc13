package golden

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/trace"
)

// exampleTrace is two values over a prefill of two positions and one over a decode step: 11 float32.
func exampleTrace(engine string) *trace.Trace {
	return &trace.Trace{Engine: engine, Records: []trace.Record{
		{Path: "layers.0.attn.q", Pos: 0, Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}},
		{Path: "layers.0.attn.k", Pos: 0, Shape: []int{2, 1}, Data: []float32{0, float32(math.NaN())}},
		{Path: "layers.0.attn.q", Pos: 2, Shape: []int{1, 3}, Data: []float32{7, 8, 9}},
	}}
}

func TestBitwise(t *testing.T) {
	tests := []struct {
		name    string
		fault   func(got *trace.Trace)
		outcome Outcome
		reason  string
		stats   BitwiseStats
	}{
		{
			name:    "none",
			fault:   func(*trace.Trace) {},
			outcome: Identical,
			stats:   BitwiseStats{Records: 3, Values: 11, Identical: 11},
		},
		{
			name:    "another NaN",
			fault:   func(got *trace.Trace) { got.Records[1].Data[1] = math.Float32frombits(0xffc00001) },
			outcome: Identical,
			stats:   BitwiseStats{Records: 3, Values: 11, Identical: 11},
		},
		{
			name:    "another order of execution",
			fault:   func(got *trace.Trace) { got.Records[0], got.Records[2] = got.Records[2], got.Records[0] },
			outcome: Identical,
			stats:   BitwiseStats{Records: 3, Values: 11, Identical: 11},
		},
		{
			name: "one bit, and a later one",
			fault: func(got *trace.Trace) {
				got.Records[2].Data[0] = 0
				got.Records[0].Data[4] = math.Float32frombits(math.Float32bits(5) ^ 1)
			},
			outcome: Differs,
			reason:  "2 of 11 values differ",
			stats: BitwiseStats{Records: 3, Values: 11, Identical: 9,
				First: &Mismatch{Path: "layers.0.attn.q", Pos: 1, Index: 1, Ref: 5, Got: 5.0000005, ULPs: 1}},
		},
		{
			name:    "sign of zero",
			fault:   func(got *trace.Trace) { got.Records[1].Data[0] = float32(math.Copysign(0, -1)) },
			outcome: Differs,
			reason:  "1 of 11 values differ",
			stats: BitwiseStats{Records: 3, Values: 11, Identical: 10,
				First: &Mismatch{Path: "layers.0.attn.k", Pos: 0, Index: 0, Ref: 0, Got: Value(math.Copysign(0, -1))}},
		},
		{
			name:    "missing",
			fault:   func(got *trace.Trace) { got.Records = got.Records[:2] },
			outcome: Differs,
			reason:  "records not comparable: 1",
			stats: BitwiseStats{Records: 2, Values: 8, Identical: 8,
				Problems: []Problem{{"layers.0.attn.q", 2, "missing in mlir"}}},
		},
		{
			name:    "extra, after a mismatch",
			fault:   func(got *trace.Trace) { got.Records[2].Path, got.Records[0].Data[0] = "norm", 3 },
			outcome: Differs,
			reason:  "1 of 8 values differ; records not comparable: 2",
			stats: BitwiseStats{Records: 2, Values: 8, Identical: 7,
				First:    &Mismatch{Path: "layers.0.attn.q", Ref: 1, Got: 3, ULPs: 3 << 22},
				Problems: []Problem{{"layers.0.attn.q", 2, "missing in mlir"}, {"norm", 2, "extra in mlir"}}},
		},
		{
			name:    "shape",
			fault:   func(got *trace.Trace) { got.Records[0].Shape = []int{3, 2} },
			outcome: Differs,
			reason:  "records not comparable: 1",
			stats: BitwiseStats{Records: 2, Values: 5, Identical: 5,
				Problems: []Problem{{"layers.0.attn.q", 0, "shape [2 3] in reference, [3 2] in mlir"}}},
		},
		{
			name:    "data",
			fault:   func(got *trace.Trace) { got.Records[0].Data = got.Records[0].Data[:5] },
			outcome: Differs,
			reason:  "records not comparable: 1",
			stats: BitwiseStats{Records: 2, Values: 5, Identical: 5, Problems: []Problem{{"layers.0.attn.q", 0,
				"malformed in mlir: trace: layers.0.attn.q at position 0: shape [2 3] holds 6 values, data has 5"}}},
		},
		{
			name:    "twice",
			fault:   func(got *trace.Trace) { got.Records = append(got.Records, got.Records[2]) },
			outcome: Differs,
			reason:  "records not comparable: 1",
			stats: BitwiseStats{Records: 3, Values: 11, Identical: 11,
				Problems: []Problem{{"layers.0.attn.q", 2, "recorded twice in mlir"}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := exampleTrace("mlir")
			tt.fault(got)
			v := Bitwise(exampleTrace("reference"), got)
			require.Equal(t, tt.outcome, v.Outcome)
			require.Equal(t, tt.outcome == Identical, v.OK())
			require.Equal(t, tt.reason, v.Reason)
			require.Equal(t, &tt.stats, v.Bitwise)
		})
	}
}

func TestBitwiseReferenceTwice(t *testing.T) {
	ref := exampleTrace("reference")
	ref.Records = append(ref.Records, ref.Records[0])
	v := Bitwise(ref, exampleTrace("mlir"))
	require.Equal(t, Differs, v.Outcome)
	require.Equal(t, []Problem{{"layers.0.attn.q", 0, "recorded twice in reference"}}, v.Bitwise.Problems)
}

func TestBitwiseNothingToCompare(t *testing.T) {
	v := Bitwise(&trace.Trace{Engine: "reference"}, &trace.Trace{Engine: "mlir"})
	require.Equal(t, NotChecked, v.Outcome)
	require.Equal(t, "the traces hold no values", v.Reason)
	require.False(t, v.OK())
}

func TestBitwiseJSON(t *testing.T) {
	got := exampleTrace("mlir")
	got.Records[0].Data[5] = float32(math.NaN())
	data, err := json.Marshal(Bitwise(exampleTrace("reference"), got))
	require.NoError(t, err)
	require.JSONEq(t, `{"check": "bitwise", "reference": "reference", "got": "mlir", "outcome": "differs",
		"reason": "1 of 11 values differ",
		"bitwise": {"records": 3, "values": 11, "identical": 10, "first": {
			"path": "layers.0.attn.q", "position": 1, "index": 2,
			"reference": "6 (0x40c00000)", "got": "NaN (0x7fc00000)", "ulps": 4294967295}}}`, string(data))
}
