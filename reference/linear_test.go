package reference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lpuctl/lpuctl/internal/half"
	"github.com/lpuctl/lpuctl/ir"
)

// quants are all types of block-quantized weights.
func quants() []ir.Quant {
	var all []ir.Quant
	for _, bits := range []int{4, 8} {
		for _, group := range []int{16, 32, 64, 128} {
			for _, scale := range []ir.Elem{ir.F16, ir.F32} {
				q := ir.Quant{Bits: bits, Group: group, Scale: scale}
				zero, minimum := q, q
				zero.Zero, minimum.Min = true, true
				all = append(all, q, zero, minimum)
			}
		}
	}
	return all
}

// linearCase is a weight and a kind that takes it.
type linearCase struct {
	kind   string
	weight ir.Type
}

func linearCases(n, k int) []linearCase {
	cases := []linearCase{
		{ir.KindF32, ir.Tensor(ir.F32, n, k)},
		{ir.KindF32, ir.Tensor(ir.F16, n, k)},
		{ir.KindF32, ir.Tensor(ir.BF16, n, k)},
		{ir.KindF16, ir.Tensor(ir.F16, n, k)},
	}
	for _, q := range quants() {
		for _, kind := range ir.Kinds() {
			cases = append(cases, linearCase{kind, ir.Quantized(q, n, k)})
		}
	}
	return cases
}

// TestLinear compares every kind on every weight with the oracle: five rows at
// once and one by one. The sizes have outputs that do not fill a block of 64,
// inputs that do not fill a group or a tile, and exact fits.
func TestLinear(t *testing.T) {
	for _, size := range [][2]int{{70, 168}, {128, 256}, {3, 20}, {1, 2}} {
		for _, c := range linearCases(size[0], size[1]) {
			t.Run(fmt.Sprintf("%s %v", c.kind, c.weight), func(t *testing.T) {
				x := oddActivations(size[1])
				m := moduleOf(t, len(x.floats), x.typ, func(b *ir.Builder) body {
					w := b.Weight("w", c.weight)
					return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value { return f.Linear("y", x, w, c.kind) }
				})
				requireOracle(t, m, randomWeights(m, logicals{"x": x}), allRows(len(x.floats))...)
			})
		}
	}
}

// oddActivations are rows that reach the corners of quantization and rounding.
func oddActivations(width int) *logical {
	r := rand.New(rand.NewPCG(uint64(width), 1))
	return tableOf(width, []func(i int) float32{
		func(int) float32 { return float32(r.NormFloat64()) },                                   // normal
		func(i int) float32 { return float32(i%127) + 0.5 - float32(i%2*127) },                  // ties a8
		func(i int) float32 { return []float32{16319, 0.5, 1.5, -2.5, 64.5, -64.5, 63.5}[i%7] }, // ties a15
		func(i int) float32 { return 1 + float32(2*i+1)*0x1p-11 },                               // ties f16
		func(int) float32 { return math.Float32frombits(r.Uint32N(1 << 23)) },                   // denormal
		func(i int) float32 { return float32(math.Ldexp(1+r.Float64(), -98-i%4)) },              // tiny
		func(int) float32 { return float32(math.Ldexp(1+r.Float64(), -101)) },                   // below 2^-100
		func(i int) float32 { return 0x1p-100 / float32(i%3+1) },                                // 2^-100
		func(int) float32 { return float32(r.NormFloat64() * 0x1p-18) },                         // f16 tiny
		func(int) float32 { return float32(r.NormFloat64() * 1e38) },                            // huge
		func(i int) float32 { return 65519 + float32(i%3)/2 },                                   // f16 largest
		func(i int) float32 { return float32(math.Copysign(0, float64(i%2)-0.5)) },              // zeros
		func(int) float32 { return math.Float32frombits(r.Uint32()) },                           // bits
		oneOf(width/2, float32(math.NaN())),                                                     // one NaN
		oneOf(width-1, float32(math.Inf(-1))),                                                   // one Inf
	})
}

func oneOf(at int, v float32) func(i int) float32 {
	return func(i int) float32 {
		if i == at {
			return v
		}
		return float32(i%5) - 2
	}
}

// tableOf is an embedding table, each row given by its elements.
func tableOf(width int, rows []func(i int) float32) *logical {
	table := &logical{typ: ir.Tensor(ir.F32, len(rows), width)}
	for _, at := range rows {
		row := make([]float32, width)
		for i := range row {
			row[i] = at(i)
		}
		table.floats = append(table.floats, row)
	}
	return table
}

// TestRoundF16 compares with package half around every float16 and between.
func TestRoundF16(t *testing.T) {
	const block = 16
	loops, y := allLoops(), make([]float32, block)
	for bits := uint32(0); bits < 0x7F800001; bits += 0x7FF {
		for _, u := range []uint32{bits, bits | 0x80000000, bits &^ 0xFFF, bits | 0xFFF} {
			x := []float32{math.Float32frombits(u)}
			want := []float32{half.F16ToF32(half.F32ToF16(x[0]))}
			for _, l := range loops {
				l.roundF16(y, slices.Repeat(x, block))
				if diff := difference(slices.Repeat(want, block), y); diff != "" {
					t.Fatalf("%08X: %s", u, diff)
				}
			}
		}
	}
}
