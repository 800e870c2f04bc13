package checkpoint

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint/packed"
)

func quantConfig(body string) []byte { return fmt.Appendf(nil, `{"quantization_config":{%s}}`, body) }

func TestParseQuantization(t *testing.T) {
	for body, want := range map[string]packed.Scheme{
		`"quant_method":"awq","bits":4,"group_size":128,"zero_point":true,"version":"gemm","modules_to_not_convert":null`: packed.AWQ{Group: 128},
		`"quant_method":"awq","bits":4,"group_size":-1,"version":"GEMV","backend":"autoawq"`:                              packed.AWQ{Group: -1, GEMV: true},
		`"quant_method":"gptq","bits":4,"group_size":128,"desc_act":false,"sym":false,"damp_percent":0.1,"true_sequential":true`: packed.GPTQ{
			Bits: 4, Group: 128},
		`"quant_method":"gptq","bits":8,"group_size":-1,"desc_act":true,"checkpoint_format":"gptq_v2","dynamic":{},"pack_dtype":"int32"`: packed.GPTQ{
			Bits: 8, Group: -1, V2: true, Symmetric: true, ActOrder: true},
		`"quant_method":"bitsandbytes","load_in_4bit":true,"bnb_4bit_quant_type":"nf4","bnb_4bit_use_double_quant":true,"llm_int8_threshold":6`: packed.NF4{
			Double: true},
		`"quant_method":"mxfp4","modules_to_not_convert":["lm_head"]`: packed.MXFP4{},
	} {
		q, err := parseQuantization(quantConfig(body))
		require.NoError(t, err, body)
		require.Equal(t, want, q.scheme)
	}
	q, err := parseQuantization([]byte(`{"quantization_config":null}`))
	require.NoError(t, err)
	require.Nil(t, q)
}

func TestParseCompressed(t *testing.T) {
	q, err := parseQuantization(quantConfig(`"quant_method":"compressed-tensors","format":"pack-quantized","ignore":["lm_head","re:.*gate$"],
		"config_groups":{
			"group_0":{"targets":["re:.*down_proj"],"weights":{"num_bits":8,"type":"int","symmetric":false,"strategy":"channel","group_size":null,"actorder":null}},
			"group_1":{"targets":["Linear"],"input_activations":null,"weights":{"num_bits":4,"type":"int","symmetric":true,"strategy":"group","group_size":32}}},
		"kv_cache_scheme":null,"quantization_status":"compressed","sparsity_config":{},"transform_config":{}`))
	require.NoError(t, err)
	args := q.scheme.(packed.Compressed).Args
	got, err := args("model.layers.0.mlp.down_proj")
	require.NoError(t, err)
	require.Equal(t, packed.CompressedArgs{Bits: 8, Group: -1}, got)
	got, err = args("model.layers.0.mlp.up_proj")
	require.NoError(t, err)
	require.Equal(t, packed.CompressedArgs{Bits: 4, Group: 32, Symmetric: true}, got)
	require.True(t, q.matches("re:.*gate$", "model.layers.0.mlp.gate"))
	require.False(t, q.matches("re:.*gate$", "model.layers.0.mlp.gate_proj"))
	require.False(t, q.matches("lm_head", "model.lm_head"))
}

