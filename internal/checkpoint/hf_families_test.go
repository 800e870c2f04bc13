package checkpoint

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func plain(theta float64) Rope { return Rope{Type: "default", Theta: theta} }

// TestParseHFFamilies reads what hub files of each family say, and what they
// leave to the defaults of transformers.
func TestParseHFFamilies(t *testing.T) {
	mistral := Config{
		Architecture: "mistral", Layers: 32, Hidden: 4096, Intermediate: 14336, Heads: 32, KVHeads: 8, HeadDim: 128, Vocab: 32000,
		Context: 131072, NormEps: 1e-6, Rope: plain(10000), BOS: 1, EOS: []int{2},
	}
	qwen2 := Config{
		Architecture: "qwen2", Layers: 32, Hidden: 4096, Intermediate: 22016, Heads: 32, KVHeads: 32, HeadDim: 128, Vocab: 151936,
		Context: 32768, NormEps: 1e-6, Rope: plain(10000), QKVBias: true, BOS: -1,
	}
	qwen3 := qwen2
	qwen3.Architecture, qwen3.QKVBias, qwen3.QKNorm = "qwen3", false, true
	gemma2 := Config{
		Architecture: "gemma2", Layers: 26, Hidden: 2304, Intermediate: 9216, Heads: 8, KVHeads: 4, HeadDim: 256, Vocab: 256000,
		Context: 8192, NormEps: 1e-6, Rope: plain(10000), ScoreScale: 1.0 / 16, AttentionSoftcap: 50, LogitSoftcap: 30,
		EmbedScale: math.Sqrt(2304), PostNorms: true, GELU: true, TieEmbeddings: true, BOS: 2, EOS: []int{1},
		Windows: every(26, 4096, func(i int) bool { return i%2 == 0 }),
	}
	local := plain(10000)
	gemma3 := gemma2
	gemma3.Architecture, gemma3.Vocab, gemma3.Context, gemma3.QKNorm = "gemma3_text", 262208, 131072, true
	gemma3.AttentionSoftcap, gemma3.LogitSoftcap, gemma3.Rope, gemma3.LocalRope = 0, 0, plain(1e6), &local
	gemma3.Windows = every(26, 4096, func(i int) bool { return i%6 != 5 })
	phi3 := Config{
		Architecture: "phi3", Layers: 32, Hidden: 3072, Intermediate: 8192, Heads: 32, KVHeads: 32, HeadDim: 96, Vocab: 32064,
		Context: 4096, NormEps: 1e-5, Rope: plain(10000), BOS: 1, EOS: []int{32000},
	}
	all := func(int) bool { return true }
	for _, c := range []struct {
		name, text string
		base       Config
		change     func(*Config)
	}{
		{"mistral: the window has a default", `{"model_type":"mistral"`, mistral, func(c *Config) { c.Windows = every(32, 4096, all) }},
		{"mistral: none", `{"model_type":"mistral","sliding_window":null`, mistral, func(*Config) {}},
		{"mistral: Nemo", `{"model_type":"mistral","sliding_window":null,"head_dim":160,"num_key_value_heads":null`, mistral,
			func(c *Config) { c.HeadDim, c.KVHeads = 160, 32 }},
		{"qwen2: switched off", `{"model_type":"qwen2","sliding_window":131072,"use_sliding_window":false,"max_window_layers":21`, qwen2,
			func(*Config) {}},
		{"qwen2: from a layer on", `{"model_type":"qwen2","sliding_window":64,"use_sliding_window":true,"max_window_layers":21`, qwen2,
			func(c *Config) { c.Windows = every(32, 64, func(i int) bool { return i >= 21 }) }},
		{"qwen2: switched on, no layer", `{"model_type":"qwen2","use_sliding_window":true,"max_window_layers":32`, qwen2, func(*Config) {}},
		{"qwen2: yarn", `{"model_type":"qwen2","rope_theta":1e6,"rope_scaling":{"factor":4.0,"original_max_position_embeddings":32768,"type":"yarn"}`,
			qwen2, func(c *Config) {
				c.Rope = Rope{Type: "yarn", Theta: 1e6, Factor: 4, OriginalContext: 32768, BetaFast: 32, BetaSlow: 1, AttentionFactor: 0.1*math.Log(4) + 1}
			}},
		{"qwen3", `{"model_type":"qwen3","attention_bias":false`, qwen3, func(*Config) {}},
		{"qwen3: biases", `{"model_type":"qwen3","attention_bias":true,"head_dim":64`, qwen3,
			func(c *Config) { c.QKVBias, c.OutBias, c.HeadDim = true, true, 64 }},
		{"gemma2", `{"model_type":"gemma2","hidden_act":"gelu_pytorch_tanh","hidden_activation":"gelu_pytorch_tanh"`, gemma2, func(*Config) {}},
		{"gemma2: no caps", `{"model_type":"gemma2","attn_logit_softcapping":null,"final_logit_softcapping":null,"query_pre_attn_scalar":144`, gemma2,
			func(c *Config) { c.AttentionSoftcap, c.LogitSoftcap, c.ScoreScale = 0, 0, 1.0/12 }},
		{"gemma3", `{"model_type":"gemma3_text"`, gemma3, func(*Config) {}},
		{"gemma3: of text and images", `{"model_type":"gemma3","eos_token_id":[1,106],"torch_dtype":"bfloat16","vision_config":{"hidden_size":1152},
			"text_config":{"num_hidden_layers":26,"rope_scaling":{"factor":8.0,"rope_type":"linear"},"sliding_window":1024}`, gemma3, func(c *Config) {
			c.EOS, c.DType, c.Rope = []int{1, 106}, "BF16", Rope{Type: "linear", Theta: 1e6, Factor: 8}
			c.Windows = every(26, 1024, func(i int) bool { return i%6 != 5 })
		}},
		{"gemma3: a pattern of 3", `{"model_type":"gemma3_text","sliding_window_pattern":3,"rope_local_base_freq":5000,"rope_theta":2e6`, gemma3,
			func(c *Config) {
				c.Windows, c.Rope.Theta = every(26, 4096, func(i int) bool { return i%3 != 2 }), 2e6
				other := plain(5000)
				c.LocalRope = &other
			}},
		{"phi3", `{"model_type":"phi3","rope_scaling":null`, phi3, func(*Config) {}},
		{"phi3: a window", `{"model_type":"phi3","sliding_window":2047`, phi3, func(c *Config) { c.Windows = every(32, 2047, all) }},
		{"phi3: su", `{"model_type":"phi3","hidden_size":256,"num_attention_heads":32,"max_position_embeddings":131072,"original_max_position_embeddings":4096,
			"rope_scaling":{"type":"su","short_factor":[1,1.5,2,2.5],"long_factor":[1,2,3,4]}`, phi3, func(c *Config) {
			c.Hidden, c.HeadDim, c.Context = 256, 8, 131072
			c.Rope = Rope{
				Type: "longrope", Theta: 10000, OriginalContext: 4096, AttentionFactor: math.Sqrt(1 + math.Log(32)/math.Log(4096)),
				ShortFactors: []float64{1, 1.5, 2, 2.5}, LongFactors: []float64{1, 2, 3, 4},
			}
		}},
		{"phi3: a part of the head", `{"model_type":"phi3","partial_rotary_factor":0.75`, phi3, func(c *Config) { c.RotaryDim = 72 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.base
			c.change(&want)
			got, err := ParseConfig([]byte(c.text + "}"))
			require.NoError(t, err)
			require.InEpsilon(t, orOne(want.Rope.AttentionFactor), orOne(got.Rope.AttentionFactor), 1e-15)
			got.Rope.AttentionFactor = want.Rope.AttentionFactor
			require.InEpsilon(t, orOne(want.ScoreScale), orOne(got.ScoreScale), 1e-15)
			got.ScoreScale = want.ScoreScale
			require.Equal(t, want, got)
		})
	}
}

