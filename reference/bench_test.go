package reference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lpuctl/lpuctl/ir"
)

// BenchmarkLinear is one linear of 1024 outputs and 2048 inputs on one thread,
// on each set of loops that the machine has, the plain ones last.
// Its bytes are those of the packed weight; Gop/s counts a multiply-add as two.
func BenchmarkLinear(b *testing.B) {
	const n, k = 1024, 2048
	q4 := func(group int, zero bool) ir.Type {
		return ir.Quantized(ir.Quant{Bits: 4, Group: group, Scale: ir.F16, Zero: zero}, n, k)
	}
	q8 := ir.Quantized(ir.Quant{Bits: 8, Group: 32, Scale: ir.F16}, n, k)
	for _, c := range []linearCase{
		{ir.KindF32, ir.Tensor(ir.F32, n, k)},
		{ir.KindF32, ir.Tensor(ir.F16, n, k)},
		{ir.KindF32, ir.Tensor(ir.BF16, n, k)},
		{ir.KindF32, q4(32, false)},
		{ir.KindF32, q4(128, true)},
		{ir.KindF32, q8},
		{ir.KindF16, q4(32, false)},
		{ir.KindF16, ir.Tensor(ir.F16, n, k)},
		{ir.KindA8, q4(32, false)},
		{ir.KindA8, q4(128, true)},
		{ir.KindA8, q8},
		{ir.KindA15, q4(32, false)},
		{ir.KindA15, q4(128, true)},
		{ir.KindA15, q8},
	} {
		for _, rows := range []int{1, 16} {
			for i, l := range allLoops() {
				b.Run(fmt.Sprintf("%s/%v/%d/loops=%d", c.kind, c.weight, rows, i), func(b *testing.B) { benchmarkLinear(b, c, rows, l) })
			}
		}
	}
}

func benchmarkLinear(b *testing.B, c linearCase, rows int, l *loops) {
	width := c.weight.Shape[1]
	m := moduleOf(b, rows, ir.Tensor(ir.F32, rows, width), func(m *ir.Builder) body {
		w := m.Weight("w", c.weight)
		return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value { return f.Linear("y", x, w, c.kind) }
	})
	e := newEngineWith(b, m, syntheticStore(b, m), Options{Threads: 1, loops: l})
	node := m.Func("decode").Nodes[1]
	b.SetBytes(c.weight.Bytes())
	tokens := allTokens(rows)
	for b.Loop() {
		if _, err := e.Prefill(tokens, 0); err != nil {
			b.Fatal(err)
		}
	}
	operations := float64(node.Op.Cost(node).Ops) * float64(rows)
	b.ReportMetric(operations*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gop/s")
}

// BenchmarkMoELinear is moe_linear with matrices of 1024 outputs and 2048
// inputs on one thread: one token, and 16 that select at random. Compare with
// BenchmarkLinear: only the matrices of selected experts cost time.
func BenchmarkMoELinear(b *testing.B) {
	weight := func(experts int) ir.Type {
		return ir.QuantizedExperts(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16}, experts, 1024, 2048)
	}
	for _, experts := range []int{4, 32} {
		for _, rows := range []int{1, 16} {
			b.Run(fmt.Sprintf("4 of %d/%d", experts, rows), func(b *testing.B) {
				m := moduleOf(b, rows, ir.Tensor(ir.F32, rows, 2048), func(m *ir.Builder) body {
					w, router := m.Weight("w", weight(experts)), m.Weight("router", ir.Tensor(ir.F32, experts, 2048))
					return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
						_, ids := f.RouterTopK("route", f.Linear("router", x, router, ir.KindF32), 4, ir.RouteSelected)
						return f.MoELinear("y", x, w, ids, ir.KindA15)
					}
				})
				e := newEngine(b, m, syntheticStore(b, m), 1)
				tokens := allTokens(rows)
				for b.Loop() {
					if _, err := e.Prefill(tokens, 0); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkAttention is one head of dimension 128 that sees 512 positions; its
// bytes are the keys and values.
func BenchmarkAttention(b *testing.B) {
	const d, seen, context = 128, 512, 2048
	r := rand.New(rand.NewPCG(1, 1))
	q, k, v := randomFloats(r, ir.F32, d), randomFloats(r, ir.F32, d*context), randomFloats(r, ir.F32, d*context)
	p, y, l := make([]float32, seen), make([]float32, d), fastLoops()
	s := &scratch{}
	for _, c := range []struct {
		name  string
		bytes int64
		run   func()
	}{
		{"scores", 4 * d * seen, func() { l.scores(p, q, k, context, 0.1) }},
		{"softmax", 4 * seen, func() { l.softmax(s, p, float32(math.Inf(-1))) }},
		{"sum", 4 * d * seen, func() { l.weightedSum(y, p, v, d) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(c.bytes)
			for b.Loop() {
				c.run()
			}
		})
	}
}

// BenchmarkElementwise is on one row of 8192; its bytes are read and written.
func BenchmarkElementwise(b *testing.B) {
	const width = 8192
	r := rand.New(rand.NewPCG(1, 1))
	x, w, y := randomFloats(r, ir.F32, width), randomFloats(r, ir.F32, width), make([]float32, width)
	l, s := fastLoops(), scratch{}
	for _, c := range []struct {
		name   string
		arrays int64
		run    func()
	}{
		{"add", 3, func() { addRange(y, x, w) }},
		{"silu", 2, func() { l.silu(y, x) }},
		{"gelu", 2, func() { l.gelu(y, x) }},
		{"softcap", 2, func() { softcap(y, x, 30) }},
		{"rms_norm", 3, func() { l.rmsNorm(&s, y, x, w, 1e-5) }},
		{"rope", 3, func() { rope(y, x, w[:64], w[64:128], 128) }},
		{"round to float16", 2, func() { l.roundF16(y, x) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(4 * width * c.arrays)
			for b.Loop() {
				c.run()
			}
		})
	}
}

// BenchmarkQuantize is the preparation of one row of 8192 for a8 and a15.
func BenchmarkQuantize(b *testing.B) {
	const width = 8192
	x := randomFloats(rand.New(rand.NewPCG(1, 1)), ir.F32, width)
	for _, kind := range []string{ir.KindA8, ir.KindA15} {
		b.Run(kind, func(b *testing.B) {
			a := &activations{kind: kind, width: width, group: 32}
			a.alloc(1)
			b.SetBytes(4 * width)
			for b.Loop() {
				a.quantize(0, x)
			}
		})
	}
}
