package checkpoint

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMoEDefaults: a config.json of a model type alone is the published model.
func TestMoEDefaults(t *testing.T) {
	c, err := ParseConfig([]byte(`{"model_type":"mixtral"}`))
	require.NoError(t, err)
	require.Equal(t, Experts{Count: 8, PerToken: 2, Intermediate: 14336, Normalize: true}, c.Experts)
	require.Equal(t, 1e6, c.Rope.Theta)
	require.Nil(t, c.Windows)

	c, err = ParseConfig([]byte(`{"model_type":"qwen3_moe","num_hidden_layers":2}`))
	require.NoError(t, err)
	require.Equal(t, Experts{Count: 128, PerToken: 8, Intermediate: 768, Dense: []bool{false, false}}, c.Experts)
	require.Equal(t, 64, c.HeadDim)

	c, err = ParseConfig([]byte(`{"model_type":"gpt_oss","num_hidden_layers":3}`))
	require.NoError(t, err)
	require.Equal(t, Experts{Count: 128, PerToken: 4, Intermediate: 2880, Normalize: true, Bias: true, Limit: 7, Alpha: 1.702}, c.Experts)
	require.Equal(t, []int{128, 0, 128}, c.Windows)
	require.Equal(t, GPTOSSRope(150000), c.Rope)
}

// TestPublishedMoE reads the config.json files of three published models; gpt-oss
// with two of its layers.
func TestPublishedMoE(t *testing.T) {
	mixtral, err := ParseConfig([]byte(`{"architectures": ["MixtralForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 1,
		"eos_token_id": 2, "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336,
		"max_position_embeddings": 32768, "model_type": "mixtral", "num_attention_heads": 32, "num_experts_per_tok": 2,
		"num_hidden_layers": 32, "num_key_value_heads": 8, "num_local_experts": 8, "output_router_logits": false,
		"rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "router_aux_loss_coef": 0.02, "sliding_window": null,
		"tie_word_embeddings": false, "torch_dtype": "bfloat16", "use_cache": true, "vocab_size": 32000}`))
	require.NoError(t, err)
	require.Equal(t, Config{
		Architecture: "mixtral", Layers: 32, Hidden: 4096, Intermediate: 14336, Heads: 32, KVHeads: 8, HeadDim: 128,
		Vocab: 32000, Context: 32768, NormEps: 1e-5, Rope: Rope{Type: "default", Theta: 1e6}, BOS: 1, EOS: []int{2}, DType: "BF16",
		Experts: Experts{Count: 8, PerToken: 2, Intermediate: 14336, Normalize: true},
	}, mixtral)

	qwen, err := ParseConfig([]byte(`{"architectures": ["Qwen3MoeForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
		"bos_token_id": 151643, "decoder_sparse_step": 1, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu",
		"hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 6144, "max_position_embeddings": 40960,
		"max_window_layers": 48, "mlp_only_layers": [], "model_type": "qwen3_moe", "moe_intermediate_size": 768,
		"norm_topk_prob": true, "num_attention_heads": 32, "num_experts": 128, "num_experts_per_tok": 8, "num_hidden_layers": 48,
		"num_key_value_heads": 4, "output_router_logits": false, "rms_norm_eps": 1e-06, "rope_scaling": null,
		"rope_theta": 1000000.0, "router_aux_loss_coef": 0.001, "sliding_window": null, "tie_word_embeddings": false,
		"torch_dtype": "bfloat16", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936}`))
	require.NoError(t, err)
	require.Equal(t, Experts{Count: 128, PerToken: 8, Intermediate: 768, Normalize: true, Dense: make([]bool, 48)}, qwen.Experts)
	require.Equal(t, 128, qwen.HeadDim)
	require.True(t, qwen.QKNorm)
	require.Nil(t, qwen.Windows)

	oss, err := ParseConfig([]byte(`{"architectures": ["GptOssForCausalLM"], "attention_bias": true, "attention_dropout": 0.0,
		"eos_token_id": 200002, "experts_per_token": 4, "head_dim": 64, "hidden_act": "silu", "hidden_size": 2880,
		"initial_context_length": 4096, "initializer_range": 0.02, "intermediate_size": 2880, "layer_types": ["sliding_attention",
		"full_attention"], "max_position_embeddings": 131072, "model_type": "gpt_oss", "num_attention_heads": 64,
		"num_experts_per_tok": 4, "num_hidden_layers": 2, "num_key_value_heads": 8, "num_local_experts": 32,
		"output_router_logits": false, "pad_token_id": 199999, "quantization_config": {"modules_to_not_convert":
		["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"], "quant_method": "mxfp4"},
		"rms_norm_eps": 1e-05, "rope_scaling": {"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0,
		"original_max_position_embeddings": 4096, "rope_type": "yarn", "truncate": false}, "rope_theta": 150000,
		"router_aux_loss_coef": 0.9, "sliding_window": 128, "swiglu_limit": 7.0, "tie_word_embeddings": false, "use_cache": true,
		"vocab_size": 201088}`))
	require.NoError(t, err)
	require.Equal(t, GPTOSSRope(150000), oss.Rope)
	require.Equal(t, []int{128, 0}, oss.Windows)
	require.Equal(t, Experts{Count: 32, PerToken: 4, Intermediate: 2880, Normalize: true, Bias: true, Limit: 7, Alpha: 1.702}, oss.Experts)
	require.True(t, oss.Sinks && oss.QKVBias && oss.OutBias)
}

