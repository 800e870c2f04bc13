package checkpoint_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

const tinyModels = "../../golden/testdata/"

// array is a tensor of a file as numbers.
type array struct {
	shape []int
	v     []float32
}

// arrays reads every tensor of a tiny model as it is in the file.
func arrays(t *testing.T, folder string) map[string]array {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(tinyModels, folder, "model.safetensors"))
	require.NoError(t, err)
	file, err := safetensors.Parse(folder, data)
	require.NoError(t, err)
	all := map[string]array{}
	for _, tensor := range file.Tensors() {
		a := array{shape: tensor.Shape, v: make([]float32, len(tensor.Data)/tensor.Type.Bytes)}
		require.NoError(t, quant.Decode(tensor.Type, tensor.Data, a.v))
		all[tensor.Name] = a
	}
	return all
}

// gather makes an array of that shape whose element i is element at(i) of a.
func (a array) gather(at func(i int) int, shape ...int) array {
	n := 1
	for _, d := range shape {
		n *= d
	}
	out := array{shape: shape, v: make([]float32, n)}
	for i := range out.v {
		out.v[i] = a.v[at(i)]
	}
	return out
}

// conversion is a GGUF file as llama.cpp's convert_hf_to_gguf.py would write it
// of the first layers of a tiny model, in float32.
type conversion struct {
	t    *testing.T
	from map[string]array
	file checkpointtest.GGUF
}

func newConversion(t *testing.T, folder, architecture string, kv ...checkpointtest.KV) *conversion {
	c := &conversion{t: t, from: arrays(t, folder)}
	c.file.KV = []checkpointtest.KV{{Key: "general.architecture", Value: architecture}}
	for _, pair := range kv {
		c.file.KV = append(c.file.KV, checkpointtest.KV{Key: architecture + "." + pair.Key, Value: pair.Value})
	}
	c.put("token_embd.weight", c.from["model.embed_tokens.weight"])
	c.put("output_norm.weight", c.from["model.norm.weight"])
	c.put("output.weight", c.from["lm_head.weight"])
	return c
}

func (c *conversion) put(name string, a array) {
	require.NotEmpty(c.t, a.v, name)
	tensor := checkpointtest.GGUFTensor{Name: name}
	for i := range a.shape {
		tensor.Dims = append(tensor.Dims, uint64(a.shape[len(a.shape)-1-i]))
	}
	for _, v := range a.v {
		tensor.Data = binary.LittleEndian.AppendUint32(tensor.Data, math.Float32bits(v))
	}
	c.file.Tensors = append(c.file.Tensors, tensor)
}

// rename puts tensors of a layer as they are: pairs of GGUF and Hugging Face
// names.
func (c *conversion) rename(layer int, names ...string) {
	for i := 0; i < len(names); i += 2 {
		c.put(fmt.Sprintf("blk.%d.%s", layer, names[i]), c.from[fmt.Sprintf("model.layers.%d.%s", layer, names[i+1])])
	}
}

// stack puts the matrices of separate experts together.
func (c *conversion) stack(layer, experts int, name, pattern string) {
	var all array
	for e := range experts {
		one := c.from[fmt.Sprintf("model.layers.%d.", layer)+fmt.Sprintf(pattern, e)]
		all.shape, all.v = append([]int{experts}, one.shape...), append(all.v, one.v...)
	}
	c.put(fmt.Sprintf("blk.%d.%s", layer, name), all)
}

// permute moves the rows of each head from halves to pairs: the numpy
// expression reshape(heads, 2, d/2, in).swapaxes(1, 2).
func (c *conversion) permute(layer int, name, hf string, headDim int) {
	a := c.from[fmt.Sprintf("model.layers.%d.%s", layer, hf)]
	in := a.shape[1]
	c.put(fmt.Sprintf("blk.%d.%s", layer, name), a.gather(func(i int) int {
		row, k := i/in, i%in
		head, pair, half := row/headDim, row%headDim/2, row%2
		return (head*headDim+half*headDim/2+pair)*in + k
	}, a.shape...))
}

// compare holds the GGUF file against the folder: the same architecture, and
// every tensor of the file's layers row by row.
func (c *conversion) compare(folder string, adjust func(want *checkpoint.Config)) {
	c.t.Helper()
	got, err := checkpoint.FromGGUF("tiny.gguf", c.file.Bytes())
	require.NoError(c.t, err)
	want, err := checkpoint.Open(filepath.Join(tinyModels, folder))
	require.NoError(c.t, err)
	defer want.Close()
	config := want.Config()
	config.BOS, config.EOS, config.DType = got.Config().BOS, got.Config().EOS, "F32"
	adjust(&config)
	require.Equal(c.t, config, got.Config())
	for _, name := range got.Names() {
		a, err := got.Tensor(name)
		require.NoError(c.t, err)
		b, err := want.Tensor(name)
		require.NoError(c.t, err)
		require.Equal(c.t, b.Shape, a.Shape, name)
		require.Equal(c.t, allRows(c.t, b), allRows(c.t, a), name)
	}
}

