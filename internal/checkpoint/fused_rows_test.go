package checkpoint

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// numbered is a packed weight [5, 1] whose row i is i.
type numbered struct{}

func (numbered) Shape() []int             { return []int{5, 1} }
func (numbered) Type() *quant.Type        { return quant.F32 }
func (numbered) Ints() (quant.Ints, bool) { return quant.Ints{}, true }

func (numbered) Integers(i int, q []uint8, _ []float32, _ []int8) error {
	q[0] = uint8(i)
	return nil
}

func (numbered) Floats(i int, dst []float32) error {
	dst[0] = float32(i)
	return nil
}

// TestFusedPacked: each part of a fused projection reads its own rows.
func TestFusedPacked(t *testing.T) {
	found := map[string]*Tensor{}
	fused := &Tensor{Name: "qkv.weight", Shape: []int{5, 1}, packed: numbered{}}
	parts := []fusedPart{{name: "q.weight", rows: 3}, {name: "k.weight", rows: 2}}
	require.NoError(t, (&Checkpoint{}).splitRows(found, fused, "m.", parts))
	row, q := make([]float32, 1), make([]uint8, 1)
	for i := range 2 {
		require.NoError(t, found["m.k.weight"].ReadRow(i, row))
		require.NoError(t, found["m.k.weight"].ReadIntegers(i, q, nil, nil))
		require.Equal(t, float32(3+i), row[0])
		require.Equal(t, uint8(3+i), q[0])
	}
	require.ErrorContains(t, found["m.k.weight"].ReadRow(2, row), "row 2 is not among its 2 rows")
}
