package convert

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// source is where the rows of a tensor come from.
type source interface {
	// Encoded returns row i as typ encodes it; ok is false if the source does
	// not have it so.
	Encoded(i int, typ *quant.Type) (row []byte, ok bool)
	// ReadRow decodes row i.
	ReadRow(i int, dst []float32) error
}

// rows are rows of tensors of the checkpoint; at says which is row i.
type rows struct {
	parts []*checkpoint.Tensor
	at    func(i int) (part, row int)
}

func (r rows) Encoded(i int, typ *quant.Type) ([]byte, bool) {
	part, row := r.at(i)
	if r.parts[part].Type != typ {
		return nil, false
	}
	return r.parts[part].Encoded(row)
}

func (r rows) ReadRow(i int, dst []float32) error {
	part, row := r.at(i)
	return r.parts[part].ReadRow(row, dst)
}

// vector is elements that are known.
type vector []float32

func (v vector) Encoded(int, *quant.Type) ([]byte, bool) { return nil, false }

func (v vector) ReadRow(_ int, dst []float32) error {
	copy(dst, v)
	return nil
}

// shuffled are rows that hold element k of each part after element k-1 of all.
type shuffled struct{ parts []*checkpoint.Tensor }

func (s shuffled) Encoded(int, *quant.Type) ([]byte, bool) { return nil, false }

func (s shuffled) ReadRow(i int, dst []float32) error {
	part := make([]float32, len(dst)/len(s.parts))
	for p, t := range s.parts {
		if err := t.ReadRow(i, part); err != nil {
			return err
		}
		for k, v := range part {
			dst[k*len(s.parts)+p] = v
		}
	}
	return nil
}

// transposed are stacks [experts, out, in] as [experts, in, out], with outputs
// of the parts in turn. It holds one expert at a time.
type transposed struct {
	parts   []*checkpoint.Tensor
	out, in int
	expert  int         // the one in floats; -1 for none
	floats  [][]float32 // [out, in] of each part
}

func newTransposed(parts []*checkpoint.Tensor) *transposed {
	shape := parts[0].Shape
	return &transposed{parts: parts, out: shape[1], in: shape[2], expert: -1, floats: make([][]float32, len(parts))}
}

func (t *transposed) Encoded(int, *quant.Type) ([]byte, bool) { return nil, false }

func (t *transposed) ReadRow(i int, dst []float32) error {
	expert, k := i/t.in, i%t.in
	if expert != t.expert {
		if err := t.load(expert); err != nil {
			return err
		}
	}
	for p, floats := range t.floats {
		for o := range t.out {
			dst[o*len(t.parts)+p] = floats[o*t.in+k]
		}
	}
	return nil
}

func (t *transposed) load(expert int) error {
	t.expert = -1
	for p, part := range t.parts {
		if t.floats[p] == nil {
			t.floats[p] = make([]float32, t.out*t.in)
		}
		for o := range t.out {
			if err := part.ReadRow(expert*t.out+o, t.floats[p][o*t.in:][:t.in]); err != nil {
				return err
			}
		}
	}
	t.expert = expert
	return nil
}

// mxfp4 is the blocks or the scales of rows of MXFP4, as transformers has them
// (see package packed): row i of the parts in turn.
type mxfp4 struct {
	rows
	scales bool
}

func (m mxfp4) Encoded(i int, _ *quant.Type) ([]byte, bool) {
	row, ok := m.rows.Encoded(i, quant.MXFP4)
	if !ok {
		return nil, false
	}
	var out []byte
	for ; len(row) > 0; row = row[17:] {
		if m.scales {
			out = append(out, row[0])
			continue
		}
		out = append(out, neighbours(row[1:17])...)
	}
	return out, true
}

func (m mxfp4) ReadRow(i int, _ []float32) error {
	return fmt.Errorf("row %d is not in MXFP4", i)
}

// neighbours returns the codes of a block of GGML, whose byte j has elements j
// and j+16, with elements 2j and 2j+1 in byte j.
func neighbours(b []byte) []byte {
	code := func(k int) byte { return b[k%16] >> (k / 16 * 4) & 15 }
	out := make([]byte, 16)
	for j := range out {
		out[j] = code(2*j) | code(2*j+1)<<4
	}
	return out
}
