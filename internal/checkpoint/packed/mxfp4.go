package packed

import (
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// MXFP4 is the format of gpt-oss (transformers 02b8f42, integrations/mxfp4.py):
// blocks of 32 inputs, the low nibble of a byte first.
//
//	_blocks U8 [..., in/32, 16]
//	_scales U8 [..., in/32]
type MXFP4 struct{}

// Marker implements Scheme.
func (MXFP4) Marker() string { return "_blocks" }

// Suffix implements Scheme: the parameters of experts have no ".weight".
func (MXFP4) Suffix() string { return "" }

// Weight implements Scheme.
func (MXFP4) Weight(_ string, parts Parts) (Weight, error) {
	blocks, ok := parts.Take("_blocks")
	n := len(blocks.Shape)
	if !ok || n < 3 || blocks.Shape[n-1] != 16 || blocks.Type.Name != "U8" {
		return nil, fmt.Errorf("_blocks is missing or not U8 [..., 16]")
	}
	outer := blocks.Shape[:n-1]
	scales, err := need(parts, "_scales", outer, "U8")
	if err != nil {
		return nil, err
	}
	shape := append(slices.Clone(outer[:n-2]), 32*outer[n-2])
	return &mxfp4{shape, outer[n-2], blocks.Data, scales.Data}, nil
}

type mxfp4 struct {
	shape          []int
	groups         int // of a row
	blocks, scales []byte
}

func (m *mxfp4) Shape() []int             { return m.shape }
func (m *mxfp4) Type() *quant.Type        { return quant.MXFP4 }
func (m *mxfp4) Ints() (quant.Ints, bool) { return quant.MXFP4.Ints() }

// Integers implements Weight.
func (m *mxfp4) Integers(i int, q []uint8, scale []float32, _ []int8) error {
	return quant.Integers(quant.MXFP4, m.row(i), q, scale)
}

// Floats implements Weight.
func (m *mxfp4) Floats(i int, dst []float32) error { return quant.Decode(quant.MXFP4, m.row(i), dst) }

// Bytes implements Encoder.
func (m *mxfp4) Bytes(i int) ([]byte, bool) { return m.row(i), true }

// row returns row i as GGML has it: the scale before its block, and the low
// nibbles of a block for its first half.
func (m *mxfp4) row(i int) []byte {
	row := make([]byte, 0, 17*m.groups)
	for g := i * m.groups; g < (i+1)*m.groups; g++ {
		row = append(row, m.scales[g])
		b := m.blocks[16*g:][:16]
		for j := range 16 {
			lo, hi := b[j/2]>>(j%2*4)&15, b[8+j/2]>>(j%2*4)&15
			row = append(row, lo|hi<<4)
		}
	}
	return row
}
