package reference

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

func TestCallErrors(t *testing.T) {
	m := build(t, small(false), ir.KindF32, nil)
	e := newEngine(t, m, syntheticStore(t, m), 1)
	require.Equal(t, []int{7, 24, 77}, []int{e.Chunk(), e.Context(), e.Vocab()})
	for _, c := range []struct {
		tokens []int32
		pos    int
		want   string
	}{
		{nil, 0, "reference: 0 tokens, want 1 to 7"},
		{allTokens(8), 0, "reference: 8 tokens, want 1 to 7"},
		{[]int32{77}, 0, "reference: token 77 is outside the vocabulary of 77"},
		{[]int32{1, -1}, 0, "reference: token -1 is outside the vocabulary of 77"},
		{[]int32{1}, 24, "reference: positions 24 to 24 are outside the context of 24"},
		{[]int32{1}, -1, "reference: positions -1 to -1 are outside the context of 24"},
		{allTokens(7), 18, "reference: positions 18 to 24 are outside the context of 24"},
	} {
		_, err := e.Prefill(c.tokens, c.pos)
		require.EqualError(t, err, c.want)
	}
	_, err := e.Decode(77, 0)
	require.EqualError(t, err, "reference: token 77 is outside the vocabulary of 77")
	_, err = e.Prefill(allTokens(7), 17)
	require.NoError(t, err)
}

// TestModulesThatCannotRun gives New modules that the verifier accepts.
func TestModulesThatCannotRun(t *testing.T) {
	for _, c := range []struct {
		name, want string
		build      func(b *ir.Builder)
	}{
		{"no decode", `reference: module "bad" has no entry @decode`, func(b *ir.Builder) {
			entryOf(b, "prefill", 2, embedOnly)
		}},
		{"signature", "reference: entry @decode: want (tokens, pos, kcache, vcache) to (logits, kcache, vcache)", func(b *ir.Builder) {
			f := b.Func("decode", false)
			f.Return(f.Param("tokens", ir.Tensor(ir.I32, 1)))
		}},
		{"decode of two", "reference: entry @decode takes 2 tokens, want 1", func(b *ir.Builder) {
			entryOf(b, "decode", 2, embedOnly)
		}},
		{"tokens unread", "reference: entry @decode: no embed reads the tokens", func(b *ir.Builder) {
			norm := b.Weight("norm", ir.Tensor(ir.F32, 1, 4))
			entryOf(b, "decode", 1, func(e entry) *ir.Value { return e.SiLU("y", norm) })
		}},
		{"rows", "reference: entry @decode: %y = silu: result is f32[2,4], want one row of f32 for each of 1 tokens", func(b *ir.Builder) {
			w := b.Weight("w", ir.Tensor(ir.F32, 2, 4))
			entryOf(b, "decode", 1, func(e entry) *ir.Value {
				e.SiLU("y", w)
				return embedOnly(e)
			})
		}},
		{"layer", "reference: entry @decode: %k = kv_append: layer 1 of a cache of 1 layers", func(b *ir.Builder) {
			entryOf(b, "decode", 1, func(e entry) *ir.Value {
				x := e.Embed("x2", e.ids, e.narrow)
				*e.k = e.KVAppend("k", *e.k, x, e.Const("layer", 1), e.pos, ir.LayoutK)
				return embedOnly(e)
			})
		}},
		{"position", "reference: entry @decode: %y = kv_append: operand pos is a constant, want the position", func(b *ir.Builder) {
			entryOf(b, "decode", 1, func(e entry) *ir.Value {
				x := e.Embed("x2", e.ids, e.narrow)
				zero := e.Const("zero", 0)
				*e.k = e.KVAppend("y", *e.k, x, zero, zero, ir.LayoutK)
				return embedOnly(e)
			})
		}},
		{"computed weight", "reference: entry @decode: %y = linear: operand w is computed, want a weight", func(b *ir.Builder) {
			entryOf(b, "decode", 1, func(e entry) *ir.Value {
				x := embedOnly(e)
				e.Linear("y", x, x, ir.KindF32)
				return x
			})
		}},
		{"rope", "reference: entry @decode: %y = rope: tables of 15 positions for a context of 16", func(b *ir.Builder) {
			cos := b.Weight("cos", ir.Tensor(ir.F32, 15, 2))
			entryOf(b, "decode", 1, func(e entry) *ir.Value { return e.Rope("y", embedOnly(e), cos, cos, e.pos) })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := ir.NewBuilder("bad")
			c.build(b)
			m, err := b.Build()
			require.NoError(t, err)
			_, err = New(m, syntheticStore(t, m), Options{})
			require.EqualError(t, err, c.want)
		})
	}
}

