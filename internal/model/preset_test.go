package model

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/ir"
)

// TestParameters compares with the counts that the models' publishers state
// (number of elements in the safetensors files); stories260K's is the sum over
// its checkpoint.
func TestParameters(t *testing.T) {
	published := map[string]int64{
		"stories260k":    260_032,
		"smollm2-135m":   134_515_008,
		"tinyllama-1.1b": 1_100_048_384,
		"llama2-7b":      6_738_415_616,
		"llama2-13b":     13_015_864_320,
		"llama2-70b":     68_976_648_192,
		"llama3-8b":      8_030_261_248,
		"llama3.1-70b":   70_553_706_496,
		"mistral-7b":     7_241_732_096,
		"qwen2.5-7b":     7_615_616_512,
		"qwen3-8b":       8_190_735_360,
		"gemma2-9b":      9_241_705_984,
		"gemma3-270m":    268_098_176,
		"phi3-mini-4k":   3_821_079_552,
		"mixtral-8x7b":   46_702_792_704,
		"qwen3-30b-a3b":  30_532_122_624,
		"gpt-oss-20b":    20_914_757_184,
		"gpt-oss-120b":   116_829_156_672,
	}
	for _, c := range Presets() {
		require.Equal(t, published[c.Name], c.Parameters(), c.Name)
		delete(published, c.Name)
	}
	require.Empty(t, published)
}

// TestParametersAreTheWeights counts the elements of the graph's weights.
func TestParametersAreTheWeights(t *testing.T) {
	for _, c := range Presets() {
		m, err := Build(c, PresetTypes{}, Options{Kind: ir.KindF32, Context: 16})
		require.NoError(t, err)
		var n int64
		for _, w := range m.Weights {
			if !strings.HasPrefix(w.Name, "rope.") {
				n += int64(w.Type.Elements())
			}
		}
		require.Equal(t, c.Parameters(), n, c.Name)
	}
}

func TestLlama70B(t *testing.T) {
	c, err := Preset("llama2-70b")
	require.NoError(t, err)
	require.Equal(t, Config{"llama2-70b", checkpoint.Config{
		Architecture: "llama", Layers: 80, Hidden: 8192, Intermediate: 28672, Heads: 64, KVHeads: 8, HeadDim: 128,
		Vocab: 32000, Context: 2048, NormEps: 1e-5, Rope: checkpoint.Rope{Theta: 10000, Type: "default"},
	}}, c)
	require.EqualValues(t, 2*80*8*128*2048*4, c.CacheBytes(2048))

	q4 := ir.Quant{Bits: 4, Group: 32, Scale: ir.F16}
	m, err := Build(c, PresetTypes{&q4}, Options{Kind: ir.KindA15, Prefill: 16})
	require.NoError(t, err)
	types := map[string]ir.Type{}
	quantized := 0
	for _, w := range m.Weights {
		types[w.Name] = w.Type
		if w.Type.Elem == ir.Block {
			require.Equal(t, q4, w.Type.Quant)
			quantized++
		}
	}
	require.Equal(t, 80*7, quantized)
	require.Equal(t, 3+80*9+2, len(m.Weights))
	for role, want := range map[string]ir.Type{
		"self_attn.q_proj": ir.Quantized(q4, 8192, 8192),
		"self_attn.k_proj": ir.Quantized(q4, 1024, 8192),
		"self_attn.v_proj": ir.Quantized(q4, 1024, 8192),
		"self_attn.o_proj": ir.Quantized(q4, 8192, 8192),
		"mlp.gate_proj":    ir.Quantized(q4, 28672, 8192),
		"mlp.up_proj":      ir.Quantized(q4, 28672, 8192),
		"mlp.down_proj":    ir.Quantized(q4, 8192, 28672),
		"input_layernorm":  ir.Tensor(ir.F32, 8192),
	} {
		require.Equal(t, want, types["model.layers.79."+role+".weight"], role)
	}
	require.Equal(t, ir.Tensor(ir.F16, 32000, 8192), types[EmbedWeight])
	require.Equal(t, ir.Tensor(ir.F16, 32000, 8192), types[HeadWeight])
	require.Equal(t, ir.Tensor(ir.F32, 2048, 64), types[CosTable])
}

func TestUnknownPreset(t *testing.T) {
	_, err := Preset("llama4")
	require.EqualError(t, err, `model: no preset "llama4"; there are stories260k, smollm2-135m, tinyllama-1.1b, `+
		`llama2-7b, llama2-13b, llama2-70b, llama3-8b, llama3.1-70b, mistral-7b, qwen2.5-7b, qwen3-8b, gemma2-9b, `+
		`gemma3-270m, phi3-mini-4k, mixtral-8x7b, qwen3-30b-a3b, gpt-oss-20b, gpt-oss-120b`)
}
