package checkpoint

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// countedRows is a packed weight whose row i holds i.
type countedRows struct{}

func (countedRows) Shape() []int             { return []int{16, 4} }
func (countedRows) Type() *quant.Type        { return quant.F32 }
func (countedRows) Ints() (quant.Ints, bool) { return quant.Ints{Bits: 4, Group: 32}, true }

func (countedRows) Floats(i int, dst []float32) error {
	for k := range dst {
		dst[k] = float32(i)
	}
	return nil
}

func (countedRows) Integers(i int, q []uint8, _ []float32, _ []int8) error {
	for k := range q {
		q[k] = uint8(i)
	}
	return nil
}

// TestFusedPacked: the parts of a fused projection that is quantized are rows
// of it, as floats and as integers.
func TestFusedPacked(t *testing.T) {
	whole := &Tensor{Name: "whole", Shape: []int{16, 4}, Type: quant.F32, packed: countedRows{}}
	part := whole.rowsFrom(10, 6)
	row, q := make([]float32, 4), make([]uint8, 4)
	require.NoError(t, part.ReadRow(5, row))
	require.NoError(t, part.ReadIntegers(5, q, nil, nil))
	require.Equal(t, []float32{15, 15, 15, 15}, row)
	require.Equal(t, []uint8{15, 15, 15, 15}, q)
	_, ok := part.Ints()
	require.True(t, ok)
	require.EqualError(t, part.ReadRow(6, row), `checkpoint: : tensor "whole": row 6 is not among its 6 rows`)
}
