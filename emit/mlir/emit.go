// Package mlir lowers a module to MLIR text: the linalg, arith, math, scf and
// tensor dialects, as LLVM 19 and 22 both read them.
package mlir

import (
	"errors"
	"io"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// Emit writes m as MLIR text to w. The weights lie where plan says.
func Emit(w io.Writer, m *ir.Module, plan *pack.Plan, opts Options) (*Program, error) {
	return nil, errors.New("mlir: not written yet")
}
