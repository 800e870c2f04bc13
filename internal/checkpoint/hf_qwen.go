package checkpoint

// hfQwen2 is Qwen 2 and 2.5, whose q, k and v have biases that no key mentions:
// Qwen2Config.
func hfQwen2() hfFamily {
	return hfFamily{
		class: "Qwen2ForCausalLM",
		defaults: Config{
			Layers: 32, Hidden: 4096, Intermediate: 22016, Heads: 32, KVHeads: 32, Vocab: 151936, Context: 32768, NormEps: 1e-6,
			BOS: -1, QKVBias: true,
		},
		honours: []string{"attention_bias", "sliding_window", "use_sliding_window"},
		neutral: []neutral{{"attention_bias", true}},
		read: func(f *fields, c *Config) {
			f.qwenWindows(c)
			f.hfRope(c, 10000)
		},
	}
}

// hfQwen3 has norms of q and k in place of biases: Qwen3Config.
func hfQwen3() hfFamily {
	return hfFamily{
		class: "Qwen3ForCausalLM",
		defaults: Config{
			Layers: 32, Hidden: 4096, Intermediate: 22016, Heads: 32, KVHeads: 32, HeadDim: 128, Vocab: 151936, Context: 32768,
			NormEps: 1e-6, BOS: -1, QKNorm: true,
		},
		honours: []string{"attention_bias", "sliding_window", "use_sliding_window"},
		read: func(f *fields, c *Config) {
			c.QKVBias = f.bool("attention_bias", false)
			c.OutBias = c.QKVBias
			f.qwenWindows(c)
			f.hfRope(c, 10000)
		},
	}
}

// qwenWindows: use_sliding_window switches the window on, from layer
// max_window_layers on.
func (f *fields) qwenWindows(c *Config) {
	window, from := f.nullable("sliding_window", 4096), f.int("max_window_layers", 28)
	if !f.bool("use_sliding_window", false) {
		window = 0
	}
	f.hfWindows(c, window, func(layer int) bool { return window != 0 && layer >= from })
}