func orOne(v float64) float64 {
	if v == 0 {
		return 1
	}
	return v
}

func every(layers, window int, slides func(i int) bool) []int {
	windows := make([]int, layers)
	for i := range windows {
		if slides(i) {
			windows[i] = window
		}
	}
	return windows
}

// TestYarnKeys: betas, truncation and attention factors of yarn; 0 counts as
// absent, as in transformers.
func TestYarnKeys(t *testing.T) {
	for text, change := range map[string]func(r *Rope){
		``:                              func(*Rope) {},
		`,"beta_fast":0,"beta_slow":0`:  func(*Rope) {},
		`,"beta_fast":16,"beta_slow":2`: func(r *Rope) { r.BetaFast, r.BetaSlow = 16, 2 },
		`,"truncate":false`:             func(r *Rope) { r.Untruncated = true },
		`,"attention_factor":0.5`:       func(r *Rope) { r.AttentionFactor = 0.5 },
		`,"mscale":2,"mscale_all_dim":1.5`: func(r *Rope) {
			r.AttentionFactor = (0.2*math.Log(8) + 1) / (float64(0.1*1.5*math.Log(8)) + 1)
		},
		`,"mscale":2`: func(*Rope) {},
	} {
		want := Rope{Type: "yarn", Theta: 1e4, Factor: 8, OriginalContext: 4096, BetaFast: 32, BetaSlow: 1, AttentionFactor: 0.1*math.Log(8) + 1}
		change(&want)
		got, err := ParseConfig([]byte(`{"model_type":"llama","rope_parameters":{"rope_type":"yarn","factor":8,"original_max_position_embeddings":4096` + text + `}}`))
		require.NoError(t, err)
		require.InEpsilon(t, want.AttentionFactor, got.Rope.AttentionFactor, 1e-14)
		got.Rope.AttentionFactor = want.AttentionFactor
		require.Equal(t, want, got.Rope, text)
	}
}

