package reference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// TestEveryOpHasAKernel walks the operations; calls are the engine's own.
func TestEveryOpHasAKernel(t *testing.T) {
	table := kernels()
	for _, op := range ir.Ops() {
		if op != ir.Call {
			require.Contains(t, table, op, "operation %s has no kernel in the reference", op.Name)
		}
	}
}

// TestElementwise covers the operations on whole rows, with widths that are
// not multiples of the 16 lanes of a sum, and activations of every class.
func TestElementwise(t *testing.T) {
	for _, width := range []int{2, 20, 88, 576} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			x := oddActivations(width)
			m := moduleOf(t, len(x.floats), x.typ, func(b *ir.Builder) body {
				norm := b.Weight("norm", ir.Tensor(ir.F32, width))
				cos, sin := b.Weight("cos", ir.Tensor(ir.F32, 16, width/2)), b.Weight("sin", ir.Tensor(ir.F32, 16, width/2))
				return func(f *ir.FuncBuilder, x, pos *ir.Value) *ir.Value {
					f.Rope("rope", x, cos, sin, pos)
					f.RMSNorm("no_eps", x, norm, 0)
					y := f.RMSNorm("norm", x, norm, 1e-5)
					f.GELU("gelu", x)
					f.Softcap("softcap", x, 30)
					f.Softcap("small_cap", x, 1e-3)
					return f.Add("sum", x, f.Mul("product", f.SiLU("silu", x), y))
				}
			})
			requireOracle(t, m, randomWeights(m, logicals{"x": x}), allRows(len(x.floats))...)
		})
	}
}

// TestHeads covers what works on heads of 6 and 8 of a row of 24: rope on whole
// heads and on their first elements, norms.
func TestHeads(t *testing.T) {
	x := oddActivations(24)
	m := moduleOf(t, len(x.floats), x.typ, func(b *ir.Builder) body {
		cos, sin := b.Weight("cos", ir.Tensor(ir.F32, 16, 3)), b.Weight("sin", ir.Tensor(ir.F32, 16, 3))
		norm := b.Weight("norm", ir.Tensor(ir.F32, 8))
		return func(f *ir.FuncBuilder, x, pos *ir.Value) *ir.Value {
			f.PartialRope("partial", x, cos, sin, pos, 8)
			f.RMSNorm("head_norm", x, norm, 1e-6)
			return f.Rope("y", x, cos, sin, pos)
		}
	})
	requireOracle(t, m, randomWeights(m, logicals{"x": x}), allRows(len(x.floats))...)
}

func TestEmbedEveryTableType(t *testing.T) {
	types := []ir.Type{ir.Tensor(ir.F32, 70, 168), ir.Tensor(ir.F16, 70, 168), ir.Tensor(ir.BF16, 70, 168)}
	for _, q := range quants() {
		types = append(types, ir.Quantized(q, 70, 168))
	}
	for _, table := range types {
		t.Run(table.String(), func(t *testing.T) {
			m := moduleOf(t, 6, table, func(*ir.Builder) body {
				return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
					return f.ScaledEmbed("scaled", x.Def.Args[0], x.Def.Args[1], math.Sqrt(168))
				}
			})
			ids := []int32{0, 69, 63, 64, 1, 69}
			requireOracle(t, m, randomWeights(m, nil), chunk{tokens: ids}, chunk{tokens: ids[1:2], pos: 5})
		})
	}
}

// attentionShape is H query heads over KV heads of dimension D, with the
// positions that are run as calls of as many rows.
type attentionShape struct {
	heads, kvHeads, d int
	rows              []int
	start             int // first position; the caches hold NaN before it
	options           ir.AttentionOptions
	sinks             bool
}

