package model

import (
	"strings"

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

// inOrder is the tensor in the order of inputs in which the graph has it: a
// linear that is quantized again keeps the checkpoint's.
func inOrder(t *checkpoint.Tensor, o Options) *checkpoint.Tensor {
	if sorted, _ := t.Sorted(); sorted != nil && o.Quant == nil {
		return sorted
	}
	return t
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
	if projection {
		tensor = inOrder(tensor, t.options)
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

// Sorted implements WeightTypes.
func (t checkpointTypes) Sorted(name string) bool {
	tensor, err := t.c.Tensor(name)
	return err == nil && inOrder(tensor, t.options) != tensor
}

// checkpointRows reads the rows of weights from a checkpoint.
type checkpointRows struct {
	c       *checkpoint.Checkpoint
	options Options
	tables  ropeTables
}

func checkpointSource(c *checkpoint.Checkpoint, config *Config, o Options) pack.Source {
	return pack.FromRows(checkpointRows{c, o, newRopeTables(config, o.Context)})
}

// Floats implements pack.RowSource.
func (r checkpointRows) Floats(w *ir.Value, row int, dst []float32) error {
	if r.tables.has(w) {
		return r.tables.Floats(w, row, dst)
	}
	if module, ok := strings.CutSuffix(w.Name, orderSuffix); ok {
		return r.order(module, dst)
	}
	t, err := r.c.Tensor(w.Name)
	if err != nil {
		return err
	}
	return t.ReadRow(row, dst)
}

// order reads the order of the inputs of a module.
func (r checkpointRows) order(module string, dst []float32) error {
	t, err := r.c.Tensor(module + ".weight")
	if err != nil {
		return err
	}
	_, order := t.Sorted()
	for k, input := range order {
		dst[k] = float32(input)
	}
	return nil
}

// Integers implements pack.RowSource: the checkpoint's own integers if it has
// them in the weight's type, else the row rounded to nearest.
func (r checkpointRows) Integers(w *ir.Value, row int, q []byte, scale []float32, zero []int8) error {
	t, err := r.c.Tensor(w.Name)
	if err != nil {
		return err
	}
	if s := inOrder(t, r.options); holds(s, w.Type.Quant) {
		return s.ReadIntegers(row, q, scale, zero)
	}
	return roundRow(t, row, w.Type.Quant, q, scale)
}

// holds says whether the tensor has integers of that type.
func holds(t *checkpoint.Tensor, q ir.Quant) bool {
	native, ok := nativeQuant(t)
	return ok && native == q
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
		if _, ok := nativeQuant(inOrder(t, Options{})); ok {
			return true
		}
	}
	return false
}
