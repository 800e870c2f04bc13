package checkpoint

// hfMixtral is Mistral with a mixture of experts in every layer: MixtralConfig.
func hfMixtral() hfFamily {
	return hfFamily{
		class: "MixtralForCausalLM",
		defaults: Config{
			Layers: 32, Hidden: 4096, Intermediate: 14336, Heads: 32, KVHeads: 8, Vocab: 32000, Context: 131072, NormEps: 1e-5,
			BOS: 1, EOS: []int{2},
		},
		honours: []string{"sliding_window", "num_local_experts"},
		neutral: []neutral{{"layer_types", nil}}, // which MixtralModel does not read
		read: func(f *fields, c *Config) {
			window := f.nullable("sliding_window", 0)
			f.hfWindows(c, window, func(int) bool { return window != 0 })
			c.Experts = Experts{
				Count: f.experts("num_local_experts", 8), PerToken: f.int("num_experts_per_tok", 2),
				Intermediate: c.Intermediate, Normalize: true,
			}
			f.hfRope(c, 1e6)
		},
	}
}

// experts returns a number of experts of a family that always has some.
func (f *fields) experts(key string, def int) int {
	n := f.int(key, def)
	if n < 1 {
		f.fail(key, "is %d, not a number of experts", n)
	}
	return n
}

// hfQwen3MoE is Qwen 3 with a mixture of experts in some or all layers:
// Qwen3MoeConfig.
func hfQwen3MoE() hfFamily {
	return hfFamily{
		class: "Qwen3MoeForCausalLM",
		defaults: Config{
			Layers: 24, Hidden: 2048, Intermediate: 6144, Heads: 32, KVHeads: 4, Vocab: 151936, Context: 32768, NormEps: 1e-6,
			BOS: -1, QKNorm: true,
		},
		honours: []string{"attention_bias", "sliding_window", "use_sliding_window", "num_experts", "num_local_experts"},
		neutral: []neutral{{"layer_types", nil}}, // which Qwen3MoeModel does not read
		read: func(f *fields, c *Config) {
			c.QKVBias = f.bool("attention_bias", false)
			c.OutBias = c.QKVBias
			window := f.nullable("sliding_window", 4096)
			if !f.bool("use_sliding_window", false) {
				window = 0
			}
			f.hfWindows(c, window, func(int) bool { return window != 0 })
			c.Experts = Experts{
				Count: f.int("num_local_experts", f.int("num_experts", 128)), PerToken: f.int("num_experts_per_tok", 8),
				Intermediate: f.int("moe_intermediate_size", 768), Normalize: f.bool("norm_topk_prob", false),
				Dense: f.denseLayers(c.Layers),
			}
			f.hfRope(c, 10000)
		},
	}
}

// denseLayers are those without experts: layers of mlp_only_layers, and layers
// whose number from 1 on is no multiple of decoder_sparse_step.
func (f *fields) denseLayers(layers int) []bool {
	step := f.int("decoder_sparse_step", 1)
	if step < 1 {
		f.fail("decoder_sparse_step", "is %d, not a number of layers", step)
		return nil
	}
	dense := make([]bool, layers)
	for i := range dense {
		dense[i] = (i+1)%step != 0
	}
	for _, v := range f.list("mlp_only_layers") {
		n, ok := number(v)
		if !ok || n != float64(int(n)) || n < 0 {
			f.fail("mlp_only_layers", "has %s, not a layer", show(v))
			return nil
		}
		if int(n) < layers {
			dense[int(n)] = true
		}
	}
	return dense
}

// hfGPTOSS has sinks, alternating windows, yarn without rounded bounds, a
// clamped SwiGLU, and biases everywhere: GptOssConfig.
func hfGPTOSS() hfFamily {
	return hfFamily{
		class: "GptOssForCausalLM",
		defaults: Config{
			Layers: 36, Hidden: 2880, Intermediate: 2880, Heads: 64, KVHeads: 8, HeadDim: 64, Vocab: 201088, Context: 131072,
			NormEps: 1e-5, BOS: -1, Sinks: true,
		},
		honours: []string{"attention_bias", "sliding_window", "num_local_experts", "swiglu_alpha", "swiglu_limit"},
		read: func(f *fields, c *Config) {
			c.QKVBias = f.bool("attention_bias", true)
			c.OutBias = c.QKVBias
			f.hfWindows(c, f.nullable("sliding_window", 128), func(layer int) bool { return layer%2 == 0 })
			c.Experts = Experts{
				Count: f.experts("num_local_experts", 128), PerToken: f.int("num_experts_per_tok", f.int("experts_per_token", 4)),
				Intermediate: c.Intermediate, Normalize: true, Bias: true,
				Alpha: f.float("swiglu_alpha", 1.702), Limit: f.float("swiglu_limit", 7),
			}
			f.refuse([]neutral{{"experts_per_token", c.Experts.PerToken}})
			f.gptOSSRope(c)
		},
	}
}

// gptOSSRope: without a key, yarn as the model was published.
func (f *fields) gptOSSRope(c *Config) {
	if _, object := f.ropeObject(); object != nil {
		f.hfRope(c, 150000)
		return
	}
	c.Rope = GPTOSSRope(f.float("rope_theta", 150000))
}

// GPTOSSRope is the rotary embedding that gpt-oss was published with.
func GPTOSSRope(theta float64) Rope {
	return Rope{
		Type: "yarn", Theta: theta, Factor: 32, OriginalContext: 4096, BetaFast: 32, BetaSlow: 1,
		Untruncated: true, AttentionFactor: yarnAttention(32, 1),
	}
}