func allRows(t *testing.T, tensor *checkpoint.Tensor) [][]float32 {
	var rows [][]float32
	for i := range tensor.Rows() {
		rows = append(rows, make([]float32, tensor.Cols()))
		require.NoError(t, tensor.ReadRow(i, rows[i]))
	}
	return rows
}

func kv(pairs ...any) []checkpointtest.KV {
	var list []checkpointtest.KV
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		switch v := value.(type) {
		case int:
			value = uint32(v)
		case float64:
			value = float32(v)
		}
		list = append(list, checkpointtest.KV{Key: pairs[i].(string), Value: value})
	}
	return list
}

func TestMixtralGGUF(t *testing.T) {
	mixtralGGUF(t, (*conversion).stack).compare("mixtral", func(*checkpoint.Config) {})
}

// TestOldMixtralGGUF has the matrices of experts apart.
func TestOldMixtralGGUF(t *testing.T) {
	apart := func(c *conversion, layer, experts int, name, pattern string) {
		for e := range experts {
			one := strings.Replace(name, "_exps", fmt.Sprintf(".%d", e), 1)
			c.put(fmt.Sprintf("blk.%d.%s", layer, one), c.from[fmt.Sprintf("model.layers.%d.", layer)+fmt.Sprintf(pattern, e)])
		}
	}
	mixtralGGUF(t, apart).compare("mixtral", func(*checkpoint.Config) {})
}

func mixtralGGUF(t *testing.T, experts func(c *conversion, layer, experts int, name, pattern string)) *conversion {
	c := newConversion(t, "mixtral", "llama", kv("block_count", 2, "embedding_length", 64, "feed_forward_length", 44,
		"attention.head_count", 4, "attention.head_count_kv", 2, "context_length", 64, "rope.dimension_count", 16,
		"attention.layer_norm_rms_epsilon", 2e-5, "rope.freq_base", 20000.0, "expert_count", 5, "expert_used_count", 2)...)
	for i := range 2 {
		c.rename(i, "attn_norm.weight", "input_layernorm.weight", "ffn_norm.weight", "post_attention_layernorm.weight",
			"attn_v.weight", "self_attn.v_proj.weight", "attn_output.weight", "self_attn.o_proj.weight",
			"ffn_gate_inp.weight", "block_sparse_moe.gate.weight")
		c.permute(i, "attn_q.weight", "self_attn.q_proj.weight", 16)
		c.permute(i, "attn_k.weight", "self_attn.k_proj.weight", 16)
		experts(c, i, 5, "ffn_gate_exps.weight", "block_sparse_moe.experts.%d.w1.weight")
		experts(c, i, 5, "ffn_down_exps.weight", "block_sparse_moe.experts.%d.w2.weight")
		experts(c, i, 5, "ffn_up_exps.weight", "block_sparse_moe.experts.%d.w3.weight")
	}
	return c
}

// TestQwen3MoEGGUF has layer 0 alone: layer 1 of the tiny model is dense, for
// which GGUF has no key.
func TestQwen3MoEGGUF(t *testing.T) {
	c := newConversion(t, "qwen3_moe", "qwen3moe", kv("block_count", 1, "embedding_length", 64, "feed_forward_length", 84,
		"attention.head_count", 4, "attention.head_count_kv", 2, "attention.key_length", 20, "attention.value_length", 20,
		"context_length", 64, "attention.layer_norm_rms_epsilon", 2e-5, "rope.freq_base", 20000.0,
		"expert_count", 6, "expert_used_count", 3, "expert_feed_forward_length", 36)...)
	c.rename(0, "attn_norm.weight", "input_layernorm.weight", "ffn_norm.weight", "post_attention_layernorm.weight",
		"attn_q.weight", "self_attn.q_proj.weight", "attn_k.weight", "self_attn.k_proj.weight",
		"attn_v.weight", "self_attn.v_proj.weight", "attn_output.weight", "self_attn.o_proj.weight",
		"attn_q_norm.weight", "self_attn.q_norm.weight", "attn_k_norm.weight", "self_attn.k_norm.weight",
		"ffn_gate_inp.weight", "mlp.gate.weight")
	for _, p := range []string{"gate", "up", "down"} {
		c.stack(0, 6, "ffn_"+p+"_exps.weight", "mlp.experts.%d."+p+"_proj.weight")
	}
	c.compare("qwen3_moe", func(want *checkpoint.Config) {
		want.Layers = 1
		want.Experts.Dense = nil
	})
}