// TestEntriesThatDiffer gives New a prefill for other caches or logits.
func TestEntriesThatDiffer(t *testing.T) {
	for _, c := range []struct {
		vocab, context int
		want           string
	}{
		{4, 32, "reference: cache %k is f32[1,1,2,32] in @prefill, f32[1,1,2,16] in @decode"},
		{5, 16, "reference: 5 logits in @prefill, 4 in @decode"},
	} {
		b := ir.NewBuilder("differ")
		for _, e := range []struct {
			name                 string
			rows, vocab, context int
		}{{"prefill", 2, c.vocab, c.context}, {"decode", 1, 4, 16}} {
			table := b.Weight("table_"+e.name, ir.Tensor(ir.F32, 3, e.vocab))
			f := b.Func(e.name, false)
			ids := f.Param("tokens", ir.Tensor(ir.I32, e.rows))
			f.Param("pos", ir.Tensor(ir.I32))
			k, v := f.Param("k", ir.Tensor(ir.F32, 1, 1, 2, e.context)), f.Param("v", ir.Tensor(ir.F32, 1, e.context, 1, 2))
			f.Return(f.Embed("x", ids, table), k, v)
		}
		m, err := b.Build()
		require.NoError(t, err)
		_, err = New(m, syntheticStore(t, m), Options{})
		require.EqualError(t, err, c.want)
	}
}

// entry is an entry that is being built.
type entry struct {
	*ir.FuncBuilder
	ids, pos      *ir.Value
	table, narrow *ir.Value // embedding tables of width 4 and 2
	k             **ir.Value
}

func embedOnly(e entry) *ir.Value { return e.Embed("x", e.ids, e.table) }

func entryOf(b *ir.Builder, name string, rows int, logits func(e entry) *ir.Value) {
	table, narrow := b.Weight("table", ir.Tensor(ir.F32, 5, 4)), b.Weight("narrow", ir.Tensor(ir.F32, 5, 2))
	f := b.Func(name, false)
	ids, pos := f.Param("tokens", ir.Tensor(ir.I32, rows)), f.Param("pos", ir.Tensor(ir.I32))
	k := f.Param("kcache", ir.Tensor(ir.F32, 1, 1, 2, 16))
	v := f.Param("vcache", ir.Tensor(ir.F32, 1, 16, 1, 2))
	y := logits(entry{f, ids, pos, table, narrow, &k})
	f.Return(y, k, v)
}

// TestStreamedWeights gets the same bits from weights that exist only while
// their layer runs.
func TestStreamedWeights(t *testing.T) {
	for _, layers := range []int{1, 3} {
		for kind, quant := range forms() {
			c := small(true)
			c.Layers = layers
			m := build(t, c, kind, quant)
			p := plan(t, m)
			tokens := []int32{3, 1, 4, 1, 5, 9, 2, 6}
			want := logits(t, newEngine(t, m, syntheticStore(t, m), 1), tokens, 5)
			stream := &countingStream{Stream: pack.NewStream(t.Context(), p, pack.Synthetic{Seed: 1}), live: map[*ir.Value]bool{}}
			e := newEngine(t, m, stream, 1)
			require.Empty(t, difference(want, logits(t, e, tokens, 5)), "%s, %d layers", kind, layers)
			require.LessOrEqual(t, stream.peak, 9+4, "weights of a layer, and those that stay")
		}
	}
}

