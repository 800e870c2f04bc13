package mlir_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

// shape is the size of a Llama.
type shape struct {
	layers, hidden, ffn, heads, kvHeads, headDim, vocab, context, chunk int
	kind                                                                string
	quant                                                               ir.Quant
	embed                                                               ir.Elem
	tied                                                                bool
	extras                                                              bool // what other families than Llama have
}

// llama builds a module of that shape with the entries prefill and decode.
func llama(t testing.TB, s shape) *ir.Module {
	t.Helper()
	b := ir.NewBuilder("llama")
	l := llamaBuilder{Builder: b, shape: s}
	l.table = b.Weight("embed", ir.Tensor(s.embed, s.vocab, s.hidden))
	rotated := s.headDim
	if s.extras {
		rotated = s.headDim / 2
	}
	l.cos = b.Weight("rope.cos", ir.Tensor(ir.F32, s.context, rotated/2))
	l.sin = b.Weight("rope.sin", ir.Tensor(ir.F32, s.context, rotated/2))
	for i := range s.layers {
		var weights []*ir.Value
		for _, w := range l.layerWeights() {
			weights = append(weights, b.Weight(fmt.Sprintf("layers.%d.%s", i, w.name), w.typ))
		}
		l.weights = append(l.weights, weights)
	}
	l.norm, l.head = b.Weight("norm", ir.Tensor(ir.F32, s.hidden)), l.table
	if !s.tied {
		l.head = b.Weight("head", ir.Tensor(s.embed, s.vocab, s.hidden))
	}
	if s.chunk > 1 {
		l.entry("prefill", s.chunk)
	}
	l.entry("decode", 1)
	m, err := b.Build()
	require.NoError(t, err)
	return m
}

type llamaBuilder struct {
	*ir.Builder
	shape
	table, cos, sin, norm, head *ir.Value
	weights                     [][]*ir.Value // of each layer
}

type namedType struct {
	name string
	typ  ir.Type
}

func (l *llamaBuilder) layerWeights() []namedType {
	q := func(out, in int) ir.Type { return ir.Quantized(l.quant, out, in) }
	norm := ir.Tensor(ir.F32, l.hidden)
	types := []namedType{
		{"attn_norm", norm}, {"q", q(l.heads*l.headDim, l.hidden)}, {"k", q(l.kvHeads*l.headDim, l.hidden)},
		{"v", q(l.kvHeads*l.headDim, l.hidden)}, {"o", q(l.hidden, l.heads*l.headDim)},
		{"mlp_norm", norm}, {"gate", q(l.ffn, l.hidden)}, {"up", q(l.ffn, l.hidden)}, {"down", q(l.hidden, l.ffn)},
	}
	if l.extras {
		heads := ir.Tensor(ir.F32, l.headDim)
		types = append(types, namedType{"q_norm", heads}, namedType{"k_norm", heads}, namedType{"sinks", ir.Tensor(ir.F32, l.heads)},
			namedType{"down_order", ir.Tensor(ir.I32, l.ffn)}, namedType{"k_bias", ir.Tensor(ir.F32, l.kvHeads*l.headDim)}, namedType{"down_bias", norm})
	}
	return types
}

func (l *llamaBuilder) caches() (k, v ir.Type) {
	return ir.Tensor(ir.F32, l.layers, l.kvHeads, l.headDim, l.context), ir.Tensor(ir.F32, l.layers, l.context, l.kvHeads, l.headDim)
}

func (l *llamaBuilder) layer(name string, rows int) *ir.Func {
	f := l.Func(name, true)
	x := f.Param("x", ir.Tensor(ir.F32, rows, l.hidden))
	kt, vt := l.caches()
	kc, vc := f.Param("kcache", kt), f.Param("vcache", vt)
	layer, pos := f.Param("layer", ir.Tensor(ir.I32)), f.Param("pos", ir.Tensor(ir.I32))
	w := map[string]*ir.Value{}
	for _, t := range l.layerWeights() {
		w[t.name] = f.Param(t.name+".weight", t.typ)
	}
	cos, sin := f.Param("cos", l.cos.Type), f.Param("sin", l.sin.Type)
	if l.extras {
		return l.extended(f, x, kc, vc, layer, pos, cos, sin, w)
	}
	h := f.RMSNorm("attn.norm", x, w["attn_norm"], 1e-5)
	q := f.Rope("attn.q_rope", f.Linear("attn.q", h, w["q"], l.kind), cos, sin, pos)
	k := f.Rope("attn.k_rope", f.Linear("attn.k", h, w["k"], l.kind), cos, sin, pos)
	kc = f.KVAppend("attn.kcache", kc, k, layer, pos, ir.LayoutK)
	vc = f.KVAppend("attn.vcache", vc, f.Linear("attn.v", h, w["v"], l.kind), layer, pos, ir.LayoutV)
	mix := f.Attention("attn.mix", q, kc, vc, layer, pos, 0.125)
	x = f.Add("attn.residual", x, f.Linear("attn.o", mix, w["o"], l.kind))
	h = f.RMSNorm("mlp.norm", x, w["mlp_norm"], 1e-5)
	gate := f.SiLU("mlp.silu", f.Linear("mlp.gate", h, w["gate"], l.kind))
	gated := f.Mul("mlp.gated", gate, f.Linear("mlp.up", h, w["up"], l.kind))
	x = f.Add("mlp.residual", x, f.Linear("mlp.down", gated, w["down"], l.kind))
	return f.Return(x, kc, vc)
}

