package ir

// Embed adds the lookup of ids in table.
func (f *FuncBuilder) Embed(name string, ids, table *Value) *Value {
	return f.Node(Embed, name, nil, ids, table)
}

// RMSNorm adds a normalization of x with weight w.
func (f *FuncBuilder) RMSNorm(name string, x, w *Value, eps float64) *Value {
	return f.Node(RMSNorm, name, Attrs{{"eps", eps}}, x, w)
}

// Linear adds the product of x with the transposed weight w, in a compute kind.
func (f *FuncBuilder) Linear(name string, x, w *Value, kind string) *Value {
	return f.Node(Linear, name, Attrs{{"kind", kind}}, x, w)
}

// Rope adds the rotation of the heads of x from position pos on.
func (f *FuncBuilder) Rope(name string, x, cos, sin, pos *Value) *Value {
	return f.Node(Rope, name, nil, x, cos, sin, pos)
}

// KVAppend adds the update of a cache of that layout with the rows of x.
func (f *FuncBuilder) KVAppend(name string, cache, x, layer, pos *Value, layout string) *Value {
	return f.Node(KVAppend, name, Attrs{{"layout", layout}}, cache, x, layer, pos)
}

// Attention adds causal attention of the rows of q over the caches.
func (f *FuncBuilder) Attention(name string, q, kcache, vcache, layer, pos *Value, scale float64) *Value {
	return f.Node(Attention, name, Attrs{{"scale", scale}}, q, kcache, vcache, layer, pos)
}

// Add adds a + b.
func (f *FuncBuilder) Add(name string, a, b *Value) *Value { return f.Node(Add, name, nil, a, b) }

// Mul adds a * b.
func (f *FuncBuilder) Mul(name string, a, b *Value) *Value { return f.Node(Mul, name, nil, a, b) }

// SiLU adds the sigmoid linear unit of x.
func (f *FuncBuilder) SiLU(name string, x *Value) *Value { return f.Node(SiLU, name, nil, x) }

// Const adds an integer scalar.
func (f *FuncBuilder) Const(name string, value int) *Value {
	return f.Node(Const, name, Attrs{{"value", int64(value)}})
}
