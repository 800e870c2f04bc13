package golden

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRelativeL2(t *testing.T) {
	tests := []struct {
		name     string
		ref, got []float32
		want     float64
	}{
		{"equal", []float32{3, 4}, []float32{3, 4}, 0},
		{"one of a 3-4-5 triangle", []float32{3, 4}, []float32{3, 5}, 0.2},
		{"scaled by one half", []float32{3, -4, 7}, []float32{1.5, -2, 3.5}, 0.5},
		{"reference of zeros", []float32{0, 0}, []float32{0, 9}, 1},
		{"zeros", []float32{0, 0}, []float32{0, 0}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var a l2
			a.add(tt.ref, tt.got)
			require.Equal(t, tt.want, a.relative())
		})
	}
}

func TestMaxULPs(t *testing.T) {
	require.Equal(t, 3.0, maxULPs([]float32{1, 0}, []float32{1, 3 * 0x1p-23}))
	require.Equal(t, 1.0, maxULPs([]float32{-8, 0}, []float32{math.Nextafter32(-8, -9), 0}))
	require.Equal(t, 2.0, maxULPs([]float32{0, 0}, []float32{0, 2 * math.SmallestNonzeroFloat32}))
	require.Equal(t, 1.0, maxULPs([]float32{0x1p-140}, []float32{0x1p-140 + 0x1p-149}))
}

// Two ids have a softmax of p and 1-p, so the divergence has a closed form.
func TestKLDivergence(t *testing.T) {
	logit := func(p float64) []float32 { return []float32{float32(math.Log(p / (1 - p))), 0} }
	want := 0.9*math.Log(0.9/0.5) + 0.1*math.Log(0.1/0.5)
	require.InEpsilon(t, want, klDivergence(logit(0.9), logit(0.5)), 1e-6)
	require.Zero(t, klDivergence(logit(0.9), logit(0.9)))

	far := []float32{3e38, -3e38}
	require.InEpsilon(t, 6e38, klDivergence(far, []float32{far[1], far[0]}), 1e-6)
}

func TestStddev(t *testing.T) {
	require.Equal(t, 2.0, stddev([]float32{2, 4, 4, 4, 5, 5, 7, 9}))
}

func TestTopK(t *testing.T) {
	require.Equal(t, []int{4, 1, 3}, topK([]float32{-1, 7, 0, 7, 9, 7}, 3))
	require.Equal(t, []int{0, 1}, topK([]float32{0, float32(math.Copysign(0, -1))}, 5))
}

func TestOverlap(t *testing.T) {
	require.Equal(t, 0.4, overlap([]int{1, 2, 3, 4, 5}, []int{9, 5, 8, 1, 7}))
}