// extended is a layer with head norms, biases, partial rope, a window, a soft
// cap and sinks.
func (l *llamaBuilder) extended(f *ir.FuncBuilder, x, kc, vc, layer, pos, cos, sin *ir.Value, w map[string]*ir.Value) *ir.Func {
	h := f.RMSNorm("attn.norm", x, w["attn_norm"], 1e-5)
	q := f.RMSNorm("attn.q_norm", f.Linear("attn.q", h, w["q"], l.kind), w["q_norm"], 1e-6)
	k := f.RMSNorm("attn.k_norm", f.BiasedLinear("attn.k", h, w["k"], w["k_bias"], l.kind), w["k_norm"], 1e-6)
	q = f.PartialRope("attn.q_rope", q, cos, sin, pos, l.headDim)
	k = f.PartialRope("attn.k_rope", k, cos, sin, pos, l.headDim)
	kc = f.KVAppend("attn.kcache", kc, k, layer, pos, ir.LayoutK)
	vc = f.KVAppend("attn.vcache", vc, f.Linear("attn.v", h, w["v"], l.kind), layer, pos, ir.LayoutV)
	mix := f.AttentionWith("attn.mix", q, kc, vc, layer, pos, ir.AttentionOptions{Scale: 0.125, Softcap: 3, Window: 21, Sinks: w["sinks"]})
	x = f.Add("attn.residual", x, f.Linear("attn.o", mix, w["o"], l.kind))
	h = f.RMSNorm("mlp.norm", x, w["mlp_norm"], 1e-5)
	gated := f.Mul("mlp.gated", f.GELU("mlp.gelu", f.Linear("mlp.gate", h, w["gate"], l.kind)), f.Linear("mlp.up", h, w["up"], l.kind))
	x = f.Add("mlp.residual", x, f.BiasedLinear("mlp.down", f.Gather("mlp.sorted", gated, w["down_order"]), w["down"], w["down_bias"], l.kind))
	return f.Return(x, kc, vc)
}

func (l *llamaBuilder) entry(name string, rows int) {
	layer := l.layer("layer-"+name, rows)
	f := l.Func(name, false)
	tokens, pos := f.Param("tokens", ir.Tensor(ir.I32, rows)), f.Param("pos", ir.Tensor(ir.I32))
	kt, vt := l.caches()
	kc, vc := f.Param("kcache", kt), f.Param("vcache", vt)
	x := f.Embed("embedding", tokens, l.table)
	if l.extras {
		x = f.ScaledEmbed("scaled", tokens, l.table, 1.7)
	}
	for i, weights := range l.weights {
		path := fmt.Sprintf("layers.%d", i)
		args := append([]*ir.Value{x, kc, vc, f.Const(path+".index", i), pos}, weights...)
		r := f.Call(layer, []string{path, path + ".kcache", path + ".vcache"}, append(args, l.cos, l.sin)...)
		x, kc, vc = r[0], r[1], r[2]
	}
	x = f.RMSNorm("final.norm", x, l.norm, 1e-5)
	logits := f.Linear("logits", x, l.head, ir.KindF32)
	if l.extras {
		logits = f.Softcap("capped", logits, 30)
	}
	f.Return(logits, kc, vc)
}

// small has grouped queries, rows that are no multiple of 16, a short last
// group and outputs that do not fill a block.
func small(kind string, zero bool) shape {
	return shape{
		layers: 3, hidden: 88, ffn: 100, heads: 6, kvHeads: 2, headDim: 20, vocab: 70, context: 48, chunk: 5,
		kind: kind, quant: ir.Quant{Bits: 4, Group: 32, Scale: ir.F16, Zero: zero}, embed: ir.F16,
	}
}

// TestModelExact runs chunks and single tokens up to a full context, whose
// caches hold NaN after the position; then all tokens one by one, which must
// give the same logits.
func TestModelExact(t *testing.T) {
	for _, kind := range []string{ir.KindA15, ir.KindF16, ir.KindA8} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := small(kind, kind == ir.KindA15)
			s.extras = kind == ir.KindA8
			if kind == ir.KindF16 {
				s.layers = 1 // stacks of one
			}
			m := llama(t, s)
			weights := randomWeights(m, 2)
			var steps, single []step
			for pos := 0; pos < 48; {
				s := step{pos: pos, tokens: []int32{int32(pos * 7 % 70)}}
				if pos != 5 && pos < 40 && pos != 15 {
					s.tokens = append(s.tokens, 3, 69, 64, 1)
				}
				for i, token := range s.tokens {
					single = append(single, step{pos + i, []int32{token}})
				}
				steps, pos = append(steps, s), pos+len(s.tokens)
			}
			e := build(t, m, weights, "-O2")
			var chunked, serial []float32
			for _, a := range checkExact(t, e, m, weights, steps) {
				chunked = append(chunked, a.logits...)
			}
			for _, a := range checkExact(t, e, m, weights, single) {
				serial = append(serial, a.logits...)
			}
			requireBits(t, serial, chunked, "logits")
			if s.extras { // from position 41 on, layer 0 sees no NaN of the cache
				var late []step
				for pos := 20; pos < 48; pos++ {
					late = append(late, step{pos, []int32{int32(pos)}})
				}
				checkExact(t, e, m, weights, late)
			}
		})
	}
}
