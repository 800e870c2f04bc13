package checkpoint

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMoEDefaults: a config.json of a model type alone is the published model.
func TestMoEDefaults(t *testing.T) {
	c, err := parseHF([]byte(`{"model_type":"mixtral"}`))
	require.NoError(t, err)
	require.Equal(t, Experts{Count: 8, PerToken: 2, Intermediate: 14336, Normalize: true}, c.Experts)
	require.Equal(t, 1e6, c.Rope.Theta)
	require.Nil(t, c.Windows)

	c, err = parseHF([]byte(`{"model_type":"qwen3_moe","num_hidden_layers":2}`))
	require.NoError(t, err)
	require.Equal(t, Experts{Count: 128, PerToken: 8, Intermediate: 768, Dense: []bool{false, false}}, c.Experts)
	require.Equal(t, 64, c.HeadDim)

	c, err = parseHF([]byte(`{"model_type":"gpt_oss","num_hidden_layers":3}`))
	require.NoError(t, err)
	require.Equal(t, Experts{Count: 128, PerToken: 4, Intermediate: 2880, Normalize: true, Bias: true, Limit: 7, Alpha: 1.702}, c.Experts)
	require.Equal(t, []int{128, 0, 128}, c.Windows)
	require.Equal(t, GPTOSSRope(150000), c.Rope)
}

// TestDenseLayers: which layers of Qwen 3 MoE have an MLP.
func TestDenseLayers(t *testing.T) {
	for keys, want := range map[string][]bool{
		`"decoder_sparse_step":2`:                       {true, false, true, false},
		`"decoder_sparse_step":2,"mlp_only_layers":[3]`: {true, false, true, true},
		`"mlp_only_layers":[0,9]`:                       {true, false, false, false},
		`"mlp_only_layers":null`:                        {false, false, false, false},
	} {
		c, err := parseHF([]byte(`{"model_type":"qwen3_moe","num_hidden_layers":4,` + keys + `}`))
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
		_, err := parseHF([]byte("{" + keys + "}"))
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
