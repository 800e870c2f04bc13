package pack

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// layered has an embedding that is also the head, a norm, two layers with a
// quantized weight and a vector each, and a table that both share.
func layered(t testing.TB) *ir.Module {
	b := ir.NewBuilder("layered")
	embed := b.Weight("embed", ir.Tensor(ir.F16, 3, 32))
	q4 := ir.Quant{Bits: 4, Group: 32, Scale: ir.F16, Zero: true}
	var norm, proj [2]*ir.Value
	for i, name := range []string{"layers.0", "layers.1"} {
		norm[i] = b.Weight(name+".norm", ir.Tensor(ir.F32, 32))
		proj[i] = b.Weight(name+".proj", ir.Quantized(q4, 32, 32))
	}
	table := b.Weight("table", ir.Tensor(ir.F32, 1, 32))

	l := b.Func("layer", true)
	x, n := l.Param("x", ir.Tensor(ir.F32, 1, 32)), l.Param("norm", norm[0].Type)
	w, shared := l.Param("proj", proj[0].Type), l.Param("table", table.Type)
	h := l.Linear("h", l.RMSNorm("n", x, n, 0), w, ir.KindF32)
	layer := l.Return(l.Add("y", h, shared))

	f := b.Func("decode", false)
	y := f.Embed("embed", f.Param("tokens", ir.Tensor(ir.I32, 1)), embed)
	for i, path := range []string{"layers.0", "layers.1"} {
		y = f.Call(layer, []string{path}, y, norm[i], proj[i], table)[0]
	}
	f.Return(f.Linear("logits", y, embed, ir.KindF32))
	m, err := b.Build()
	require.NoError(t, err)
	return m
}

// TestPlan: arrays begin at multiples of 64 bytes, those of a stack lie one
// after the other, a shared or tied weight has one place.
func TestPlan(t *testing.T) {
	m := layered(t)
	plan := planOf(t, m)
	offsets := map[string][]int64{}
	for _, p := range plan.Weights {
		offsets[p.Weight.Name] = p.Offset
	}
	const (
		embed  = 32 * 64 * 2 // [1][32][64] f16
		norm   = 32 * 4
		bytes  = 16 * 64 // [1][1][16][64]
		scales = 64 * 2
	)
	proj := int64(embed + 2*norm)
	require.Equal(t, map[string][]int64{
		"embed":         {0},
		"layers.0.norm": {embed},
		"layers.1.norm": {embed + norm},
		"layers.0.proj": {proj, proj + 2*bytes, proj + 2*bytes + 2*scales},
		"layers.1.proj": {proj + bytes, proj + 2*bytes + scales, proj + 2*bytes + 2*scales + 64},
		"table":         {proj + 2*bytes + 2*scales + 2*64},
	}, offsets)
	require.EqualValues(t, 4096+256+2048+256+128+128, plan.Size)
	require.Equal(t, []Stack{
		{[]*ir.Value{m.Weights[1], m.Weights[3]}},
		{[]*ir.Value{m.Weights[2], m.Weights[4]}},
	}, plan.Stacks)
	matrices := map[string]bool{}
	for _, p := range plan.Weights {
		matrices[p.Weight.Name] = p.Matrix
	}
	require.Equal(t, map[string]bool{
		"embed": true, "layers.0.norm": false, "layers.1.norm": false,
		"layers.0.proj": true, "layers.1.proj": true, "table": false,
	}, matrices)
}

// TestAlignment: an array begins at the next multiple of 64 bytes.
func TestAlignment(t *testing.T) {
	b := ir.NewBuilder("vectors")
	for _, name := range []string{"a", "b", "c"} {
		b.Weight(name, ir.Tensor(ir.F32, 23)) // 92 bytes
	}
	m, err := b.Build()
	require.NoError(t, err)
	plan := planOf(t, m)
	require.Equal(t, []int64{0, 128, 256}, []int64{plan.Weights[0].Offset[0], plan.Weights[1].Offset[0], plan.Weights[2].Offset[0]})
	require.EqualValues(t, 256+92, plan.Size)
}

func TestCalls(t *testing.T) {
	m := layered(t)
	require.Empty(t, Calls(m.Func("layer")))
	groups := Calls(m.Func("decode"))
	require.Len(t, groups, 1)
	g := groups[0]
	require.Equal(t, "layer", g.Callee.Name)
	require.Equal(t, []string{"layers.0", "layers.1"}, []string{g.Nodes[0].Path(), g.Nodes[1].Path()})
	require.Equal(t, []Binding{
		{},
		{Stack: []*ir.Value{m.Weights[1], m.Weights[3]}},
		{Stack: []*ir.Value{m.Weights[2], m.Weights[4]}},
		{Shared: m.Weights[5]},
	}, g.Params)
}

func TestPlanErrors(t *testing.T) {
	q8 := ir.Quant{Bits: 8, Group: 32, Scale: ir.F32}
	for _, c := range []struct {
		want  string
		build func(b *ir.Builder)
	}{
		{"pack: weight @w is q8g32f32[4,4] but no linear or embedding reads it", func(b *ir.Builder) {
			b.Weight("w", ir.Quantized(q8, 4, 4))
		}},
		{"pack: weight @w is read as a matrix and by another operation", func(b *ir.Builder) {
			w := b.Weight("w", ir.Tensor(ir.F32, 4, 4))
			f := b.Func("f", true)
			f.Return(f.Linear("y", f.SiLU("s", w), w, ir.KindF32))
		}},
		{"pack: @f: weight @v is passed to two parameters", func(b *ir.Builder) {
			w, v := b.Weight("w", ir.Tensor(ir.F32, 4, 4)), b.Weight("v", ir.Tensor(ir.F32, 4, 4))
			g := b.Func("g", true)
			callee := g.Return(g.Add("y", g.Param("a", w.Type), g.Param("b", w.Type)))
			f := b.Func("f", true)
			f.Call(callee, []string{"one"}, w, v)
			f.Return(f.Call(callee, []string{"two"}, v, w)...)
		}},
	} {
		b := ir.NewBuilder("bad")
		c.build(b)
		m, err := b.Build()
		require.NoError(t, err)
		_, err = NewPlan(m)
		require.EqualError(t, err, c.want)
	}
}
