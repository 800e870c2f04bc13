package pack

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/half"
	"github.com/lpuctl/lpuctl/ir"
)

// matrixTypes are every type of a matrix.
func matrixTypes(n, k int) []ir.Type {
	types := []ir.Type{ir.Tensor(ir.F32, n, k), ir.Tensor(ir.F16, n, k), ir.Tensor(ir.BF16, n, k)}
	for _, bits := range []int{4, 8} {
		for _, scale := range []ir.Elem{ir.F16, ir.F32} {
			q := ir.Quant{Bits: bits, Group: 32, Scale: scale}
			zero, minimum := q, q
			zero.Zero, minimum.Min = true, true
			for _, q := range []ir.Quant{q, zero, minimum} {
				types = append(types, ir.Quantized(q, n, k))
			}
		}
	}
	return types
}

// TestSyntheticPadding unpacks synthetic weights to rows and packs those: the
// same bytes come out, so everything between the rows is a zero weight.
func TestSyntheticPadding(t *testing.T) {
	for _, typ := range matrixTypes(70, 38) { // neither fills its block or group
		synthetic := packed(t, typ, Synthetic{Seed: 9})
		require.Equal(t, synthetic, packed(t, typ, FromRows(unpacked{synthetic})), "%v", typ)
	}
}

// unpacked reads the rows of a packed matrix.
type unpacked struct{ Tensor }

func (u unpacked) Floats(w *ir.Value, r int, dst []float32) error {
	at := r/Lanes*len(dst)*Lanes + r%Lanes
	for k := range dst {
		switch w.Type.Elem {
		case ir.F32:
			dst[k] = Floats(u.Parts[0])[at+k*Lanes]
		case ir.F16:
			dst[k] = half.F16ToF32(Uint16s(u.Parts[0])[at+k*Lanes])
		case ir.BF16:
			dst[k] = half.BF16ToF32(Uint16s(u.Parts[0])[at+k*Lanes])
		}
	}
	return nil
}

func (u unpacked) Integers(w *ir.Value, r int, q []byte, scale []float32, zero []int8) error {
	quant, block, lane := w.Type.Quant, r/Lanes, r%Lanes
	groups := quant.Groups(len(q))
	bytes := u.Parts[0][block*groups*quant.Group*quant.Bits/8*Lanes:]
	for k := range q {
		if quant.Bits == 8 {
			q[k] = bytes[k*Lanes+lane]
		} else {
			q[k] = bytes[k/2*Lanes+lane] >> (k % 2 * 4) & 15
		}
	}
	for g := range groups {
		at := (block*groups+g)*Lanes + lane
		scale[g] = u.float(1, at)
		if quant.Zero {
			zero[g] = Int8s(u.Parts[2])[at]
		}
		if quant.Min {
			scale[groups+g] = u.float(2, at)
		}
	}
	return nil
}

// float is a scale or a minimum.
func (u unpacked) float(part, at int) float32 {
	if u.Type.Quant.Scale == ir.F32 {
		return Floats(u.Parts[part])[at]
	}
	return half.F16ToF32(Uint16s(u.Parts[part])[at])
}

// TestSyntheticDepends: the same bytes again, others for another seed, name
// or block.
func TestSyntheticDepends(t *testing.T) {
	for _, typ := range matrixTypes(128, 64) {
		fill := func(seed uint64, name string, block int) []byte {
			p := planOf(t, matrixModule(t, typ)).Weights[0]
			p.Weight.Name = name
			parts := make([][]byte, len(p.Parts))
			for i := range parts {
				parts[i] = make([]byte, p.blockBytes(i))
			}
			require.NoError(t, Synthetic{Seed: seed}.Fill(&p, block, parts))
			return slices.Concat(parts...)
		}
		first := fill(1, "a", 0)
		require.Equal(t, first, fill(1, "a", 0), "%v", typ)
		for _, other := range [][]byte{fill(2, "a", 0), fill(1, "b", 0), fill(1, "a", 1)} {
			require.NotEqual(t, first, other, "%v", typ)
		}
	}
}

// TestSyntheticGolden holds the first bytes: files made by one version are
// those of the next.
func TestSyntheticGolden(t *testing.T) {
	var got []string
	for _, typ := range matrixTypes(128, 64) {
		p := packed(t, typ, Synthetic{Seed: 42})
		line := typ.String()
		for _, part := range p.Parts {
			line += " " + octets(part[:4])
		}
		got = append(got, line)
	}
	require.Equal(t, []string{
		"f32[128,64] 5a bf 42 be",
		"f16[128,64] 16 b2 09 2b",
		"bf16[128,64] 43 be 61 3d",
		"q4g32f16[128,64] 90 8f 7e 20 39 28 27 28",
		"q4g32f16z[128,64] 90 8f 7e 20 39 28 27 28 08 09 09 08",
		"q4g32f16m[128,64] 90 8f 7e 20 39 28 27 28 39 b4 27 b4",
		"q4g32f32[128,64] 90 8f 7e 20 00 20 07 3d",
		"q4g32f32z[128,64] 90 8f 7e 20 00 20 07 3d 08 09 09 08",
		"q4g32f32m[128,64] 90 8f 7e 20 00 20 07 3d 00 20 87 be",
		"q8g32f16[128,64] 90 8f 7e 20 e0 16 cb 15",
		"q8g32f16z[128,64] 90 8f 7e 20 e0 16 cb 15 ff 00 ff 01",
		"q8g32f16m[128,64] 90 8f 7e 20 e0 16 cb 15 e0 a2 cb a1",
		"q8g32f32[128,64] 90 8f 7e 20 00 00 dc 3a",
		"q8g32f32z[128,64] 90 8f 7e 20 00 00 dc 3a ff 00 ff 01",
		"q8g32f32m[128,64] 90 8f 7e 20 00 00 dc 3a 00 00 5c bc",
	}, got)
}

// TestSyntheticVariance: with inputs of variance 1 outputs have about that.
// The bound is five standard errors of 64*1024 uniform numbers.
func TestSyntheticVariance(t *testing.T) {
	const n, k = 64, 1024
	for _, typ := range matrixTypes(n, k) {
		w := unpacked{packed(t, typ, Synthetic{Seed: 5})}
		var sum float64
		for r := range n {
			for _, v := range w.row(typ, r) {
				sum += v * v
			}
		}
		bound := 0.02
		if typ.Elem == ir.Block {
			bound = 0.08 // integers of 4 bits are not symmetric, zero points and scales vary
		}
		require.InDelta(t, 1, sum/n, bound, fmt.Sprint(typ))
	}
}

func (u unpacked) row(t ir.Type, r int) []float64 {
	w := &ir.Value{Type: t}
	row := make([]float64, t.Shape[1])
	if t.Elem != ir.Block {
		f := make([]float32, len(row))
		u.Floats(w, r, f)
		for k := range row {
			row[k] = float64(f[k])
		}
		return row
	}
	groups := t.Quant.Groups(len(row))
	q, scale, zero := make([]byte, len(row)), make([]float32, 2*groups), make([]int8, groups)
	u.Integers(w, r, q, scale, zero)
	for k := range row {
		v := int(int8(q[k]))
		if t.Quant.Bits == 4 && t.Quant.Symmetric() {
			v -= 8
		}
		g := k / t.Quant.Group
		row[k] = float64(v-int(zero[g]))*float64(scale[g]) + float64(scale[groups+g])
	}
	return row
}
