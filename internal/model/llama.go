package model

import (
	"fmt"
	"math"
	"strconv"

	"github.com/lpuctl/lpuctl/ir"
)

// Llama builds the graph of Llama 2 and 3 and their like: RMSNorm, grouped-
// query attention with rotary embeddings, SwiGLU, no biases. Entries are
// @prefill (if asked for) and @decode.
func Llama(c Config, types WeightTypes, o Options) (*ir.Module, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("model: %s: %w", c.Name, err)
	}
	if o.Context == 0 {
		o.Context = c.Context
	}
	if o.Context < 1 || o.Prefill < 0 || o.Prefill > o.Context {
		return nil, fmt.Errorf("model: %s: context of %d with a prefill of %d", c.Name, o.Context, o.Prefill)
	}
	l := &llama{Config: c, Options: o, b: ir.NewBuilder(c.Name)}
	l.declare(types)
	if o.Prefill > 0 {
		l.entry("prefill", o.Prefill)
	}
	l.entry("decode", 1)
	m, err := l.b.Build()
	if err != nil {
		return nil, fmt.Errorf("model: %s: %w", c.Name, err)
	}
	return m, nil
}

// llama holds the builder and the weights while the functions are made.
type llama struct {
	Config
	Options
	b        *ir.Builder
	embed    *ir.Value
	layers   [][]*ir.Value // by layer and role
	norm     *ir.Value
	head     *ir.Value
	cos, sin *ir.Value
}

// role is a weight of every layer.
type role struct {
	name    string
	out, in int // in is 0 for a vector
}

func (l *llama) roles() []role {
	q, kv := l.Heads*l.HeadDim, l.KVHeads*l.HeadDim
	return []role{
		{"input_layernorm", l.Hidden, 0},
		{"self_attn.q_proj", q, l.Hidden},
		{"self_attn.k_proj", kv, l.Hidden},
		{"self_attn.v_proj", kv, l.Hidden},
		{"self_attn.o_proj", l.Hidden, q},
		{"post_attention_layernorm", l.Hidden, 0},
		{"mlp.gate_proj", l.Intermediate, l.Hidden},
		{"mlp.up_proj", l.Intermediate, l.Hidden},
		{"mlp.down_proj", l.Hidden, l.Intermediate},
	}
}

// declare declares all weights in the order of the model.
func (l *llama) declare(types WeightTypes) {
	vector := ir.Tensor(ir.F32, l.Hidden)
	matrix := func(name string, out, in int, projection bool) *ir.Value {
		return l.b.Weight(name, types.MatrixType(name, out, in, projection))
	}
	l.embed = matrix(EmbedWeight, l.Vocab, l.Hidden, false)
	l.layers = make([][]*ir.Value, l.Layers)
	for i := range l.layers {
		for _, r := range l.roles() {
			name := layerWeight(i, r.name)
			if r.in == 0 {
				l.layers[i] = append(l.layers[i], l.b.Weight(name, vector))
			} else {
				l.layers[i] = append(l.layers[i], matrix(name, r.out, r.in, true))
			}
		}
	}
	l.norm = l.b.Weight(NormWeight, vector)
	l.head = l.embed
	if !l.TieEmbeddings {
		l.head = matrix(HeadWeight, l.Vocab, l.Hidden, false)
	}
	table := ir.Tensor(ir.F32, l.Options.Context, l.HeadDim/2)
	l.cos, l.sin = l.b.Weight(CosTable, table), l.b.Weight(SinTable, table)
}

// kind is the compute kind of a linear with that weight.
func (l *llama) kind(w *ir.Value) string {
	if w.Type.Elem != ir.Block && (l.Kind == ir.KindA8 || l.Kind == ir.KindA15) {
		return ir.KindF32
	}
	return l.Kind
}

