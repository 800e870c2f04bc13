package mlir

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// TestWalkOps names the operation whose row is missing.
func TestWalkOps(t *testing.T) {
	table := lowerings()
	for _, op := range ir.Ops() {
		require.NotNil(t, table[op], "no lowering of %s", op.Name)
	}
	require.Len(t, table, len(ir.Ops()))
}
