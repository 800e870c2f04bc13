// Package pack is the packed weight file: every weight of a module in the
// layout that the CPU reference and the compiled MLIR both read, 64 outputs
// innermost. A [Plan] fixes where each byte goes, a [Source] fills it, and
// [Write] and [Open] make and map weights.bin with its JSON index.
package pack

import "github.com/lpuctl/lpuctl/ir"

// Lanes is the number of matrix rows (outputs of a linear) that stand
// innermost in a packed matrix. Rows are padded to a multiple of it.
const Lanes = 64

// Blocks is the number of 64-row blocks that hold n rows.
func Blocks(n int) int { return (n + Lanes - 1) / Lanes }

// Part is one array of a packed weight.
type Part struct {
	Suffix string  // "" for floats and integers, "scale", "zero" or "min"
	Elem   ir.Elem // F32, F16, BF16 or I8
	Shape  []int   // row-major
}

// Bytes is the size of the array.
func (p Part) Bytes() int64 { return ir.Tensor(p.Elem, p.Shape...).Bytes() }

// Parts are the arrays that hold a weight of type t.
//
// A weight that is not a matrix of a linear or an embedding is one array of
// its own type and shape. Of matrices [N,K], with B = Blocks(N):
//
//	float     data  [B][K][64]
//	4-bit     data  i8 [B][K/G][G/2][64]: a byte holds input 2j in its low and
//	                2j+1 in its high nibble, unsigned; symmetric weights are
//	                stored with 8 added
//	8-bit     data  i8 [B][K/G][G][64], two's complement
//	both      scale f16 or f32 [B][K/G][64]
//	          zero  i8 [B][K/G][64], only with zero points
//	          min   f16 or f32 [B][K/G][64], only with minimums
//
// Of a stack of matrices [E,N,K] (experts), each array has a new first
// dimension E. Row n is lane n%64 of block n/64. Rows and inputs that pad a
// block or the last group are zero weights: nibble 8 when symmetric, else
// integer, scale, zero point and minimum 0. Inputs that pad the last group of a
// row with a minimum stand for that minimum; activations are zero there.
func Parts(t ir.Type, matrix bool) []Part {
	if !matrix {
		return []Part{{Elem: t.Elem, Shape: t.Shape}}
	}
	if len(t.Shape) == 3 {
		return expertParts(t)
	}
	b, k := Blocks(t.Shape[0]), t.Shape[1]
	if t.Elem != ir.Block {
		return []Part{{Elem: t.Elem, Shape: []int{b, k, Lanes}}}
	}
	groups, bytes := t.Quant.Groups(k), t.Quant.Group*t.Quant.Bits/8
	parts := []Part{
		{Elem: ir.I8, Shape: []int{b, groups, bytes, Lanes}},
		{Suffix: "scale", Elem: t.Quant.Scale, Shape: []int{b, groups, Lanes}},
	}
	if t.Quant.Zero {
		parts = append(parts, Part{Suffix: "zero", Elem: ir.I8, Shape: []int{b, groups, Lanes}})
	}
	if t.Quant.Min {
		parts = append(parts, Part{Suffix: "min", Elem: t.Quant.Scale, Shape: []int{b, groups, Lanes}})
	}
	return parts
}

// expertParts are the arrays of one expert, stacked.
func expertParts(t ir.Type) []Part {
	parts := Parts(t.Expert(), true)
	for i, p := range parts {
		parts[i].Shape = append([]int{t.Shape[0]}, p.Shape...)
	}
	return parts
}
