package mlir_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// linearTypes are all weight types of a matrix [n,k].
func linearTypes(n, k int) []ir.Type {
	types := []ir.Type{ir.Tensor(ir.F32, n, k), ir.Tensor(ir.F16, n, k), ir.Tensor(ir.BF16, n, k)}
	for _, bits := range []int{4, 8} {
		for _, group := range []int{16, 32, 64, 128} {
			q := ir.Quant{Bits: bits, Group: group, Scale: ir.F16}
			if group == 16 || group == 64 {
				q.Scale = ir.F32
			}
			zero, minimum := q, q
			zero.Zero, minimum.Min = true, true
			forms := []ir.Quant{q, zero, minimum}
			if group == 16 { // has no zero points in the files that people have
				forms = []ir.Quant{q, minimum}
			}
			for _, q := range forms {
				types = append(types, ir.Quantized(q, n, k))
			}
		}
	}
	return types
}

func kindsOf(t ir.Type) []string {
	switch t.Elem {
	case ir.F32, ir.BF16:
		return []string{ir.KindF32}
	case ir.F16:
		return []string{ir.KindF32, ir.KindF16}
	}
	return ir.Kinds()
}

// linears is a module whose only layer applies every kind to every weight type.
func linears(t testing.TB, rows, outputs, width int) *ir.Module {
	const vocab, context = 16, 16
	b := ir.NewBuilder("linears")
	table := b.Weight("embed", ir.Tensor(ir.F32, vocab, width))
	k, v := ir.Tensor(ir.F32, 1, 1, 4, context), ir.Tensor(ir.F32, 1, context, 1, 4)
	name := "decode"
	if rows > 1 {
		name = "prefill"
	}
	f := b.Func(name, false)
	tokens, pos := f.Param("tokens", ir.Tensor(ir.I32, rows)), f.Param("pos", ir.Tensor(ir.I32))
	kc, vc := f.Param("kcache", k), f.Param("vcache", v)
	x := f.Embed("embedding", tokens, table)
	for i, typ := range linearTypes(outputs, width) {
		w := b.Weight(fmt.Sprintf("w%d", i), typ)
		for _, kind := range kindsOf(typ) {
			f.Linear(fmt.Sprintf("w%d.%s.%s", i, typ.Quant, kind), x, w, kind)
		}
		f.Embed(fmt.Sprintf("w%d.rows", i), tokens, w)
	}
	index := f.Const("layer", 0)
	head := b.Weight("head", ir.Tensor(ir.F32, 4, width))
	kv := f.Linear("kv", x, head, ir.KindF32)
	k1 := f.KVAppend("k", kc, kv, index, pos, ir.LayoutK)
	v1 := f.KVAppend("v", vc, kv, index, pos, ir.LayoutV)
	f.Return(f.Linear("logits", x, table, ir.KindF32), k1, v1)
	m, err := b.Build()
	require.NoError(t, err)
	return m
}

// TestLinearExact covers every kind and weight type as a linear and as an
// embedding, whole and short groups, outputs that fill their blocks of 64 or
// not, one row and several.
func TestLinearExact(t *testing.T) {
	for _, c := range []struct{ rows, outputs, width int }{{1, 70, 88}, {1, 128, 256}, {3, 20, 200}} {
		t.Run(fmt.Sprintf("rows=%d,outputs=%d,width=%d", c.rows, c.outputs, c.width), func(t *testing.T) {
			t.Parallel()
			m := linears(t, c.rows, c.outputs, c.width)
			weights := randomWeights(m, 1)
			edgeRows(weights[m.Weights[0]])
			var steps []step
			for first := 0; first < 12; first += c.rows {
				s := step{pos: first}
				for i := range c.rows {
					s.tokens = append(s.tokens, int32(first+i))
				}
				steps = append(steps, s)
			}
			checkExact(t, build(t, m, weights, "-O1"), m, weights, steps)
		})
	}
}
