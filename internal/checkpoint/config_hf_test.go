package checkpoint

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// llama2 is what LlamaConfig means when nothing is said.
func llama2() Config {
	return Config{
		Architecture: "llama", Layers: 32, Hidden: 4096, Intermediate: 11008, Heads: 32, KVHeads: 32, HeadDim: 128, Vocab: 32000,
		Context: 2048, NormEps: 1e-6, Rope: Rope{Type: "default", Theta: 10000}, BOS: 1, EOS: []int{2},
	}
}

func TestParseHF(t *testing.T) {
	llama3 := Rope{Type: "llama3", Theta: 500000, Factor: 8, LowFreq: 1, HighFreq: 4, OriginalContext: 8192}
	const llama3Keys = `"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192`
	for _, c := range []struct {
		name, text string
		change     func(*Config)
	}{
		{"defaults", ``, func(*Config) {}},
		{"neutral values", `,"attention_bias":false,"mlp_bias":false,"hidden_act":"silu","sliding_window":null,"partial_rotary_factor":1.0,
			"quantization_config":null,"layer_types":null,"architectures":["LlamaForCausalLM"],"rope_scaling":null`, func(*Config) {}},
		{"harmless keys", `,"use_cache":true,"attention_dropout":0.0,"pretraining_tp":1,"transformers_version":"4.1"`, func(*Config) {}},
		{"sizes", `,"num_hidden_layers":2,"hidden_size":64,"intermediate_size":172,"num_attention_heads":8,"num_key_value_heads":4,"vocab_size":512,
			"max_position_embeddings":100,"rms_norm_eps":1e-05,"tie_word_embeddings":true`, func(c *Config) {
			c.Layers, c.Hidden, c.Intermediate, c.Heads, c.KVHeads, c.HeadDim, c.Vocab = 2, 64, 172, 8, 4, 8, 512
			c.Context, c.NormEps, c.TieEmbeddings = 100, 1e-5, true
		}},
		{"head_dim", `,"head_dim":64`, func(c *Config) { c.HeadDim = 64 }},
		{"heads without head_dim", `,"num_attention_heads":16`, func(c *Config) { c.Heads, c.KVHeads, c.HeadDim = 16, 16, 256 }},
		{"torch_dtype", `,"torch_dtype":"bfloat16"`, func(c *Config) { c.DType = "BF16" }},
		{"dtype", `,"dtype":"float16","torch_dtype":"float32"`, func(c *Config) { c.DType = "F16" }},
		{"eos list", `,"eos_token_id":[128001,128008,128009],"bos_token_id":128000`, func(c *Config) {
			c.EOS, c.BOS = []int{128001, 128008, 128009}, 128000
		}},
		{"no special tokens", `,"eos_token_id":null,"bos_token_id":null`, func(c *Config) { c.EOS, c.BOS = nil, -1 }},
		{"rope_theta", `,"rope_theta":500000.0`, func(c *Config) { c.Rope.Theta = 500000 }},
		{"transformers 5 default", `,"rope_parameters":{"rope_type":"default","rope_theta":100000.0}`, func(c *Config) { c.Rope.Theta = 100000 }},
		{"transformers 5 linear", `,"rope_parameters":{"rope_type":"linear","factor":2.0,"rope_theta":5000}`, func(c *Config) {
			c.Rope = Rope{Type: "linear", Theta: 5000, Factor: 2}
		}},
		{"transformers 5 llama3", `,"rope_parameters":{"rope_type":"llama3","rope_theta":500000,` + llama3Keys + `}`, func(c *Config) {
			c.Rope = llama3
		}},
		{"transformers 4 llama3", `,"rope_theta":500000,"rope_scaling":{"rope_type":"llama3",` + llama3Keys + `}`, func(c *Config) {
			c.Rope = llama3
		}},
		{"transformers 4 type", `,"rope_scaling":{"type":"linear","factor":4}`, func(c *Config) { c.Rope = Rope{Type: "linear", Theta: 10000, Factor: 4} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := llama2()
			c.change(&want)
			got, err := ParseConfig([]byte(`{"model_type":"llama"` + c.text + `}`))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestParseHFRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`,"attention_bias":1`:                                              "attention_bias is 1, not true or false",
		`,"hidden_act":"gelu"`:                                             `hidden_act is "gelu"; lpuctl supports only "silu"`,
		`,"sliding_window":4096`:                                           "sliding_window is set, which lpuctl does not support",
		`,"partial_rotary_factor":0.5`:                                     "partial_rotary_factor is 0.5; lpuctl supports only 1",
		`,"layer_types":["full_attention"]`:                                "layer_types has 1 entries for 32 layers",
		`,"num_hidden_layers":1,"layer_types":["sliding_attention"]`:       "sliding_window is 0 where layers slide",
		`,"num_hidden_layers":1,"layer_types":["chunked_attention"]`:       `layer_types has "chunked_attention" for layer 0; lpuctl supports full_attention and sliding_attention`,
		`,"architectures":["LlamaForSequenceClassification"]`:              "architectures is [LlamaForSequenceClassification]; lpuctl supports only LlamaForCausalLM",
		`,"layer_types":"full_attention"`:                                  `layer_types is "full_attention", not a list`,
		`,"hidden_size":"64"`:                                              `hidden_size is "64", not a number`,
		`,"hidden_size":64.5`:                                              "hidden_size is 64.5, not an integer",
		`,"hidden_size":100`:                                               "head_dim is missing, and the hidden size 100 does not divide among 32 heads",
		`,"num_hidden_layers":-1`:                                          "num_hidden_layers is -1, not 1 to 1048576",
		`,"num_attention_heads":0`:                                         "head_dim is missing, and the hidden size 4096 does not divide among 0 heads",
		`,"num_key_value_heads":5`:                                         "32 query heads do not divide among 5 KV heads",
		`,"head_dim":7`:                                                    "head dimension 7 is odd",
		`,"rms_norm_eps":0`:                                                "epsilon of RMSNorm is 0, not between 0 and 1",
		`,"rope_theta":-1`:                                                 "rope theta is -1, not a positive number",
		`,"max_position_embeddings":0`:                                     "context is 0 positions, not 1 to 2147483647",
		`,"tie_word_embeddings":1`:                                         "tie_word_embeddings is 1, not true or false",
		`,"dtype":1`:                                                       "dtype is 1, not a string",
		`,"eos_token_id":[1.5]`:                                            "eos_token_id has 1.5, not a token id",
		`,"rope_scaling":"linear"`:                                         `rope_scaling is "linear", not an object`,
		`,"rope_scaling":{"factor":2}`:                                     "rope_scaling.rope_type is missing",
		`,"rope_scaling":{"type":"dynamic","factor":2}`:                    `rope_scaling.rope_type is "dynamic": its frequencies depend on the length of the sequence, and a graph has one table`,
		`,"rope_parameters":{"rope_type":"axial","factor":2}`:              `rope_parameters.rope_type is "axial"; lpuctl supports default, linear, llama3, yarn and longrope`,
		`,"rope_parameters":{"rope_type":"linear"}`:                        "rope_parameters.factor is missing",
		`,"rope_parameters":{"rope_type":"linear","factor":0}`:             "rope factor is 0, not a positive number",
		`,"rope_parameters":{"rope_type":"llama3","factor":8}`:             "rope_parameters.low_freq_factor is missing",
		`,"rope_parameters":{"rope_theta":1,"partial_rotary_factor":0.25}`: "rope_parameters.partial_rotary_factor is 0.25; lpuctl supports only 1",
		`,"rope_parameters":{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4,"original_max_position_embeddings":1}`: "rope frequency factors low 4, high 4: not positive and ascending",
		`,"rope_parameters":{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":0}`: "original context of rope is 0 positions, not 1 to 2147483647",
	} {
		_, err := ParseConfig([]byte(`{"model_type":"llama"` + text + `}`))
		require.EqualError(t, err, want, "%s", text)
	}
}

func TestParseHFObject(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                       "model_type is missing",
		`{"model_type":"gpt2"}`:    `model_type is "gpt2"; lpuctl supports gemma2, gemma3_text, gpt_oss, llama, mistral, mixtral, phi3, qwen2, qwen3, qwen3_moe`,
		`null`:                     "not a JSON object",
		`[]`:                       "JSON array", // the library varies the words around it
		`{"a":1,"a":2}`:            "duplicate object member name",
		"{\"a\":\"\xff\"}":         "invalid UTF-8",
		`{"model_type":"llama"} x`: "invalid character",
	} {
		_, err := ParseConfig([]byte(text))
		require.ErrorContains(t, err, want)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"model_type":"qwen3_moe","decoder_sparse_step":2,"mlp_only_layers":[1],"num_experts":4,"num_experts_per_tok":2}`))
	f.Add([]byte(`{"model_type":"gpt_oss","num_local_experts":4,"swiglu_limit":1.5,"layer_types":["full_attention"],"num_hidden_layers":1}`))
	f.Add([]byte(`{"model_type":"llama","rope_parameters":{"rope_type":"linear","factor":2}}`))
	f.Add([]byte(`{"model_type":"llama","eos_token_id":[1,2],"rope_scaling":{"type":"default"},"layer_types":["full_attention"]}`))
	f.Add([]byte(`{"model_type":"gemma3","text_config":{"rope_parameters":{"full_attention":{"rope_type":"yarn","factor":2}},"sliding_window_pattern":2}}`))
	f.Add([]byte(`{"model_type":"phi3","partial_rotary_factor":0.5,"rope_scaling":{"type":"su","short_factor":[1],"long_factor":[2]}}`))
	f.Add([]byte(`{"model_type":"qwen2","num_hidden_layers":2,"use_sliding_window":true,"layer_types":["sliding_attention","full_attention"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := ParseConfig(text); err == nil {
			require.NoError(t, c.Check())
		}
		if ids, err := generationEOS(text, []int{7}); err != nil {
			require.Nil(t, ids)
		}
	})
}
