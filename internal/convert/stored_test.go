package convert

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
)

// TestMinusOne: what a GGUF file has of a norm of Gemma must come back when a
// reader of the folder adds 1.
func TestMinusOne(t *testing.T) {
	v := vector{1, 1.5, 0.75, -3, 100.25, 1 + 1.0/(1<<23)}
	require.NoError(t, minusOne("norm", v))
	require.Equal(t, vector{0, 0.5, -0.25, -4, 99.25, 1.0 / (1 << 23)}, v)
	require.EqualError(t, minusOne("norm", vector{1, 1e-9}),
		`tensor "norm": element 1 is 1e-09, which a folder cannot say: there it is 1 + w, rounded to float32`)
}

// TestTooManyExperts: a small file may claim many experts, each of which would
// be three tensors.
func TestTooManyExperts(t *testing.T) {
	c := &checkpoint.Config{Layers: 2, Experts: checkpoint.Experts{Count: 1 << 20}}
	_, err := (&builder{config: c, format: "safetensors"}).tensors()
	require.EqualError(t, err, "2 layers with 1048576 experts, more than 65536 experts")
}

// TestNeighbours: code k of a block is k for the first 16 and 31-k for the rest.
func TestNeighbours(t *testing.T) {
	block := make([]byte, 16)
	for j := range block {
		block[j] = byte(j | (15-j)<<4)
	}
	require.Equal(t, []byte{0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01}, neighbours(block))
}

// TestQueryScalar: an integer where models have one, also from its rounded root.
func TestQueryScalar(t *testing.T) {
	require.Equal(t, 256, queryScalar(&checkpoint.Config{HeadDim: 256}))
	require.Equal(t, 144, queryScalar(&checkpoint.Config{HeadDim: 128, ScoreScale: 1.0 / 12}))
	require.Equal(t, 20, queryScalar(&checkpoint.Config{HeadDim: 128, ScoreScale: 0.22360679774997896}))
	require.Equal(t, 0.25, queryScalar(&checkpoint.Config{HeadDim: 128, ScoreScale: 2}))
}
