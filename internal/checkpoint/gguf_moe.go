package checkpoint

// ggufExperts reads the mixture of experts that all layers have. llama.cpp lets
// the weights of the selected experts add up to 1 in all families below
// (src/models: llama.cpp, qwen3moe.cpp, openai-moe.cpp).
func (f *fields) ggufExperts(intermediate int) Experts {
	f.need("expert_count", "expert_used_count")
	return Experts{
		Count: f.experts("expert_count", 0), PerToken: f.int("expert_used_count", 0),
		Intermediate: intermediate, Normalize: true,
	}
}

// ggufQwen3MoE has no dense layers.
func ggufQwen3MoE() ggufFamily {
	return ggufFamily{
		architecture: "qwen3_moe",
		honours:      []string{"expert_count", "expert_used_count"},
		read: func(f *fields, c *Config, tensors ggufTensors) {
			c.QKNorm = true
			f.need("expert_feed_forward_length")
			c.Experts = f.ggufExperts(f.int("expert_feed_forward_length", 0))
			f.ggufRope(c, tensors)
		},
	}
}

// ggufGPTOSS: the conversion takes gate and up apart. The activation and the
// exact bounds of yarn have no keys.
func ggufGPTOSS() ggufFamily {
	return ggufFamily{
		architecture: "gpt_oss",
		honours: []string{
			"expert_count", "expert_used_count", "expert_gating_func", "attention.sliding_window", "attention.sliding_window_pattern",
		},
		neutral: []neutral{{"attention.sliding_window_pattern", 2}, {"expert_gating_func", 3}},
		read: func(f *fields, c *Config, tensors ggufTensors) {
			f.need("expert_feed_forward_length", "attention.sliding_window")
			c.QKVBias, c.OutBias, c.Sinks = true, true, true
			c.Experts = f.ggufExperts(f.int("expert_feed_forward_length", 0))
			c.Experts.Bias, c.Experts.Alpha, c.Experts.Limit = true, 1.702, 7
			c.slide(f.int("attention.sliding_window", 0), func(layer int) bool { return layer%2 == 0 })
			f.ggufRope(c, tensors)
			c.Rope.Untruncated = true
		},
	}
}
