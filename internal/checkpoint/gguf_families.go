package checkpoint

import "math"

// ggufLlama is Llama, Mistral and, with experts, Mixtral. Biases are there if
// their tensors are.
func ggufLlama() ggufFamily {
	return ggufFamily{
		architecture: "llama",
		honours:      []string{"expert_count", "expert_used_count"},
		read: func(f *fields, c *Config, tensors ggufTensors) {
			c.QKVBias = tensors["blk.0.attn_q.bias"] != nil
			c.OutBias = tensors["blk.0.attn_output.bias"] != nil
			c.MLPBias = tensors["blk.0.ffn_gate.bias"] != nil
			if f.int("expert_count", 0) != 0 {
				c.Architecture, c.Experts = "mixtral", f.ggufExperts(c.Intermediate)
			}
			f.ggufRope(c, tensors)
		},
	}
}

func ggufQwen2() ggufFamily {
	return ggufFamily{
		architecture: "qwen2",
		read: func(f *fields, c *Config, tensors ggufTensors) {
			c.QKVBias = true
			f.ggufRope(c, tensors)
		},
	}
}

func ggufQwen3() ggufFamily {
	return ggufFamily{
		architecture: "qwen3",
		read: func(f *fields, c *Config, tensors ggufTensors) {
			c.QKNorm = true
			f.ggufRope(c, tensors)
		},
	}
}

// ggufGemma2: every second layer from the first on has a window; soft caps have
// defaults.
func ggufGemma2() ggufFamily {
	return ggufFamily{
		architecture: "gemma2",
		honours:      []string{"attention.sliding_window", "attention.sliding_window_pattern", "attn_logit_softcapping", "final_logit_softcapping"},
		neutral:      []neutral{{"attention.sliding_window_pattern", 2}},
		read: func(f *fields, c *Config, tensors ggufTensors) {
			f.ggufGemma(c, 46)
			c.AttentionSoftcap = f.float("attn_logit_softcapping", 50)
			c.LogitSoftcap = f.float("final_logit_softcapping", 30)
			c.slide(f.int("attention.sliding_window", 4096), func(layer int) bool { return layer%2 == 0 })
			f.ggufRope(c, tensors)
		},
	}
}

// ggufGemma3: five layers with a window, whose rope base is 10000, then one
// without.
func ggufGemma3() ggufFamily {
	return ggufFamily{
		architecture: "gemma3_text",
		honours: []string{
			"attention.sliding_window", "attention.sliding_window_pattern", "final_logit_softcapping", "rope.freq_base_swa",
		},
		read: func(f *fields, c *Config, tensors ggufTensors) {
			f.ggufGemma(c, 62)
			c.QKNorm = true
			c.LogitSoftcap = f.float("final_logit_softcapping", 0)
			pattern := f.int("attention.sliding_window_pattern", 6)
			if pattern < 1 {
				f.fail("attention.sliding_window_pattern", "is %d, not a number of layers", pattern)
				return
			}
			c.slide(f.int("attention.sliding_window", 0), func(layer int) bool { return (layer+1)%pattern != 0 })
			if f.ggufRope(c, tensors); c.Windows != nil {
				c.LocalRope = &Rope{Type: "default", Theta: f.float("rope.freq_base_swa", 10000)}
			}
		},
	}
}

// ggufGemma reads what Gemma 2 and 3 share. The largest model of each, known by
// its layers, scales scores by hidden size over heads and not by the head
// dimension; no key says so.
func (f *fields) ggufGemma(c *Config, largest int) {
	c.PostNorms, c.GELU = true, true
	c.EmbedScale = math.Sqrt(float64(c.Hidden))
	if c.Layers == largest && c.Heads > 0 {
		c.ScoreScale = 1 / math.Sqrt(float64(c.Hidden/c.Heads))
	}
}

// slide gives a window to the layers for which slides is true, unless it is 0.
func (c *Config) slide(window int, slides func(layer int) bool) {
	if window == 0 {
		return
	}
	c.Windows = make([]int, c.Layers)
	for i := range c.Windows {
		if slides(i) {
			c.Windows[i] = window
		}
	}
}

// ggufPhi3 has fused projections, a part of each head that does not rotate, and
// the factors of longrope in tensors.
func ggufPhi3() ggufFamily {
	return ggufFamily{
		architecture: "phi3",
		honours:      []string{"attention.sliding_window", "rope.scaling.attn_factor"},
		read: func(f *fields, c *Config, tensors ggufTensors) {
			c.slide(f.int("attention.sliding_window", 0), func(int) bool { return true })
			if n := f.int("rope.dimension_count", c.HeadDim); n != c.HeadDim {
				c.RotaryDim = n
			}
			c.Rope = Rope{Type: "default", Theta: f.float("rope.freq_base", 10000)}
			if kind := f.string("rope.scaling.type", "none"); kind != "none" && kind != "longrope" {
				f.fail("rope.scaling.type", "is %s; lpuctl supports none and longrope", show(kind))
			}
			if tensors["rope_factors_long.weight"] == nil {
				f.refuse([]neutral{{"rope.scaling.attn_factor", 1}})
				return
			}
			c.Rope.Type = "longrope"
			c.Rope.OriginalContext = f.int("rope.scaling.original_context_length", c.Context)
			c.Rope.AttentionFactor = exactLong(f.float("rope.scaling.attn_factor", 1), c)
			c.Rope.LongFactors = widen(f.divisors(tensors, "rope_factors_long.weight", c.Rotated()/2))
			c.Rope.ShortFactors = widen(f.divisors(tensors, "rope_factors_short.weight", c.Rotated()/2))
		},
	}
}

// exactLong returns the attention factor that transformers computes for a
// longrope if v is that one rounded to float32, which GGUF has, else v.
func exactLong(v float64, c *Config) float64 {
	exact := LongAttention(c.Context, c.Rope.OriginalContext)
	if float32(exact) == float32(v) {
		return exact
	}
	return v
}

func widen(list []float32) []float64 {
	wide := make([]float64, len(list))
	for i, v := range list {
		wide[i] = float64(v)
	}
	return wide
}
