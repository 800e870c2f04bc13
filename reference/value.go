package reference

import (
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// value is what a value of the graph is at run time; which field is set
// follows from its type.
type value struct {
	f      []float32 // activations [rows, width], caches, and vectors and tables of weights
	matrix matrix    // a packed weight matrix
	ids    []int32   // token ids, or the order of elements
	n      int       // an integer scalar
	routes *routes   // the selected experts of each token
}

// matrix is a packed weight [N,K] seen by its element types, or a stack of
// them, whose blocks count on; pack.Parts has the layouts.
type matrix struct {
	k       int
	elem    ir.Elem
	quant   ir.Quant
	f32     []float32 // F32
	u16     []uint16  // F16, BF16
	q       []byte    // blocks: integers
	scale32 []float32
	scale16 []uint16
	min32   []float32
	min16   []uint16
	zero    []int8
}

func newWeight(t pack.Tensor) (value, error) {
	switch {
	case !t.Matrix && t.Type.Elem == ir.I32:
		return newOrder(t)
	case !t.Matrix:
		return value{f: pack.Floats(t.Parts[0])}, nil
	}
	m := matrix{k: t.Type.Shape[len(t.Type.Shape)-1], elem: t.Type.Elem, quant: t.Type.Quant}
	switch t.Type.Elem {
	case ir.F32:
		m.f32 = pack.Floats(t.Parts[0])
	case ir.F16, ir.BF16:
		m.u16 = pack.Uint16s(t.Parts[0])
	default:
		m.setBlocks(t.Parts)
	}
	return value{matrix: m}, nil
}

func (m *matrix) setBlocks(parts [][]byte) {
	m.q = parts[0]
	m.scale32, m.scale16 = m.groupParts(parts[1])
	if m.quant.Zero {
		m.zero = pack.Int8s(parts[2])
	}
	if m.quant.Min {
		m.min32, m.min16 = m.groupParts(parts[2])
	}
}

// groupParts views scales or minimums by their type; the other is nil.
func (m *matrix) groupParts(part []byte) ([]float32, []uint16) {
	if m.quant.Scale == ir.F32 {
		return pack.Floats(part), nil
	}
	return nil, pack.Uint16s(part)
}