func TestFamiliesRefuse(t *testing.T) {
	for text, want := range map[string]string{
		`"mistral","layer_types":["full_attention"]`:              "layer_types is set, which lpuctl does not support",
		`"mistral","sliding_window":-1`:                           "sliding_window is -1 where layers slide",
		`"mistral","attention_bias":true`:                         "attention_bias is true; lpuctl supports only false",
		`"qwen2","attention_bias":false`:                          "attention_bias is false; lpuctl supports only true",
		`"qwen2","mlp_bias":true`:                                 "mlp_bias is true; lpuctl supports only false",
		`"gemma2","hidden_activation":"gelu"`:                     `hidden_activation is "gelu"; lpuctl supports only "gelu_pytorch_tanh"`,
		`"gemma2","attn_logit_softcapping":0`:                     "attn_logit_softcapping is 0, not a positive number",
		`"gemma2","use_bidirectional_attention":true`:             "use_bidirectional_attention is true; lpuctl supports only false",
		`"gemma2","query_pre_attn_scalar":0`:                      "query_pre_attn_scalar is 0, not a positive number",
		`"gemma3_text","attn_logit_softcapping":50`:               "attn_logit_softcapping is set, which lpuctl does not support",
		`"gemma3_text","sliding_window_pattern":0`:                "sliding_window_pattern is 0, not a number of layers",
		`"gemma3_text","rope_parameters":{"rope_type":"default"}`: "rope_parameters has neither full_attention nor sliding_attention",
		`"gemma3_text","rope_parameters":{"full_attention":7}`:    "rope_parameters.full_attention is 7, not an object",
		`"gemma3"`: "text_config is not an object",
		`"gemma3","text_config":{"model_type":"gemma2"}`:                                                 "text_config.model_type is \"gemma2\"; lpuctl supports only \"gemma3_text\"",
		`"phi3","partial_rotary_factor":1.5`:                                                             "partial_rotary_factor is 1.5, which leaves nothing of 96 elements to rotate",
		`"phi3","partial_rotary_factor":0.01`:                                                            "partial_rotary_factor is 0.01, which leaves nothing of 96 elements to rotate",
		`"phi3","rope_scaling":{"type":"longrope"}`:                                                      "rope_scaling.short_factor is missing",
		`"llama","rope_scaling":{"type":"default","mrope_section":[16,24,24]}`:                           "rope_scaling.mrope_section is not known to lpuctl, and may change the arithmetic",
		`"phi3","rope_scaling":{"type":"longrope","short_mscale":1.2}`:                                   "rope_scaling.short_mscale is not known to lpuctl, and may change the arithmetic",
		`"llama","no_rope_layers":[1,1,0]`:                                                               "no_rope_layers is set, which lpuctl does not support",
		`"llama","rope_scaling":{"type":"yarn","factor":-2}`:                                             "rope factor is -2, not a positive number",
		`"llama","rope_scaling":{"type":"yarn","factor":2,"beta_fast":1,"beta_slow":2}`:                  "betas of rope fast 1, slow 2: not positive and descending",
		`"llama","rope_scaling":{"type":"longrope","short_factor":[1],"long_factor":[1]}`:                "1 long rope factors for 64 frequencies",
		`"llama","head_dim":2,"rope_scaling":{"type":"longrope","short_factor":[1],"long_factor":["a"]}`: `rope_scaling.long_factor has "a", not a number`,
		`"llama","head_dim":2,"rope_scaling":{"type":"longrope","short_factor":[1],"long_factor":[0]}`:   "long rope factor 0 is 0, not a positive number",
		`"llama","rope_scaling":{"type":"yarn","factor":2,"attention_factor":-1}`:                        "attention factor of rope is -1, not a positive number",
		`"llama","rope_theta":1,"rope_scaling":{"type":"yarn","factor":2}`:                               "rope theta is 1, which gives yarn no range",
	} {
		_, err := ParseConfig([]byte(`{"model_type":` + text + `}`))
		require.EqualError(t, err, want, "%s", text)
	}
}
