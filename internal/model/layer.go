package model

import (
	"math"

	"github.com/lpuctl/lpuctl/ir"
)

// layer is the function of one decoder layer while it is made. Its methods are
// the blocks that families are made of: each adds nodes to the function and
// returns the last value. What a model has or has not, it reads from the
// config and from which weights there are.
type layer struct {
	*graph
	f              *ir.FuncBuilder
	weights        map[string]*ir.Value // by name without the layer, as "mlp.up_proj.weight"
	kcache, vcache *ir.Value
	index, pos     *ir.Value
	rope           tables
	window         int // positions that a query sees, 0 for all
}

// layer builds the function of layers like layer i for that number of tokens.
func (g *graph) layer(name string, tokens, i int) *ir.Func {
	kType, vType := g.caches()
	l := &layer{graph: g, f: g.b.Func(name, true), weights: map[string]*ir.Value{}, window: g.config.Window(i)}
	x := l.f.Param("x", ir.Tensor(ir.F32, tokens, g.config.Hidden))
	l.kcache, l.vcache = l.f.Param("kcache", kType), l.f.Param("vcache", vType)
	l.index, l.pos = l.f.Param("layer", ir.Tensor(ir.I32)), l.f.Param("pos", ir.Tensor(ir.I32))
	l.rope = tables{l.f.Param("cos", g.rope.cos.Type), l.f.Param("sin", g.rope.sin.Type)}
	for j, s := range g.layers[i].specs {
		l.weights[s.Name] = l.f.Param(s.Name, g.layers[i].weights[j].Type)
	}
	x = g.family(l, x)
	return l.f.Return(x, l.kcache, l.vcache)
}

// norm is the RMSNorm of x with the weight of that module.
func (l *layer) norm(name string, x *ir.Value, module string) *ir.Value {
	return l.f.RMSNorm(name, x, l.weights[module+".weight"], l.config.NormEps)
}

// linear is the product of x with the weight of that module, plus its bias if
// it has one; x is put in the order of the weight's inputs if they are sorted.
func (l *layer) linear(name string, x *ir.Value, module string) *ir.Value {
	w := l.weights[module+".weight"]
	if order := l.weights[module+orderSuffix]; order != nil {
		x = l.f.Gather(name+".sorted", x, order)
	}
	if bias := l.weights[module+".bias"]; bias != nil {
		return l.f.BiasedLinear(name, x, w, bias, l.kind(w))
	}
	return l.f.Linear(name, x, w, l.kind(w))
}

// attention is grouped-query attention of h, which is normalized, up to the
// output projection. It appends to the caches.
func (l *layer) attention(h *ir.Value) *ir.Value {
	q := l.rotate("attn.q", l.linear("attn.q", h, "self_attn.q_proj"), "self_attn.q_norm")
	k := l.rotate("attn.k", l.linear("attn.k", h, "self_attn.k_proj"), "self_attn.k_norm")
	l.kcache = l.f.KVAppend("attn.kcache", l.kcache, k, l.index, l.pos, ir.LayoutK)
	v := l.linear("attn.v", h, "self_attn.v_proj")
	l.vcache = l.f.KVAppend("attn.vcache", l.vcache, v, l.index, l.pos, ir.LayoutV)
	mix := l.f.AttentionWith("attn.mix", q, l.kcache, l.vcache, l.index, l.pos, ir.AttentionOptions{
		Scale: l.scoreScale(), Softcap: l.config.AttentionSoftcap, Window: l.window, Sinks: l.weights["self_attn.sinks"],
	})
	return l.linear("attn.out", mix, "self_attn.o_proj")
}

// rotate turns the heads of x, normalized before if there is a weight for it.
func (l *layer) rotate(name string, x *ir.Value, norm string) *ir.Value {
	if l.weights[norm+".weight"] != nil {
		x = l.norm(name+"_norm", x, norm)
	}
	if d := l.config.HeadDim; l.config.Rotated() < d {
		return l.f.PartialRope(name+"_rope", x, l.rope.cos, l.rope.sin, l.pos, d)
	}
	return l.f.Rope(name+"_rope", x, l.rope.cos, l.rope.sin, l.pos)
}

func (l *layer) scoreScale() float64 {
	if s := l.config.ScoreScale; s != 0 {
		return s
	}
	return 1 / math.Sqrt(float64(l.config.HeadDim))
}

// gatedMLP is the feed-forward network of h, which is normalized.
func (l *layer) gatedMLP(h *ir.Value) *ir.Value {
	gate := l.linear("mlp.gate", h, "mlp.gate_proj")
	if l.config.GELU {
		gate = l.f.GELU("mlp.gelu", gate)
	} else {
		gate = l.f.SiLU("mlp.silu", gate)
	}
	act := l.f.Mul("mlp.act", gate, l.linear("mlp.up", h, "mlp.up_proj"))
	return l.linear("mlp.down", act, "mlp.down_proj")
}
