package model

import "github.com/lpuctl/lpuctl/ir"

// feedForward is the network of h, which is normalized: the MLP, or the mixture
// of experts of a layer that has one.
func (l *layer) feedForward(h *ir.Value) *ir.Value {
	if l.weights["mlp.router.weight"] != nil {
		return l.mixture(h)
	}
	return l.gatedMLP(h)
}

// mixture is a mixture of experts (Shazeer et al., 2017): the router selects
// some experts for each token, whose results are added by its weights.
func (l *layer) mixture(h *ir.Value) *ir.Value {
	softmax := ir.RouteAll
	if l.config.Experts.Normalize {
		softmax = ir.RouteSelected
	}
	logits := l.linear("mlp.router", h, "mlp.router")
	weights, ids := l.f.RouterTopK("mlp.route", logits, l.config.Experts.PerToken, softmax)
	gate := l.experts("mlp.gate", h, "mlp.experts.gate_proj", ids)
	up := l.experts("mlp.up", h, "mlp.experts.up_proj", ids)
	down := l.experts("mlp.down", l.expertActivation(gate, up), "mlp.experts.down_proj", ids)
	return l.f.MoECombine("mlp.mix", down, weights)
}

// expertActivation joins the projections gate and up.
func (l *layer) expertActivation(gate, up *ir.Value) *ir.Value {
	if e := l.config.Experts; e.Limit > 0 {
		return l.f.ClampedSwiGLU("mlp.act", gate, up, e.Alpha, e.Limit)
	}
	return l.f.Mul("mlp.act", l.f.SiLU("mlp.silu", gate), up)
}

// experts is the product of x with the matrices of the selected experts, plus
// their biases if there are any.
func (l *layer) experts(name string, x *ir.Value, module string, ids *ir.Value) *ir.Value {
	w := l.weights[module+".weight"]
	if bias := l.weights[module+".bias"]; bias != nil {
		return l.f.BiasedMoELinear(name, x, w, ids, bias, l.kind(w))
	}
	return l.f.MoELinear(name, x, w, ids, l.kind(w))
}