// TestDenseLayers: which layers of Qwen 3 MoE have an MLP.
func TestDenseLayers(t *testing.T) {
	for keys, want := range map[string][]bool{
		`"decoder_sparse_step":2`:                       {true, false, true, false},
		`"decoder_sparse_step":2,"mlp_only_layers":[3]`: {true, false, true, true},
		`"mlp_only_layers":[0,9]`:                       {true, false, false, false},
		`"mlp_only_layers":null`:                        {false, false, false, false},
	} {
		c, err := ParseConfig([]byte(`{"model_type":"qwen3_moe","num_hidden_layers":4,` + keys + `}`))
		require.NoError(t, err, keys)
		require.Equal(t, want, c.Experts.Dense, keys)
		for i, dense := range want {
			require.Equal(t, !dense, c.Experts.In(i))
		}
	}
}

func TestMoERefuses(t *testing.T) {
	for keys, want := range map[string]string{
		`"model_type":"mixtral","num_local_experts":0,"num_experts_per_tok":1`:     "num_local_experts is 0, not a number of experts",
		`"model_type":"mixtral","num_experts_per_tok":9`:                           "9 experts of a token, not 1 to 8",
		`"model_type":"mixtral","num_experts":8`:                                   "num_experts is set, which lpuctl does not support",
		`"model_type":"qwen3_moe","decoder_sparse_step":0`:                         "decoder_sparse_step is 0, not a number of layers",
		`"model_type":"qwen3_moe","mlp_only_layers":["a"]`:                         `mlp_only_layers has "a", not a layer`,
		`"model_type":"qwen3_moe","mlp_only_layers":[-1]`:                          "mlp_only_layers has -1, not a layer",
		`"model_type":"qwen3_moe","mlp_only_layers":[1e300]`:                       "mlp_only_layers has 1e+300, not a layer",
		`"model_type":"qwen3_moe","moe_intermediate_size":0`:                       "intermediate size of an expert is 0",
		`"model_type":"gpt_oss","experts_per_token":3,"num_experts_per_tok":4`:     "experts_per_token is 3; lpuctl supports only 4",
		`"model_type":"gpt_oss","swiglu_limit":-1`:                                 "limit -1 and alpha 1.702 of SwiGLU",
		`"model_type":"gpt_oss","num_local_experts":100000000`:                     "100000000 experts, not 1 to 1048576",
		`"model_type":"gpt_oss","rope_parameters":{"rope_type":"yarn","factor":0}`: "rope factor is 0",
	} {
		_, err := ParseConfig([]byte("{" + keys + "}"))
		require.ErrorContains(t, err, want, keys)
	}
}

// FuzzExperts gives the tensors of experts other shapes: what comes of them
// can be read, or is refused.
func FuzzExperts(f *testing.F) {
	f.Add(false, []byte{2, 4, 2, 4, 4, 2, 2, 4})
	f.Add(true, []byte{2, 3, 4, 2, 4, 2, 2, 3, 2, 3})
	f.Fuzz(func(t *testing.T, fused bool, dims []byte) {
		config, found := mixtralConfig(), mixtralTensors()
		if fused {
			config, found = gptOSSConfig(), gptOSSTensors()
		}
		for _, name := range sortedKeys(found) {
			shape := found[name].Shape
			for i := range shape {
				if len(dims) > 0 {
					shape[i], dims = int(dims[0]%8), dims[1:]
				}
			}
			found[name] = counting(name, 0, shape...)
		}
		if gathered(config, found) != nil {
			return
		}
		for _, name := range sortedKeys(found) {
			if tensor := found[name]; tensor.Rows() > 0 && tensor.Cols() > 0 {
				rowsOfTensor(t, tensor)
			}
		}
	})
}