// countingStream counts the weights that exist.
type countingStream struct {
	*pack.Stream
	live map[*ir.Value]bool
	peak int
}

func (s *countingStream) Get(w *ir.Value) (pack.Tensor, error) {
	s.live[w] = true
	s.peak = max(s.peak, len(s.live))
	return s.Stream.Get(w)
}

func (s *countingStream) Release(w *ir.Value) {
	delete(s.live, w)
	s.Stream.Release(w)
}

// TestStreamedWeightAlsoReadDirectly: a weight that a layer takes and that the
// entry reads itself has to stay.
func TestStreamedWeightAlsoReadDirectly(t *testing.T) {
	m := moduleOf(t, 2, ir.Tensor(ir.F32, 2, 8), func(b *ir.Builder) body {
		w := b.Weight("w", ir.Tensor(ir.F32, 8, 8))
		return func(f *ir.FuncBuilder, x, _ *ir.Value) *ir.Value {
			g := b.Func("layer_"+x.Type.String()[4:5], true)
			in, inner := g.Param("x", x.Type), g.Param("w", w.Type)
			layer := g.Return(g.Linear("h", in, inner, ir.KindF32))
			return f.Call(layer, []string{"call"}, f.Linear("y", x, w, ir.KindF32), w)[0]
		}
	})
	want := logits(t, newEngine(t, m, syntheticStore(t, m), 1), []int32{0, 1}, 1)
	stream := pack.NewStream(t.Context(), plan(t, m), pack.Synthetic{Seed: 1})
	require.Empty(t, difference(want, logits(t, newEngine(t, m, stream, 1), []int32{0, 1}, 1)))
	require.NotZero(t, want[0])
}

// TestStreamFails reports the weight that could not be fetched and runs again
// afterwards.
func TestStreamFails(t *testing.T) {
	m := build(t, small(false), ir.KindF32, nil)
	src := &failingSource{name: "model.layers.1.mlp.up_proj.weight"}
	stream := &countingStream{Stream: pack.NewStream(t.Context(), plan(t, m), src), live: map[*ir.Value]bool{}}
	e := newEngine(t, m, stream, 1)
	stays := len(stream.live)
	_, err := e.Decode(1, 0)
	require.EqualError(t, err, `reference: pack: weight "model.layers.1.mlp.up_proj.weight": disk on fire`)
	require.Len(t, stream.live, stays)
	src.name = ""
	_, err = e.Decode(1, 0)
	require.NoError(t, err)
}

type failingSource struct {
	pack.Synthetic
	name string
}

func (s *failingSource) Fill(p *pack.Placed, block int, parts [][]byte) error {
	if p.Weight.Name == s.name {
		return errors.New("disk on fire")
	}
	return s.Synthetic.Fill(p, block, parts)
}

func TestStreamCancelled(t *testing.T) {
	m := build(t, small(false), ir.KindF32, nil)
	ctx, cancel := context.WithCancel(t.Context())
	e := newEngine(t, m, pack.NewStream(ctx, plan(t, m), pack.Synthetic{}), 1)
	cancel()
	_, err := e.Decode(1, 0)
	require.ErrorIs(t, err, context.Canceled)
}

func TestWeightsOfAnotherModule(t *testing.T) {
	m, other := build(t, small(false), ir.KindF32, nil), build(t, small(true), ir.KindF32, nil)
	_, err := New(m, syntheticStore(t, other), Options{})
	require.EqualError(t, err, `reference: pack: weight "model.embed_tokens.weight" is not in the plan`)
	_, err = New(m, pack.NewStream(t.Context(), plan(t, other), pack.Synthetic{}), Options{})
	require.EqualError(t, err, `reference: pack: weight "model.embed_tokens.weight" is not in the plan`)
}
