package checkpoint

// hfLlama is Llama 2 and 3: LlamaConfig.
func hfLlama() hfFamily {
	return hfFamily{
		class: "LlamaForCausalLM",
		defaults: Config{
			Layers: 32, Hidden: 4096, Intermediate: 11008, Heads: 32, Vocab: 32000, Context: 2048, NormEps: 1e-6,
			BOS: 1, EOS: []int{2},
		},
		honours: []string{"attention_bias", "mlp_bias"},
		read: func(f *fields, c *Config) {
			c.QKVBias = f.bool("attention_bias", false)
			c.OutBias = c.QKVBias
			c.MLPBias = f.bool("mlp_bias", false)
			f.hfWindows(c, 0, func(int) bool { return false })
			f.hfRope(c, 10000)
		},
	}
}

// hfMistral is Llama with a window in all layers or none: MistralConfig.
func hfMistral() hfFamily {
	return hfFamily{
		class: "MistralForCausalLM",
		defaults: Config{
			Layers: 32, Hidden: 4096, Intermediate: 14336, Heads: 32, KVHeads: 8, Vocab: 32000, Context: 131072, NormEps: 1e-6,
			BOS: 1, EOS: []int{2},
		},
		honours: []string{"sliding_window"},
		neutral: []neutral{{"layer_types", nil}}, // which MistralModel does not read
		read: func(f *fields, c *Config) {
			window := f.nullable("sliding_window", 4096)
			f.hfWindows(c, window, func(int) bool { return window != 0 })
			f.hfRope(c, 10000)
		},
	}
}
