package pack

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/lpuctl/lpuctl/internal/half"
	"github.com/lpuctl/lpuctl/ir"
)

// RowSource reads the logical rows of weights, as a checkpoint has them.
type RowSource interface {
	// Floats reads row r of a float weight: the whole of a vector, row r of a
	// matrix, row r%N of matrix r/N of a stack [E,N,K]. Of a vector of integers
	// it reads their values, which are below 2^24.
	Floats(w *ir.Value, r int, dst []float32) error
	// Integers reads row r of a block-quantized matrix [N,K] or stack: K
	// integers in q (4-bit: 0..15, with 8 added if symmetric; 8-bit: two's
	// complement), and a scale and a zero point for each group. zero is empty
	// if the type has no zero points; if it has minimums they follow the scales
	// in scale.
	Integers(w *ir.Value, r int, q []byte, scale []float32, zero []int8) error
}

// FromRows is the Source that packs rows.
func FromRows(rows RowSource) Source { return rowPacker{rows} }

type rowPacker struct{ rows RowSource }

func (s rowPacker) Fill(p *Placed, block int, parts [][]byte) error {
	switch t := p.Weight.Type; {
	case !p.Matrix:
		return s.fillPlain(p.Weight, parts[0])
	case t.Elem == ir.Block:
		return s.fillIntegers(p.Weight, block, parts)
	default:
		return s.fillFloats(p.Weight, block, parts[0])
	}
}

func (s rowPacker) fillPlain(w *ir.Value, dst []byte) error {
	row := make([]float32, width(w.Type))
	for r := range w.Type.Elements() / len(row) {
		if err := s.rows.Floats(w, r, row); err != nil {
			return err
		}
		for i, v := range row {
			putFloat(dst, w.Type.Elem, r*len(row)+i, v)
		}
	}
	return nil
}

func (s rowPacker) fillFloats(w *ir.Value, block int, dst []byte) error {
	clear(dst)
	row := make([]float32, width(w.Type))
	first, count := blockRows(w.Type, block)
	for lane := range count {
		if err := s.rows.Floats(w, first+lane, row); err != nil {
			return err
		}
		for k, v := range row {
			putFloat(dst, w.Type.Elem, k*Lanes+lane, v)
		}
	}
	return nil
}

// width is the length of a row.
func width(t ir.Type) int { return t.Shape[len(t.Shape)-1] }

// putFloat stores element i of an array of that type, rounding to nearest even.
func putFloat(dst []byte, elem ir.Elem, i int, v float32) {
	switch elem {
	case ir.F16:
		binary.LittleEndian.PutUint16(dst[2*i:], half.F32ToF16(v))
	case ir.BF16:
		binary.LittleEndian.PutUint16(dst[2*i:], half.F32ToBF16(v))
	case ir.I32:
		binary.LittleEndian.PutUint32(dst[4*i:], uint32(int32(v)))
	default:
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
	}
}

func (s rowPacker) fillIntegers(w *ir.Value, block int, parts [][]byte) error {
	quant, k := w.Type.Quant, width(w.Type)
	groups := quant.Groups(k)
	for _, part := range parts[1:] {
		clear(part)
	}
	fillBytes(parts[0], zeroByte(quant))
	row := integerRow{q: make([]byte, k), scale: make([]float32, groups)}
	if quant.Zero {
		row.zero = make([]int8, groups)
	}
	if quant.Min {
		row.scale = make([]float32, 2*groups)
	}
	first, count := blockRows(w.Type, block)
	for lane := range count {
		if err := s.rows.Integers(w, first+lane, row.q, row.scale, row.zero); err != nil {
			return err
		}
		if err := row.pack(quant, lane, parts); err != nil {
			return fmt.Errorf("row %d: %w", first+lane, err)
		}
	}
	return nil
}

func fillBytes(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

// integerRow is one row of a block-quantized matrix.
type integerRow struct {
	q     []byte
	scale []float32 // and the minimums after them
	zero  []int8
}

// pack writes the row to its lane of a block.
func (r *integerRow) pack(quant ir.Quant, lane int, parts [][]byte) error {
	if quant.Bits == 4 {
		r.packNibbles(lane, parts[0])
	} else {
		for k, q := range r.q {
			parts[0][k*Lanes+lane] = q
		}
	}
	groups := quant.Groups(len(r.q))
	for i, v := range r.scale {
		putFloat(parts[1+i/groups], quant.Scale, i%groups*Lanes+lane, v)
		if quant.Scale == ir.F16 && half.F16ToF32(half.F32ToF16(v)) != v {
			return fmt.Errorf("scale or minimum %g of group %d is not a float16", v, i%groups)
		}
	}
	for g, v := range r.zero {
		parts[2][g*Lanes+lane] = byte(v)
	}
	return nil
}

// packNibbles puts input 2j in the low and 2j+1 in the high nibble of byte j.
// Groups are even, so bytes never straddle two of them.
func (r *integerRow) packNibbles(lane int, dst []byte) {
	for k, q := range r.q {
		b := &dst[k/2*Lanes+lane]
		if k%2 == 0 {
			*b = *b&0xF0 | q&0x0F
		} else {
			*b = *b&0x0F | q<<4
		}
	}
}
