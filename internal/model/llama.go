package model

import "github.com/lpuctl/lpuctl/ir"

// llama is the layer of Llama and of most families after it: a norm before attention
// and before the MLP, each added to the residual stream.
func llama(l *layer, x *ir.Value) *ir.Value {
	h := l.norm("attn.norm", x, "input_layernorm")
	x = l.f.Add("attn.residual", x, l.attention(h))
	h = l.norm("mlp.norm", x, "post_attention_layernorm")
	return l.f.Add("mlp.residual", x, l.feedForward(h))
}
