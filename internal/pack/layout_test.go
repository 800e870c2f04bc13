package pack

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// ramp gives weights whose content says where they belong: the integer of
// input k of row n is n+k, its scale and zero point count groups.
type ramp struct{}

func (ramp) Floats(_ *ir.Value, r int, dst []float32) error {
	for k := range dst {
		dst[k] = float32(100*r + k)
	}
	return nil
}

func (ramp) Integers(_ *ir.Value, r int, q []byte, scale []float32, zero []int8) error {
	for k := range q {
		q[k] = byte(r + k)
	}
	for g := range scale {
		scale[g] = float32(r) + float32(g)/2
	}
	for g := range zero {
		zero[g] = int8(g - r)
	}
	return nil
}

// matrixModule has one linear with a weight of that type.
func matrixModule(t testing.TB, w ir.Type) *ir.Module {
	b := ir.NewBuilder("matrix")
	weight := b.Weight("w", w)
	f := b.Func("decode", false)
	x := f.Param("x", ir.Tensor(ir.F32, 1, w.Shape[1]))
	f.Return(f.Linear("y", x, weight, ir.KindF32))
	m, err := b.Build()
	require.NoError(t, err)
	return m
}

func packed(t testing.TB, w ir.Type, src Source) Tensor {
	m := matrixModule(t, w)
	s := built(t, m, src)
	tensor, err := s.Get(m.Weights[0])
	require.NoError(t, err)
	return tensor
}

func built(t testing.TB, m *ir.Module, src Source) *Store {
	plan, err := NewPlan(m)
	require.NoError(t, err)
	s, err := Build(t.Context(), plan, src, nil)
	require.NoError(t, err)
	return s
}

func TestFloatLayout(t *testing.T) {
	// 65 rows of 3 inputs: [2][3][64], the second block has one row.
	p := packed(t, ir.Tensor(ir.F32, 65, 3), FromRows(ramp{}))
	f := Floats(p.Parts[0])
	require.Len(t, f, 2*3*64)
	require.Equal(t, []float32{0, 100, 200}, f[:3], "input 0 of rows 0, 1, 2")
	require.Equal(t, []float32{1, 101}, f[64:66], "input 1 of rows 0, 1")
	require.Equal(t, []float32{6400, 0, 0}, f[192:195], "row 64, then padding")
	require.Equal(t, []float32{6402, 0}, f[192+128:192+130])
}

func TestHalfLayout(t *testing.T) {
	p := packed(t, ir.Tensor(ir.F16, 2, 2), FromRows(ramp{}))
	require.Equal(t, []uint16{0x0000, 0x5640, 0}, Uint16s(p.Parts[0])[:3]) // 0, 100
	require.Equal(t, []uint16{0x3C00, 0x5650, 0}, Uint16s(p.Parts[0])[64:67])
	p = packed(t, ir.Tensor(ir.BF16, 2, 2), FromRows(ramp{}))
	require.Equal(t, []uint16{0x3F80, 0x42CA}, Uint16s(p.Parts[0])[64:66]) // 1, 101
}

func TestNibbleLayout(t *testing.T) {
	// Groups of 32 of 36 inputs: the second has 4. A byte of a lane holds
	// inputs 2j (low) and 2j+1 (high).
	p := packed(t, ir.Quantized(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16}, 3, 36), FromRows(ramp{}))
	q := p.Parts[0]
	require.Len(t, q, 2*16*64)
	require.Equal(t, "10 21 32 88", octets(q[:4]), "inputs 0 and 1 of rows 0 to 2, then padding of 8")
	require.Equal(t, "32 43 54 88", octets(q[64:68]), "inputs 2 and 3")
	second := q[16*64:]
	require.Equal(t, "10 21 32 88", octets(second[:4]), "inputs 32 and 33 = 0x20 and 0x21, four bits of each")
	require.Equal(t, "88 88 88 88", octets(second[2*64:2*64+4]), "inputs 36 and 37 pad the group")
	require.Equal(t, []uint16{0x0000, 0x3C00, 0x4000, 0}, Uint16s(p.Parts[1])[:4], "scales 0, 1, 2")
	require.Equal(t, []uint16{0x3800, 0x3E00, 0x4100, 0}, Uint16s(p.Parts[1])[64:68], "scales 0.5, 1.5, 2.5")
	require.Len(t, p.Parts, 2)
}

func TestZeroPointLayout(t *testing.T) {
	p := packed(t, ir.Quantized(ir.Quant{Bits: 4, Group: 32, Scale: ir.F32, Zero: true}, 3, 36), FromRows(ramp{}))
	require.Equal(t, "10 21 32 00", octets(p.Parts[0][:4]), "padding of 0")
	require.Equal(t, []float32{0.5, 1.5, 2.5, 0}, Floats(p.Parts[1])[64:68])
	require.Equal(t, []int8{0, -1, -2, 0}, Int8s(p.Parts[2])[:4])
	require.Equal(t, []int8{1, 0, -1, 0}, Int8s(p.Parts[2])[64:68])
}

func TestMinimumLayout(t *testing.T) {
	p := packed(t, ir.Quantized(ir.Quant{Bits: 4, Group: 32, Scale: ir.F32, Min: true}, 3, 36), FromRows(ramp{}))
	require.Equal(t, "10 21 32 00", octets(p.Parts[0][:4]), "padding of 0")
	require.Equal(t, []float32{0.5, 1.5, 2.5, 0}, Floats(p.Parts[1])[64:68], "scales of group 1")
	require.Equal(t, []float32{1, 2, 3, 0}, Floats(p.Parts[2])[:4], "minimums of group 0 follow the scales")
	require.Equal(t, []float32{1.5, 2.5, 3.5, 0}, Floats(p.Parts[2])[64:68])
}

func TestByteLayout(t *testing.T) {
	p := packed(t, ir.Quantized(ir.Quant{Bits: 8, Group: 32, Scale: ir.F32}, 2, 33), FromRows(ramp{}))
	require.Len(t, p.Parts[0], 2*32*64)
	require.Equal(t, "00 01 00", octets(p.Parts[0][:3]))
	require.Equal(t, "01 02 00", octets(p.Parts[0][64:67]))
	require.Equal(t, "20 21 00", octets(p.Parts[0][32*64:32*64+3]), "input 32 begins the second group")
	require.Equal(t, "00 00 00", octets(p.Parts[0][33*64:33*64+3]), "input 33 pads it")
}

func octets(b []byte) string { return fmt.Sprintf("% x", b) }

// badScale gives a scale that float16 does not have.
type badScale struct{ ramp }

func (badScale) Integers(_ *ir.Value, _ int, _ []byte, scale []float32, _ []int8) error {
	scale[0] = 0.1
	return nil
}

func TestScaleThatDoesNotFit(t *testing.T) {
	m := matrixModule(t, ir.Quantized(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16}, 1, 36))
	plan, err := NewPlan(m)
	require.NoError(t, err)
	_, err = Build(t.Context(), plan, FromRows(badScale{}), nil)
	require.EqualError(t, err, `pack: weight "w": row 0: scale or minimum 0.1 of group 0 is not a float16`)
}
