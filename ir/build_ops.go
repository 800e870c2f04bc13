package ir

// Embed adds the lookup of ids in table.
func (f *FuncBuilder) Embed(name string, ids, table *Value) *Value {
	return f.Node(Embed, name, nil, ids, table)
}

// ScaledEmbed adds the lookup of ids in table, times scale.
func (f *FuncBuilder) ScaledEmbed(name string, ids, table *Value, scale float64) *Value {
	return f.Node(Embed, name, Attrs{}.with("scale", scale), ids, table)
}

// RMSNorm adds a normalization of x with weight w: of whole rows, or of pieces
// of the length of w.
func (f *FuncBuilder) RMSNorm(name string, x, w *Value, eps float64) *Value {
	return f.Node(RMSNorm, name, Attrs{{"eps", eps}}, x, w)
}

// Linear adds the product of x with the transposed weight w, in a compute kind.
func (f *FuncBuilder) Linear(name string, x, w *Value, kind string) *Value {
	return f.Node(Linear, name, Attrs{{"kind", kind}}, x, w)
}

// BiasedLinear adds the product of x with the transposed weight w plus bias.
func (f *FuncBuilder) BiasedLinear(name string, x, w, bias *Value, kind string) *Value {
	return f.Node(Linear, name, Attrs{{"kind", kind}}, x, w, bias)
}

// Rope adds the rotation of the heads of x from position pos on.
func (f *FuncBuilder) Rope(name string, x, cos, sin, pos *Value) *Value {
	return f.Node(Rope, name, nil, x, cos, sin, pos)
}

// PartialRope adds the rotation of the first elements, as many as the tables
// are for, of each head of x.
func (f *FuncBuilder) PartialRope(name string, x, cos, sin, pos *Value, headDim int) *Value {
	return f.Node(Rope, name, Attrs{}.with("head", int64(headDim)), x, cos, sin, pos)
}

// KVAppend adds the update of a cache of that layout with the rows of x.
func (f *FuncBuilder) KVAppend(name string, cache, x, layer, pos *Value, layout string) *Value {
	return f.Node(KVAppend, name, Attrs{{"layout", layout}}, cache, x, layer, pos)
}

// Attention adds causal attention of the rows of q over the caches.
func (f *FuncBuilder) Attention(name string, q, kcache, vcache, layer, pos *Value, scale float64) *Value {
	return f.AttentionWith(name, q, kcache, vcache, layer, pos, AttentionOptions{Scale: scale})
}

// AttentionOptions are the attributes of an attention, and its operand sinks.
type AttentionOptions struct {
	Scale   float64
	Softcap float64 // 0 for none
	Window  int     // positions that a row sees, its own included; 0 for all
	Sinks   *Value  // f32[H], or nil
}

// AttentionWith adds causal attention with what models add to it.
func (f *FuncBuilder) AttentionWith(name string, q, kcache, vcache, layer, pos *Value, o AttentionOptions) *Value {
	args := []*Value{q, kcache, vcache, layer, pos}
	if o.Sinks != nil {
		args = append(args, o.Sinks)
	}
	attrs := Attrs{{"scale", o.Scale}}.with("softcap", o.Softcap).with("window", int64(o.Window))
	return f.Node(Attention, name, attrs, args...)
}

// Add adds a + b.
func (f *FuncBuilder) Add(name string, a, b *Value) *Value { return f.Node(Add, name, nil, a, b) }

// Mul adds a * b.
func (f *FuncBuilder) Mul(name string, a, b *Value) *Value { return f.Node(Mul, name, nil, a, b) }

// SiLU adds the sigmoid linear unit of x.
func (f *FuncBuilder) SiLU(name string, x *Value) *Value { return f.Node(SiLU, name, nil, x) }

// GELU adds the Gaussian error linear unit of x.
func (f *FuncBuilder) GELU(name string, x *Value) *Value { return f.Node(GELU, name, nil, x) }

// Softcap adds the soft limit of x to -limit..limit.
func (f *FuncBuilder) Softcap(name string, x *Value, limit float64) *Value {
	return f.Node(Softcap, name, Attrs{{"cap", limit}}, x)
}

// Const adds an integer scalar.
func (f *FuncBuilder) Const(name string, value int) *Value {
	return f.Node(Const, name, Attrs{{"value", int64(value)}})
}