// TestGPTOSSGGUF: gate and up come apart, matrices have outputs first.
func TestGPTOSSGGUF(t *testing.T) {
	const experts, hidden, inner = 4, 64, 32
	c := newConversion(t, "gpt_oss", "gpt-oss", append(kv("block_count", 2, "embedding_length", hidden, "feed_forward_length", inner,
		"attention.head_count", 4, "attention.head_count_kv", 2, "attention.key_length", 20, "attention.value_length", 20,
		"context_length", 64, "attention.layer_norm_rms_epsilon", 2e-5, "attention.sliding_window", 9,
		"rope.freq_base", 15000.0, "rope.scaling.factor", 4.0, "rope.scaling.original_context_length", 16,
		"rope.scaling.yarn_beta_fast", 1.5, "rope.scaling.yarn_beta_slow", 0.25,
		"expert_count", experts, "expert_used_count", 2, "expert_feed_forward_length", inner),
		checkpointtest.KV{Key: "rope.scaling.type", Value: "yarn"})...)
	for i := range 2 {
		c.rename(i, "attn_norm.weight", "input_layernorm.weight", "post_attention_norm.weight", "post_attention_layernorm.weight",
			"attn_sinks.weight", "self_attn.sinks", "ffn_gate_inp.weight", "mlp.router.weight", "ffn_gate_inp.bias", "mlp.router.bias",
			"ffn_down_exps.bias", "mlp.experts.down_proj_bias")
		for gguf, hf := range map[string]string{"attn_q": "q_proj", "attn_k": "k_proj", "attn_v": "v_proj", "attn_output": "o_proj"} {
			c.rename(i, gguf+".weight", "self_attn."+hf+".weight", gguf+".bias", "self_attn."+hf+".bias")
		}
		layer := func(name string) array { return c.from[fmt.Sprintf("model.layers.%d.mlp.experts.%s", i, name)] }
		put := func(name string, a array) { c.put(fmt.Sprintf("blk.%d.%s", i, name), a) }
		for which, p := range []string{"gate", "up"} {
			put("ffn_"+p+"_exps.weight", layer("gate_up_proj").gather(func(i int) int {
				e, n, k := i/hidden/inner, i/hidden%inner, i%hidden
				return (e*hidden+k)*2*inner + 2*n + which
			}, experts, inner, hidden))
			put("ffn_"+p+"_exps.bias", layer("gate_up_proj_bias").gather(func(i int) int { return 2*i + which }, experts, inner))
		}
		put("ffn_down_exps.weight", layer("down_proj").gather(func(i int) int {
			e, n, k := i/inner/hidden, i/inner%hidden, i%inner
			return (e*inner+k)*hidden + n
		}, experts, hidden, inner))
	}
	c.compare("gpt_oss", func(want *checkpoint.Config) { want.Experts.Limit = 7 }) // the tiny model has 1.5, GGUF no key for it
}

// TestMoEGGUFRefuses changes one key of a sound file.
func TestMoEGGUFRefuses(t *testing.T) {
	c := newConversion(t, "qwen3_moe", "qwen3moe", kv("block_count", 1, "embedding_length", 64, "feed_forward_length", 84,
		"attention.head_count", 4, "context_length", 64, "attention.layer_norm_rms_epsilon", 2e-5,
		"expert_count", 6, "expert_used_count", 3, "expert_feed_forward_length", 36)...)
	for key, test := range map[string]struct {
		value any
		want  string
	}{
		"expert_count":               {nil, "qwen3moe.expert_count is missing"},
		"expert_used_count":          {uint32(7), "7 experts of a token, not 1 to 6"},
		"expert_feed_forward_length": {uint32(0), "intermediate size of an expert is 0"},
		"expert_gating_func":         {uint32(2), "qwen3moe.expert_gating_func is 2; lpuctl supports only 1"},
		"expert_shared_count":        {uint32(1), "qwen3moe.expert_shared_count is 1; lpuctl supports only 0"},
	} {
		file := c.file.Set("qwen3moe."+key, test.value)
		_, err := checkpoint.FromGGUF("bad.gguf", file.Bytes())
		require.ErrorContains(t, err, test.want, key)
		require.True(t, strings.HasPrefix(err.Error(), "gguf: bad.gguf: "))
	}
}