// TestAttention appends to caches of two layers and attends over the second:
// grouped queries, head dimensions and lengths that are no multiples of 8, and
// rows whose scores are NaN, infinite, huge or all equal.
func TestAttention(t *testing.T) {
	for _, s := range []attentionShape{
		{heads: 9, kvHeads: 3, d: 20, rows: []int{7, 1, 1, 7, 5}},
		{heads: 4, kvHeads: 4, d: 6, rows: []int{1, 1, 7, 3}},
		{heads: 8, kvHeads: 2, d: 16, rows: []int{7, 7, 7, 1, 1, 1}},
		{heads: 2, kvHeads: 1, d: 2, rows: []int{3, 1}},
		{heads: 4, kvHeads: 2, d: 6, rows: []int{7, 7, 1, 1, 7}, options: ir.AttentionOptions{Window: 5}},
		{heads: 4, kvHeads: 2, d: 6, rows: []int{7, 7, 1, 1, 7}, options: ir.AttentionOptions{Window: 1}},
		{heads: 4, kvHeads: 2, d: 6, rows: []int{7, 1, 7}, start: 10, options: ir.AttentionOptions{Window: 5}},
		{heads: 2, kvHeads: 2, d: 4, rows: []int{7, 7, 7, 1}, options: ir.AttentionOptions{Window: 17, Softcap: 2}},
		{heads: 4, kvHeads: 1, d: 6, rows: []int{7, 7, 1, 1}, options: ir.AttentionOptions{Window: 1000}, sinks: true},
		{heads: 6, kvHeads: 2, d: 8, rows: []int{7, 7, 7, 1}, options: ir.AttentionOptions{Window: 4, Softcap: 50}, sinks: true},
	} {
		t.Run(fmt.Sprintf("%d heads over %d of %d, window %d", s.heads, s.kvHeads, s.d, s.options.Window), func(t *testing.T) {
			m := s.module(t)
			for _, amplitude := range []float64{1, 1e-20, 30, 1e19} {
				tables := s.tables(amplitude)
				requireOracle(t, m, randomWeights(m, tables), s.chunks()...)
			}
		})
	}
}

const attentionContext = 26

func (s attentionShape) module(t *testing.T) *ir.Module {
	b := ir.NewBuilder("attention")
	tables := map[string]*ir.Value{}
	for _, name := range []string{"q", "k", "v"} {
		tables[name] = b.Weight(name, s.tableType(name))
	}
	s.options.Scale = 1 / math.Sqrt(float64(s.d))
	if s.sinks {
		s.options.Sinks = b.Weight("sinks", ir.Tensor(ir.F32, s.heads))
	}
	for _, entry := range []struct {
		name string
		rows int
	}{{"prefill", 7}, {"decode", 1}} {
		f := b.Func(entry.name, false)
		ids, pos := f.Param("tokens", ir.Tensor(ir.I32, entry.rows)), f.Param("pos", ir.Tensor(ir.I32))
		k := f.Param("kcache", ir.Tensor(ir.F32, 2, s.kvHeads, s.d, attentionContext))
		v := f.Param("vcache", ir.Tensor(ir.F32, 2, attentionContext, s.kvHeads, s.d))
		layer := f.Const("layer", 1)
		k = f.KVAppend("append_k", k, f.Embed("k", ids, tables["k"]), layer, pos, ir.LayoutK)
		v = f.KVAppend("append_v", v, f.Embed("v", ids, tables["v"]), layer, pos, ir.LayoutV)
		f.Return(f.AttentionWith("y", f.Embed("q", ids, tables["q"]), k, v, layer, pos, s.options), k, v)
	}
	m, err := b.Build()
	require.NoError(t, err)
	return m
}

func (s attentionShape) tableType(name string) ir.Type {
	if name == "q" {
		return ir.Tensor(ir.F32, attentionContext, s.heads*s.d)
	}
	return ir.Tensor(ir.F32, attentionContext, s.kvHeads*s.d)
}

// tables draw queries, keys and values of that amplitude; of token 1 the query
// is zero, of token 3 it has a NaN, of token 11 the key is infinite.
func (s attentionShape) tables(amplitude float64) logicals {
	r := rand.New(rand.NewPCG(3, 5))
	all := logicals{}
	for _, name := range []string{"q", "k", "v"} {
		w := randomWeight(r, s.tableType(name))
		for _, row := range w.floats {
			for i := range row {
				row[i] *= float32(amplitude)
			}
		}
		all[name] = w
	}
	clear(all["q"].floats[1])
	all["q"].floats[3][s.d-1] = float32(math.NaN())
	all["k"].floats[11][0] = float32(math.Inf(1))
	return all
}

// chunks run the token of each position from start on.
func (s attentionShape) chunks() []chunk {
	var all []chunk
	pos := s.start
	for _, n := range s.rows {
		ids := allTokens(attentionContext)[pos : pos+n]
		all = append(all, chunk{ids, pos})
		pos += n
	}
	return all
}

// TestSoftmax compares alone what attention uses, at every length around the
// 16 lanes of its sum.
func TestSoftmax(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := 1; n < 70; n++ {
		for _, amplitude := range []float32{0, 1, 100, 1e38} {
			p := randomFloats(r, ir.F32, n)
			for i := range p {
				p[i] *= amplitude
			}
			want := naiveSoftmax(p, nil)
			for _, l := range allLoops() {
				p := slices.Clone(p)
				l.softmax(&scratch{}, p, float32(math.Inf(-1)))
				require.Empty(t, difference(want, p), "%d scores", n)
			}
		}
	}
}
