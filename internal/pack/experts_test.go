package pack

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// expertsModule has one layer of experts with weights of that type, two of
// which are selected.
func expertsModule(t testing.TB, w ir.Type) *ir.Module {
	b := ir.NewBuilder("experts")
	weight := b.Weight("w", w)
	f := b.Func("decode", false)
	_, ids := f.RouterTopK("route", f.Param("logits", ir.Tensor(ir.F32, 1, w.Shape[0])), 2, ir.RouteAll)
	f.Return(f.MoELinear("y", f.Param("x", ir.Tensor(ir.F32, 1, w.Shape[2])), weight, ids, ir.KindF32))
	m, err := b.Build()
	require.NoError(t, err)
	return m
}

// TestExpertLayout: the blocks of a stack are those of its matrices, one after
// the other, each padded alone.
func TestExpertLayout(t *testing.T) {
	m := expertsModule(t, ir.Tensor(ir.F32, 3, 65, 2))
	tensor, err := built(t, m, FromRows(ramp{})).Get(m.Weights[0])
	require.NoError(t, err)
	require.Equal(t, []int{3, 2, 2, 64}, planOf(t, m).Weights[0].Parts[0].Shape)
	f := Floats(tensor.Parts[0])
	require.Equal(t, []float32{0, 100, 200}, f[:3], "input 0 of rows 0, 1, 2 of expert 0")
	require.Equal(t, []float32{6400, 0}, f[2*64:2*64+2], "row 64 of expert 0, then padding")
	expert := f[2*2*2*64:]
	require.Equal(t, []float32{13000, 13100}, expert[:2], "rows 0 and 1 of expert 2 are rows 130 and 131 of the stack")
	require.Equal(t, []float32{13001, 13101}, expert[64:66], "their input 1")
	require.Equal(t, []float32{19400, 0}, expert[2*64:2*64+2], "row 64 of expert 2, then padding")
}

// TestExpertsPackAlike holds every part of a stack of block-quantized matrices
// against the matrices packed one by one.
func TestExpertsPackAlike(t *testing.T) {
	q := ir.Quant{Bits: 4, Group: 32, Scale: ir.F32, Zero: true}
	m := expertsModule(t, ir.QuantizedExperts(q, 3, 70, 36))
	stack, err := built(t, m, FromRows(ramp{})).Get(m.Weights[0])
	require.NoError(t, err)
	for e := range 3 {
		one := packed(t, ir.Quantized(q, 70, 36), FromRows(shifted{by: 70 * e}))
		for i, part := range one.Parts {
			require.Equal(t, part, stack.Parts[i][e*len(part):(e+1)*len(part)], "expert %d, part %d", e, i)
		}
	}
	require.Len(t, stack.Parts, 3)
}

// shifted are rows of ramp from by on.
type shifted struct {
	ramp
	by int
}

func (s shifted) Integers(w *ir.Value, r int, q []byte, scale []float32, zero []int8) error {
	return s.ramp.Integers(w, r+s.by, q, scale, zero)
}

// TestSyntheticExperts: padding is zero weights, and experts differ.
func TestSyntheticExperts(t *testing.T) {
	m := expertsModule(t, ir.QuantizedExperts(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16}, 2, 65, 32))
	tensor, err := built(t, m, Synthetic{Seed: 3}).Get(m.Weights[0])
	require.NoError(t, err)
	q := tensor.Parts[0]
	half := len(q) / 2
	require.NotEqual(t, q[:half], q[half:])
	require.Equal(t, "88 88 88", octets(q[half/2+1:half/2+4]), "lanes that row 64 leaves")
	require.Equal(t, "88 88 88", octets(q[half+half/2+1:half+half/2+4]))
}
