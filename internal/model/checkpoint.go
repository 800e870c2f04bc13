package model

import (
	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/half"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/internal/quant"
	"github.com/lpuctl/lpuctl/ir"
)

// nativeQuant is the block-quantized type that holds the integers of a tensor
// as they are; ok is false if it does not consist of integers.
func nativeQuant(t *checkpoint.Tensor) (q ir.Quant, ok bool) {
	ints, ok := t.Ints()
	q = ir.Quant{Bits: ints.Bits, Group: ints.Group, Scale: ir.F16, Zero: ints.Zeros, Min: ints.Min}
	if ints.Wide {
		q.Scale = ir.F32
	}
	return q, ok
}

// checkpointTypes are the weight types of a checkpoint: integers stay integers,
// floats stay as they are or become the next wider type, other encodings become
// float32.
type checkpointTypes struct {
	c       *checkpoint.Checkpoint
	options Options
	tied    bool
}

// MatrixType implements WeightTypes.
func (t checkpointTypes) MatrixType(name string, out, in int, projection bool) ir.Type {
	if projection && t.options.Quant != nil {
		return ir.Quantized(*t.options.Quant, out, in)
	}
	tensor, err := t.c.Tensor(name)
	if err != nil {
		return ir.Tensor(ir.F32, out, in) // reading it will name the error
	}
	if q, ok := nativeQuant(tensor); ok {
		return ir.Quantized(q, out, in)
	}
	if t.options.Kind == ir.KindF16 && (name != EmbedWeight || t.tied) {
		return ir.Tensor(ir.F16, out, in)
	}
	switch tensor.Type {
	case quant.F16, quant.F8_E5M2, quant.F8_E4M3, quant.F8_E5M2FNUZ, quant.F8_E4M3FNUZ:
		return ir.Tensor(ir.F16, out, in)
	case quant.BF16:
		return ir.Tensor(ir.BF16, out, in)
	}
	return ir.Tensor(ir.F32, out, in)
}

// checkpointRows reads the rows of weights from a checkpoint.
type checkpointRows struct {
	c      *checkpoint.Checkpoint
	tables ropeTables
}

func checkpointSource(c *checkpoint.Checkpoint, config *Config, context int) pack.Source {
	return pack.FromRows(checkpointRows{c, newRopeTables(config, context)})
}

// Floats implements pack.RowSource.
func (r checkpointRows) Floats(w *ir.Value, row int, dst []float32) error {
	if r.tables.has(w) {
		return r.tables.Floats(w, row, dst)
	}
	t, err := r.c.Tensor(w.Name)
	if err != nil {
		return err
	}
	return t.ReadRow(row, dst)
}

// Integers implements pack.RowSource: the checkpoint's own integers if it has
// them in the weight's type, else the row rounded to nearest.
func (r checkpointRows) Integers(w *ir.Value, row int, q []byte, scale []float32, zero []int8) error {
	t, err := r.c.Tensor(w.Name)
	if err != nil {
		return err
	}
	if native, ok := nativeQuant(t); ok && native == w.Type.Quant {
		return t.ReadIntegers(row, q, scale, zero)
	}
	return roundRow(t, row, w.Type.Quant, q, scale)
}

func roundRow(t *checkpoint.Tensor, row int, to ir.Quant, q []byte, scale []float32) error {
	floats, halves := make([]float32, len(q)), make([]uint16, len(scale))
	if err := t.ReadRow(row, floats); err != nil {
		return err
	}
	if err := quant.RTN(to.Bits, to.Group, floats, q, halves); err != nil {
		return err
	}
	for i, h := range halves {
		scale[i] = half.F16ToF32(h)
	}
	return nil
}

// HasIntegers reports whether a projection of the checkpoint is stored in
// integers that the graph takes as they are.
func (m *Model) HasIntegers() bool {
	if m.Checkpoint == nil {
		return false
	}
	for _, s := range m.Config.LayerTensors(0) {
		t, err := m.Checkpoint.Tensor(checkpoint.LayerPrefix(0) + s.Name)
		if len(s.Shape) < 2 || err != nil {
			continue
		}
		if _, ok := nativeQuant(t); ok {
			return true
		}
	}
	return false
}
