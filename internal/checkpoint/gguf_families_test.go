package checkpoint_test

import (
	"encoding/binary"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// ggufTwin is a tiny model of golden/testdata with the metadata that a GGUF file
// of it has, without the architecture.
type ggufTwin struct {
	folder, architecture string
	kv                   []checkpointtest.KV
	change               func(c *checkpoint.Config) // what GGUF cannot say
}

func ggufTwins() []ggufTwin {
	keep := func(*checkpoint.Config) {}
	return []ggufTwin{
		{"llama_bias", "llama", []checkpointtest.KV{{Key: "rope.freq_base", Value: float32(5000)}}, keep},
		{"qwen2", "qwen2", []checkpointtest.KV{{Key: "rope.freq_base", Value: float32(30000)}}, keep},
		{"qwen3", "qwen3", []checkpointtest.KV{{Key: "rope.freq_base", Value: float32(30000)}}, keep},
		{"gemma2", "gemma2", []checkpointtest.KV{
			{Key: "rope.freq_base", Value: float32(3000)}, {Key: "attention.sliding_window", Value: uint32(10)},
			{Key: "attn_logit_softcapping", Value: float32(4)}, {Key: "final_logit_softcapping", Value: float32(3)},
		}, func(c *checkpoint.Config) { c.ScoreScale = 0 }},
		{"gemma3_text", "gemma3", []checkpointtest.KV{
			{Key: "rope.freq_base", Value: float32(40000)}, {Key: "rope.freq_base_swa", Value: float32(2000)},
			{Key: "rope.scaling.type", Value: "linear"}, {Key: "rope.scaling.factor", Value: float32(4)},
			{Key: "attention.sliding_window", Value: uint32(10)}, {Key: "attention.sliding_window_pattern", Value: uint32(3)},
		}, func(c *checkpoint.Config) { c.ScoreScale = 0 }},
		{"phi3", "phi3", []checkpointtest.KV{
			{Key: "rope.freq_base", Value: float32(7000)}, {Key: "rope.dimension_count", Value: uint32(12)},
			{Key: "attention.sliding_window", Value: uint32(20)}, {Key: "rope.scaling.original_context_length", Value: uint32(36)},
			{Key: "rope.scaling.attn_factor", Value: float32(1.125)},
		}, func(c *checkpoint.Config) { c.Rope.AttentionFactor = 1.125 }},
	}
}

// TestGGUFFamilies writes the tiny model of each family as a GGUF file, with the
// names of gguf-py, and reads the same configuration and rows from it.
func TestGGUFFamilies(t *testing.T) {
	text, err := os.ReadFile("testdata/gguf_names.json")
	require.NoError(t, err)
	var names map[string]map[string]string
	require.NoError(t, json.Unmarshal(text, &names))
	for _, twin := range ggufTwins() {
		t.Run(twin.architecture, func(t *testing.T) {
			want, err := checkpoint.Open("../../golden/testdata/" + twin.folder)
			require.NoError(t, err)
			defer want.Close()
			config := want.Config()
			got, err := checkpoint.FromGGUF("twin", twin.file(t, &config, names[twin.architecture]).Bytes())
			require.NoError(t, err)
			config.DType = "F32"
			twin.change(&config)
			require.Equal(t, config, got.Config())
			require.Equal(t, want.Names(), got.Names())
			for _, name := range want.Names() {
				requireSameRows(t, want, got, name)
			}
		})
	}
}

// file is the model as llama.cpp's converter writes it, in float32: rows of q and
// k of a Llama are permuted, and the 1 is added to Gemma's norms.
func (twin ggufTwin) file(t *testing.T, config *checkpoint.Config, names map[string]string) checkpointtest.GGUF {
	t.Helper()
	g := checkpointtest.GGUF{KV: []checkpointtest.KV{{Key: "general.architecture", Value: twin.architecture}}}
	for _, kv := range append(twin.kv, sizes(config)...) {
		g = g.Set(twin.architecture+"."+kv.Key, kv.Value)
	}
	if config.BOS >= 0 {
		g = g.Set("tokenizer.ggml.bos_token_id", uint32(config.BOS))
	}
	if len(config.EOS) > 0 {
		g = g.Set("tokenizer.ggml.eos_token_id", uint32(config.EOS[0]))
	}
	for _, tensor := range rawTensors(t, twin.folder) {
		values := make([]float32, len(tensor.Data)/tensor.Type.Bytes)
		require.NoError(t, quant.Decode(tensor.Type, tensor.Data, values))
		width := tensor.Shape[len(tensor.Shape)-1]
		switch {
		case strings.HasPrefix(twin.architecture, "gemma") && strings.HasSuffix(tensor.Name, "norm.weight"):
			for i := range values {
				values[i]++
			}
		case twin.architecture == "llama" && (strings.Contains(tensor.Name, "q_proj") || strings.Contains(tensor.Name, "k_proj")):
			values = permuted(values, len(values)/tensor.Shape[0], config.HeadDim)
		}
		to := checkpointtest.GGUFTensor{Name: ggufName(tensor.Name, names), Dims: []uint64{uint64(width)}, Data: bytesOf(values)}
		if len(tensor.Shape) == 2 {
			to.Dims = append(to.Dims, uint64(tensor.Shape[0]))
		}
		g.Tensors = append(g.Tensors, to)
	}
	if twin.architecture == "phi3" {
		g.Tensors = append(g.Tensors, factors("rope_factors_long.weight", config.Rope.LongFactors),
			factors("rope_factors_short.weight", config.Rope.ShortFactors))
	}
	return g
}

// sizes is the metadata that every family has.
func sizes(c *checkpoint.Config) []checkpointtest.KV {
	return []checkpointtest.KV{
		{Key: "block_count", Value: uint32(c.Layers)},
		{Key: "context_length", Value: uint32(c.Context)},
		{Key: "embedding_length", Value: uint32(c.Hidden)},
		{Key: "feed_forward_length", Value: uint32(c.Intermediate)},
		{Key: "attention.head_count", Value: uint32(c.Heads)},
		{Key: "attention.head_count_kv", Value: uint32(c.KVHeads)},
		{Key: "attention.key_length", Value: uint32(c.HeadDim)},
		{Key: "attention.value_length", Value: uint32(c.HeadDim)},
		{Key: "attention.layer_norm_rms_epsilon", Value: float32(c.NormEps)},
	}
}

func rawTensors(t *testing.T, folder string) []safetensors.Tensor {
	t.Helper()
	path := "../../golden/testdata/" + folder + "/model.safetensors"
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	file, err := safetensors.Parse(path, data)
	require.NoError(t, err)
	return file.Tensors()
}

var layerNumber = regexp.MustCompile(`layers\.(\d+)\.`)

// ggufName finds a tensor in the table, which has layer 0.
func ggufName(name string, names map[string]string) string {
	dot := strings.LastIndexByte(name, '.')
	base, suffix := name[:dot], name[dot:]
	layer := layerNumber.FindStringSubmatch(base)
	if layer == nil {
		return names[base] + suffix
	}
	base = layerNumber.ReplaceAllString(base, "layers.0.")
	return strings.Replace(names[base], "blk.0.", "blk."+layer[1]+".", 1) + suffix
}

// permuted moves row half*d/2 + j of each head of dimension d to 2j + half.
func permuted(values []float32, width, d int) []float32 {
	to := make([]float32, len(values))
	for i := range len(values) / width {
		head, half, j := i/d, i%d/(d/2), i%(d/2)
		copy(to[(head*d+2*j+half)*width:], values[i*width:(i+1)*width])
	}
	return to
}

func bytesOf(values []float32) []byte {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

func factors(name string, list []float64) checkpointtest.GGUFTensor {
	var values []float32
	for _, v := range list {
		values = append(values, float32(v))
	}
	return checkpointtest.GGUFTensor{Name: name, Dims: []uint64{uint64(len(list))}, Data: bytesOf(values)}
}
