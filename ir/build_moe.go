package ir

// RouterTopK adds the selection of k experts for each row of logits. Their
// weights have that name, their ids the name with ".ids".
func (f *FuncBuilder) RouterTopK(name string, logits *Value, k int, softmax string) (weights, ids *Value) {
	n := &Node{Op: RouterTopK, Attrs: Attrs{{"k", int64(k)}, {"softmax", softmax}}, Args: []*Value{logits}}
	results := f.add(n, []string{name, name + ".ids"})
	return results[0], results[1]
}

// MoELinear adds the products of x with the transposed matrices of the selected
// experts, in a compute kind.
func (f *FuncBuilder) MoELinear(name string, x, w, ids *Value, kind string) *Value {
	return f.Node(MoELinear, name, Attrs{{"kind", kind}}, x, w, ids)
}

// BiasedMoELinear adds those products plus the biases of the selected experts.
func (f *FuncBuilder) BiasedMoELinear(name string, x, w, ids, bias *Value, kind string) *Value {
	return f.Node(MoELinear, name, Attrs{{"kind", kind}}, x, w, ids, bias)
}

// MoECombine adds the weighted sum of the experts' results.
func (f *FuncBuilder) MoECombine(name string, x, weights *Value) *Value {
	return f.Node(MoECombine, name, nil, x, weights)
}

// ClampedSwiGLU adds the gated activation of gpt-oss.
func (f *FuncBuilder) ClampedSwiGLU(name string, gate, up *Value, alpha, limit float64) *Value {
	return f.Node(ClampedSwiGLU, name, Attrs{{"alpha", alpha}, {"limit", limit}}, gate, up)
}