func (l *llama) caches() (k, v ir.Type) {
	return ir.Tensor(ir.F32, l.Layers, l.KVHeads, l.HeadDim, l.Options.Context),
		ir.Tensor(ir.F32, l.Layers, l.Options.Context, l.KVHeads, l.HeadDim)
}

// entry builds @prefill or @decode for that number of tokens, and before it
// one layer function for each combination of weight types.
func (l *llama) entry(phase string, tokens int) {
	functions := map[string]*ir.Func{}
	for i := range l.layers {
		key := signature(l.layers[i])
		if functions[key] == nil {
			name := "layer_" + phase
			if n := len(functions); n > 0 {
				name += "_" + strconv.Itoa(n)
			}
			functions[key] = l.layer(name, tokens, l.layers[i])
		}
	}
	kType, vType := l.caches()
	f := l.b.Func(phase, false)
	ids := f.Param("tokens", ir.Tensor(ir.I32, tokens))
	pos := f.Param("pos", ir.Tensor(ir.I32))
	k, v := f.Param("kcache", kType), f.Param("vcache", vType)
	x := f.Embed("embed", ids, l.embed)
	for i, weights := range l.layers {
		path := "layers." + strconv.Itoa(i)
		args := append([]*ir.Value{x, k, v, f.Const(path+".index", i), pos, l.cos, l.sin}, weights...)
		results := f.Call(functions[signature(weights)], []string{path, path + ".kcache", path + ".vcache"}, args...)
		x, k, v = results[0], results[1], results[2]
	}
	x = f.RMSNorm("norm", x, l.norm, l.NormEps)
	f.Return(f.Linear("logits", x, l.head, l.kind(l.head)), k, v)
}

func signature(weights []*ir.Value) string {
	var s string
	for _, w := range weights {
		s += w.Type.String()
	}
	return s
}

// layer builds the function of one decoder layer for that number of tokens,
// with weights of the types of like.
func (l *llama) layer(name string, tokens int, like []*ir.Value) *ir.Func {
	kType, vType := l.caches()
	f := l.b.Func(name, true)
	x := f.Param("x", ir.Tensor(ir.F32, tokens, l.Hidden))
	k, v := f.Param("kcache", kType), f.Param("vcache", vType)
	layer, pos := f.Param("layer", ir.Tensor(ir.I32)), f.Param("pos", ir.Tensor(ir.I32))
	cos, sin := f.Param("cos", l.cos.Type), f.Param("sin", l.sin.Type)
	w := map[string]*ir.Value{}
	for i, r := range l.roles() {
		w[r.name] = f.Param(r.name+".weight", like[i].Type)
	}
	linear := func(name string, x *ir.Value, role string) *ir.Value {
		return f.Linear(name, x, w[role], l.kind(w[role]))
	}

	h := f.RMSNorm("attn.norm", x, w["input_layernorm"], l.NormEps)
	q := f.Rope("attn.q_rope", linear("attn.q", h, "self_attn.q_proj"), cos, sin, pos)
	key := f.Rope("attn.k_rope", linear("attn.k", h, "self_attn.k_proj"), cos, sin, pos)
	k = f.KVAppend("attn.kcache", k, key, layer, pos, ir.LayoutK)
	v = f.KVAppend("attn.vcache", v, linear("attn.v", h, "self_attn.v_proj"), layer, pos, ir.LayoutV)
	mix := f.Attention("attn.mix", q, k, v, layer, pos, 1/math.Sqrt(float64(l.HeadDim)))
	x = f.Add("attn.residual", x, linear("attn.out", mix, "self_attn.o_proj"))

	h = f.RMSNorm("mlp.norm", x, w["post_attention_layernorm"], l.NormEps)
	gate := f.SiLU("mlp.silu", linear("mlp.gate", h, "mlp.gate_proj"))
	act := f.Mul("mlp.act", gate, linear("mlp.up", h, "mlp.up_proj"))
	x = f.Add("mlp.residual", x, linear("mlp.down", act, "mlp.down_proj"))
	return f.Return(x, k, v)
}
