package golden

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReportOutcome(t *testing.T) {
	tests := []struct {
		name     string
		outcomes []Outcome
		want     Outcome
		ok       bool
		passed   int
	}{
		{"nothing ran", nil, NotChecked, false, 0},
		{"all the same bits", []Outcome{Identical, Identical}, Identical, true, 2},
		{"the worst counts", []Outcome{NearTie, Identical, WithinTolerance}, NearTie, true, 3},
		{"not checked is not passed", []Outcome{Identical, NotChecked}, NotChecked, false, 1},
		{"a difference is worse", []Outcome{Differs, NotChecked, Identical}, Differs, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var verdicts []*Verdict
			for _, o := range tt.outcomes {
				verdicts = append(verdicts, &Verdict{Outcome: o})
			}
			r := NewReport(tt.name, verdicts...)
			require.Equal(t, tt.want, r.Outcome)
			require.Equal(t, tt.ok, r.OK())
			require.Equal(t, tt.passed, r.Passed)
			require.Equal(t, len(verdicts), r.Passed+r.Failed+r.NotChecked)
		})
	}
}

func TestReportJSON(t *testing.T) {
	data, err := json.Marshal(NewReport("validate", Skip("bitwise", "clang is not installed")))
	require.NoError(t, err)
	require.JSONEq(t, `{"title": "validate", "outcome": "not checked", "passed": 0, "failed": 0, "not_checked": 1,
		"checks": [{"check": "bitwise", "outcome": "not checked", "reason": "clang is not installed"}]}`, string(data))
}

func TestOutcomeString(t *testing.T) {
	require.Equal(t, "differs", Differs.String())
	require.Equal(t, "Outcome(9)", Outcome(9).String())
}
