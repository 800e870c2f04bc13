package trace

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecordCheck(t *testing.T) {
	tests := []struct {
		name string
		r    Record
		err  string
	}{
		{"row per position", Record{Path: "embed", Shape: []int{2, 3}, Data: make([]float32, 6)}, ""},
		{"scalar per position", Record{Path: "embed", Shape: []int{2}, Data: make([]float32, 2)}, ""},
		{"no positions", Record{Path: "embed", Shape: []int{0, 3}}, ""},
		{"no dimensions", Record{Path: "embed", Pos: 4, Data: make([]float32, 1)},
			"trace: embed at position 4: no dimensions, want positions first"},
		{"negative", Record{Path: "embed", Shape: []int{-1, -1}, Data: make([]float32, 1)},
			"trace: embed at position 0: negative dimension in shape [-1 -1]"},
		{"short", Record{Path: "embed", Shape: []int{2, 3}, Data: make([]float32, 5)},
			"trace: embed at position 0: shape [2 3] holds 6 values, data has 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.r.Check()
			if tt.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.err)
		})
	}
}

func TestRecordWidth(t *testing.T) {
	require.Equal(t, 1, (&Record{Shape: []int{5}}).Width())
	require.Equal(t, 12, (&Record{Shape: []int{5, 3, 4}}).Width())
}
