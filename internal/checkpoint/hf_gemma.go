package checkpoint

import "math"

// gemmaDefaults are the numbers that Gemma 2 and 3 share.
func gemmaDefaults() Config {
	return Config{
		Layers: 26, Hidden: 2304, Intermediate: 9216, Heads: 8, KVHeads: 4, HeadDim: 256, NormEps: 1e-6,
		BOS: 2, EOS: []int{1}, TieEmbeddings: true, PostNorms: true, GELU: true,
	}
}

// hfGemma2 has soft caps and a window in every second layer: Gemma2Config.
func hfGemma2() hfFamily {
	def := gemmaDefaults()
	def.Vocab, def.Context = 256000, 8192
	return hfFamily{
		class:    "Gemma2ForCausalLM",
		defaults: def,
		honours:  gemmaKeys(),
		neutral:  gemmaNeutral(),
		read: func(f *fields, c *Config) {
			f.gemma(c)
			c.AttentionSoftcap = f.softcap("attn_logit_softcapping", 50)
			c.LogitSoftcap = f.softcap("final_logit_softcapping", 30)
			f.hfWindows(c, f.nullable("sliding_window", 4096), func(layer int) bool { return layer%2 == 0 })
			f.hfRope(c, 10000)
		},
	}
}

// hfGemma3 has norms of q and k, and two rotary embeddings: Gemma3TextConfig.
func hfGemma3() hfFamily {
	def := gemmaDefaults()
	def.Vocab, def.Context, def.QKNorm = 262208, 131072, true
	return hfFamily{
		class:    "Gemma3ForCausalLM",
		defaults: def,
		honours:  gemmaKeys(),
		neutral:  append(gemmaNeutral(), neutral{"attn_logit_softcapping", nil}), // which Gemma3Attention does not pass on
		read: func(f *fields, c *Config) {
			f.gemma(c)
			c.LogitSoftcap = f.softcap("final_logit_softcapping", 0)
			pattern := f.int("sliding_window_pattern", 6)
			if pattern < 1 {
				f.fail("sliding_window_pattern", "is %d, not a number of layers", pattern)
				return
			}
			f.hfWindows(c, f.nullable("sliding_window", 4096), func(layer int) bool { return (layer+1)%pattern != 0 })
			f.gemma3Rope(c)
		},
	}
}

func gemmaKeys() []string {
	return []string{
		"hidden_act", "attention_bias", "sliding_window", "attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar",
	}
}

func gemmaNeutral() []neutral {
	return []neutral{{"hidden_act", "gelu_pytorch_tanh"}, {"hidden_activation", "gelu_pytorch_tanh"}}
}

// gemma reads what Gemma 2 and 3 share.
func (f *fields) gemma(c *Config) {
	c.QKVBias = f.bool("attention_bias", false)
	c.OutBias = c.QKVBias
	c.EmbedScale = math.Sqrt(float64(c.Hidden))
	scalar := f.float("query_pre_attn_scalar", 256)
	if !finite(scalar) {
		f.fail("query_pre_attn_scalar", "is %v, not a positive number", scalar)
	}
	c.ScoreScale = math.Pow(scalar, -0.5)
}

// softcap returns a soft cap: def if the key is absent, 0 for none if it is
// null.
func (f *fields) softcap(key string, def float64) float64 {
	v, ok := f.get(key)
	switch {
	case !ok:
		return def
	case v == nil:
		return 0
	}
	limit := f.float(key, 0)
	if !finite(limit) {
		f.fail(key, "is %v, not a positive number", limit)
	}
	return limit
}

// gemma3Rope reads one rotary embedding for layers of full attention and one
// for those with a window: as rope_parameters by layer type (transformers 5), or
// as rope_theta, rope_scaling and rope_local_base_freq.
func (f *fields) gemma3Rope(c *Config) {
	c.Rope = Rope{Type: "default", Theta: f.float("rope_theta", 1e6)}
	c.LocalRope = &Rope{Type: "default", Theta: f.float("rope_local_base_freq", 10000)}
	key, object := f.ropeObject()
	switch {
	case object == nil:
	case nestedRope(object):
		f.layerRope(c, object, "full_attention", &c.Rope)
		f.layerRope(c, object, "sliding_attention", c.LocalRope)
	case key == "rope_scaling":
		f.scaling(object, key, c, &c.Rope)
	default:
		f.fail(key, "has neither full_attention nor sliding_attention")
	}
}

// textConfig is the text part of a model of text and images (Gemma 3), or f
// itself. Keys that the part lacks are those of the whole where these describe
// the text.
func (f *fields) textConfig() *fields {
	if f.value("model_type") != "gemma3" {
		return f
	}
	object, ok := f.value("text_config").(map[string]any)
	if !ok {
		f.fail("text_config", "is not an object")
		return f
	}
	text := mapFields("text_config.", object)
	text.refuse([]neutral{{"model_type", "gemma3_text"}})
	inner := text.get
	text.get = func(key string) (any, bool) {
		if v, ok := inner(key); ok {
			return v, ok
		}
		switch key {
		case "model_type":
			return "gemma3_text", true
		case "eos_token_id", "bos_token_id", "dtype", "torch_dtype", "tie_word_embeddings", "quantization_config", "compression_config":
			return f.get(key)
		}
		return nil, false
	}
	return text
}
