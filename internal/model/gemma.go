package model

import "github.com/lpuctl/lpuctl/ir"

// gemma is the layer of Gemma 2 and 3: norms before and after attention and
// the MLP.
func gemma(l *layer, x *ir.Value) *ir.Value {
	h := l.attention(l.norm("attn.norm", x, "input_layernorm"))
	x = l.f.Add("attn.residual", x, l.norm("attn.post_norm", h, "post_attention_layernorm"))
	h = l.gatedMLP(l.norm("mlp.norm", x, "pre_feedforward_layernorm"))
	return l.f.Add("mlp.residual", x, l.norm("mlp.post_norm", h, "post_feedforward_layernorm"))
}