func TestParseQuantizationRefuses(t *testing.T) {
	const weights = `"weights":{"num_bits":4,"type":"int","symmetric":true,"strategy":"group","group_size":32`
	const group = `"quant_method":"compressed-tensors","format":"pack-quantized","config_groups":{"g":{"targets":["Linear"],` + weights
	for body, want := range map[string]string{
		`"bits":4`:                     "quantization_config.quant_method is missing",
		`"quant_method":"fp8"`:         `quantization_config.quant_method is "fp8"; lpuctl supports awq, bitsandbytes, compressed-tensors, gptq, mxfp4`,
		`"quant_method":"mxfp4","x":1`: "quantization_config.x is 1; lpuctl does not know this key",
		`"quant_method":"awq","bits":3,"group_size":128`:                                    "quantization_config.bits is 3; lpuctl supports [4]",
		`"quant_method":"awq","bits":4`:                                                     "quantization_config.group_size is missing",
		`"quant_method":"awq","bits":4,"group_size":0`:                                      "quantization_config.group_size is 0, want -1 or 1 to 1048576",
		`"quant_method":"awq","bits":4,"group_size":128,"zero_point":false`:                 "quantization_config.zero_point is false; lpuctl supports only true",
		`"quant_method":"awq","bits":4,"group_size":128,"version":"gemv_fast"`:              `quantization_config.version is "gemv_fast", which stores products of scale and zero point`,
		`"quant_method":"awq","bits":4,"group_size":128,"version":"marlin"`:                 `quantization_config.version is "marlin"; lpuctl supports gemm and gemv`,
		`"quant_method":"gptq","bits":2,"group_size":128`:                                   "quantization_config.bits is 2; lpuctl supports [4 8]",
		`"quant_method":"gptq","bits":4,"group_size":128,"checkpoint_format":"marlin"`:      `quantization_config.checkpoint_format is "marlin"; lpuctl supports gptq and gptq_v2`,
		`"quant_method":"gptq","bits":4,"group_size":128,"dynamic":{"-:x":{}}`:              "quantization_config.dynamic is map[-:x:map[]]; lpuctl supports only map[]",
		`"quant_method":"gptq","bits":4,"group_size":128,"modules_to_not_convert":[1]`:      "quantization_config.modules_to_not_convert has 1, not a name",
		`"quant_method":"bitsandbytes","load_in_8bit":true`:                                 "quantization_config.load_in_8bit is true; lpuctl supports only false",
		`"quant_method":"bitsandbytes","load_in_4bit":true`:                                 `quantization_config.bnb_4bit_quant_type is "fp4"; lpuctl supports only nf4`,
		`"quant_method":"compressed-tensors","format":"float-quantized","config_groups":{}`: `quantization_config.format is "float-quantized"; lpuctl supports only "pack-quantized"`,
		group + `},"input_activations":{"num_bits":8}}}`:                                    "quantization_config.config_groups.g.input_activations is set, which lpuctl does not support",
		group + `,"dynamic":true}}}`:                                                        "quantization_config.config_groups.g.weights.dynamic is true; lpuctl supports only false",
		group + `,"block_structure":"2x4"}}}`:                                               "quantization_config.config_groups.g.weights.block_structure is set",
		group + `,"new":1}}}`:                                                               "quantization_config.config_groups.g.weights.new is 1; lpuctl does not know this key",
		group + `}}},"ignore":["re:("]`:                                                     `quantization_config.ignore has "re:(": error parsing regexp`,
		group + `}}},"kv_cache_scheme":{"num_bits":8}`:                                      "quantization_config.kv_cache_scheme is set, which lpuctl does not support",
	} {
		_, err := parseQuantization(quantConfig(body))
		require.ErrorContains(t, err, want, body)
	}
}

func TestPartOf(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"lm_head", "lm_head", true},
		{"lm_head", "model.lm_head_2", false},
		{"mlp.gate", "model.layers.0.mlp.gate", true},
		{"mlp.gate", "model.layers.0.mlp.gate_proj", false},
		{"model.layers.*.self_attn", "model.layers.12.self_attn.q_proj", true},
		{"model.layers.1.", "model.layers.1.mlp.up_proj", true},
		{"model.layers.1.", "model.layers.10.mlp.up_proj", false},
	} {
		require.Equal(t, c.want, partOf(c.pattern, c.name), "%s in %s", c.pattern, c.name)
	}
}

func FuzzQuantization(f *testing.F) {
	f.Add([]byte(`{"quantization_config":{"quant_method":"awq","bits":4,"group_size":32}}`))
	f.Add([]byte(`{"quantization_config":{"quant_method":"compressed-tensors","format":"pack-quantized","ignore":["re:a"],
		"config_groups":{"g":{"targets":["re:.*"],"weights":{"num_bits":8,"strategy":"channel"}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		q, err := parseQuantization(text)
		if err != nil || q == nil {
			return
		}
		for _, pattern := range q.ignored {
			q.matches(pattern, "model.layers.0.mlp.up_proj")
		}
		if c, ok := q.scheme.(packed.Compressed); ok {
			args, err := c.Args("model.layers.0.mlp.up_proj")
			require.True(t, err != nil || args.Bits == 4 || args.Bits == 8)
			require.True(t, err != nil || args.Group == -1 || args.Group > 0)
		}
	})
}
