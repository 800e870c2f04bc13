package reference

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/x448/float16"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// logical is a weight as a checkpoint has it, row by row. Integers are those
// of (q - zero) * scale, signed when there are no zero points, or of
// q*scale + min.
type logical struct {
	typ     ir.Type
	floats  [][]float32
	q, zero [][]int
	scale   [][]float32
	minimum [][]float32
}

// at is the weight [n,k] as a float32.
func (w *logical) at(n, k int) float32 {
	if w.typ.Elem != ir.Block {
		return w.floats[n][k]
	}
	g := k / w.typ.Quant.Group
	v := float32(float32(w.integer(n, k)) * w.scale[n][g])
	if w.typ.Quant.Min {
		v += w.minimum[n][g]
	}
	return v
}

// integer is q - zero of a block-quantized weight.
func (w *logical) integer(n, k int) int {
	if w.typ.Quant.Zero {
		return w.q[n][k] - w.zero[n][k/w.typ.Quant.Group]
	}
	return w.q[n][k]
}

// logicals are the weights of a module by name. It is a pack.RowSource.
type logicals map[string]*logical

func (l logicals) Floats(w *ir.Value, r int, dst []float32) error {
	copy(dst, l[w.Name].floats[r])
	return nil
}

func (l logicals) Integers(w *ir.Value, r int, q []byte, scale []float32, zero []int8) error {
	from, offset := l[w.Name], 0
	if w.Type.Quant.Bits == 4 && w.Type.Quant.Symmetric() {
		offset = 8
	}
	for k := range q {
		q[k] = byte(from.q[r][k] + offset)
	}
	n := copy(scale, from.scale[r])
	copy(scale[n:], from.minimum[r])
	for g := range zero {
		zero[g] = int8(from.zero[r][g])
	}
	return nil
}

// store packs the weights of a module.
func (l logicals) store(t testing.TB, m *ir.Module) *pack.Store {
	plan, err := pack.NewPlan(m)
	require.NoError(t, err)
	s, err := pack.Build(context.Background(), plan, pack.FromRows(l), nil)
	require.NoError(t, err)
	return s
}

// randomWeights draws every weight of a module that given does not have.
func randomWeights(m *ir.Module, given logicals) logicals {
	r := rand.New(rand.NewPCG(uint64(len(m.Weights)), 7))
	all := logicals{}
	for _, w := range m.Weights {
		if all[w.Name] = given[w.Name]; all[w.Name] == nil {
			all[w.Name] = randomWeight(r, w.Type)
		}
	}
	return all
}

func randomWeight(r *rand.Rand, t ir.Type) *logical {
	w := &logical{typ: t}
	width := t.Shape[len(t.Shape)-1]
	for range t.Elements() / width {
		if t.Elem == ir.Block {
			w.addIntegers(r, width)
		} else {
			w.floats = append(w.floats, randomFloats(r, t.Elem, width))
		}
	}
	return w
}

func randomFloats(r *rand.Rand, elem ir.Elem, n int) []float32 {
	row := make([]float32, n)
	if elem == ir.I32 {
		for i, from := range r.Perm(n) {
			row[i] = float32(from)
		}
		return row
	}
	for i := range row {
		row[i] = representable(elem, float32(r.NormFloat64()))
	}
	return row
}

// representable rounds v to a value of a float type.
func representable(elem ir.Elem, v float32) float32 {
	switch elem {
	case ir.F16:
		return float16.Fromfloat32(v).Float32()
	case ir.BF16:
		return math.Float32frombits(math.Float32bits(v) &^ 0xFFFF)
	}
	return v
}

// oddScales are what scales may be besides ordinary: nothing, negative,
// denormal in float16, and the largest of each type.
func oddScales(elem ir.Elem) []float32 {
	if elem == ir.F16 {
		return []float32{0, -0.5, 0x1p-24, 0x1.8p-20, 65504}
	}
	return []float32{0, -0.5, 0x1p-149, 0x1p-120, 3e38}
}

func (w *logical) addIntegers(r *rand.Rand, k int) {
	quant := w.typ.Quant
	size := 1 << quant.Bits
	low := -size / 2
	if quant.Bits == 4 && !quant.Symmetric() {
		low = 0
	}
	q := make([]int, k)
	for i := range q {
		q[i] = low + r.IntN(size)
	}
	scale, zero := make([]float32, quant.Groups(k)), make([]int, quant.Groups(k))
	minimum := make([]float32, len(scale))
	for g := range scale {
		scale[g] = representable(quant.Scale, float32(r.NormFloat64()/8))
		if odd := oddScales(quant.Scale); r.IntN(4) == 0 {
			scale[g] = odd[r.IntN(len(odd))]
		}
		minimum[g] = representable(quant.Scale, float32(r.NormFloat64()))
		zero[g] = low + r.IntN(size)
		if r.IntN(8) == 0 {
			zero[g] = -128 + r.IntN(256) // the type allows any int8
		}
	}
	w.q, w.scale, w.zero = append(w.q, q), append(w.scale, scale), append(w.zero, zero)
	w.minimum = append(w.minimum, minimum)
}
