package checkpoint_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/builtin"
	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
)

func stories(t testing.TB) *checkpoint.Checkpoint {
	t.Helper()
	data, err := builtin.Open("stories260k")
	require.NoError(t, err)
	c, err := checkpoint.FromGGUF("builtin:stories260k", data)
	require.NoError(t, err)
	return c
}

func TestStories(t *testing.T) {
	c := stories(t)
	require.Equal(t, checkpoint.Config{
		Architecture: "llama", Layers: 5, Hidden: 64, Intermediate: 172, Heads: 8, KVHeads: 4, HeadDim: 8, Vocab: 512, Context: 2048,
		NormEps: 1e-5, Rope: checkpoint.Rope{Type: "default", Theta: 10000}, BOS: 1, EOS: []int{2}, DType: "F32",
	}, c.Config())
	require.Equal(t, "gguf", c.Format())
	require.Empty(t, c.Dir())
	require.Len(t, c.Names(), 3+5*9)
	model, ok := c.Metadata("tokenizer.ggml.model")
	require.True(t, ok)
	require.Equal(t, "llama", model)
	_, err := c.Tensor("model.layers.5.mlp.up_proj.weight")
	require.EqualError(t, err, `checkpoint: no tensor "model.layers.5.mlp.up_proj.weight"`)
	require.NoError(t, c.Close())
}

// TestRows: row 5 of head 1 of q is half 1, pair 1 of 8 dimensions, which GGUF
// has at 2*1 + 1 of that head; other tensors keep their rows.
func TestRows(t *testing.T) {
	data, err := builtin.Open("stories260k")
	require.NoError(t, err)
	file, err := gguf.Parse("stories260k", data)
	require.NoError(t, err)
	source := map[string][]byte{}
	for _, tensor := range file.Tensors() {
		source[tensor.Name] = tensor.Data
	}
	c := stories(t)
	for _, test := range []struct {
		hf, gguf     string
		row, fileRow int
	}{
		{"model.layers.2.self_attn.q_proj.weight", "blk.2.attn_q.weight", 8 + 5, 8 + 3},
		{"model.layers.2.self_attn.q_proj.weight", "blk.2.attn_q.weight", 7*8 + 3, 7*8 + 6},
		{"model.layers.4.self_attn.k_proj.weight", "blk.4.attn_k.weight", 3*8 + 4, 3*8 + 1},
		{"model.layers.0.self_attn.v_proj.weight", "blk.0.attn_v.weight", 13, 13},
		{"lm_head.weight", "output.weight", 511, 511},
	} {
		tensor, err := c.Tensor(test.hf)
		require.NoError(t, err)
		row, err := tensor.Row(test.row)
		require.NoError(t, err)
		require.Equal(t, source[test.gguf][test.fileRow*256:][:256], row)
	}
	tensor, err := c.Tensor("model.norm.weight")
	require.NoError(t, err)
	require.Equal(t, 1, tensor.Rows())
	require.Equal(t, 64, tensor.Cols())
	_, err = tensor.Row(1)
	require.EqualError(t, err, `checkpoint: builtin:stories260k: tensor "model.norm.weight": row 1 is not among its 1 rows`)
	require.ErrorContains(t, tensor.ReadRow(0, make([]float32, 63)), "63 elements of type F32 are 252 bytes, not 256")
}

// TestRowIsNotCopied: rows are slices of the file, permuted or not.
func TestRowIsNotCopied(t *testing.T) {
	c := stories(t)
	q, err := c.Tensor("model.layers.0.self_attn.q_proj.weight")
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		if _, err := q.Row(9); err != nil {
			panic(err)
		}
	}))
}

// TestFormatsAgree writes the GGUF model as a Hugging Face folder, whole and in
// shards, and reads the same configuration and rows from it.
func TestFormatsAgree(t *testing.T) {
	want := stories(t)
	for _, shards := range []int{1, 3} {
		dir := t.TempDir()
		checkpointtest.WriteHF(t, dir, want, shards)
		got, err := checkpoint.Open(dir)
		require.NoError(t, err)
		require.Equal(t, "safetensors", got.Format())
		require.Equal(t, dir, got.Dir())
		require.Equal(t, want.Config(), got.Config())
		require.Equal(t, want.Names(), got.Names())
		_, ok := got.Metadata("general.name")
		require.False(t, ok)
		for _, name := range want.Names() {
			requireSameRows(t, want, got, name)
		}
		require.NoError(t, got.Close())
	}
}

func requireSameRows(t *testing.T, want, got *checkpoint.Checkpoint, name string) {
	t.Helper()
	a, err := want.Tensor(name)
	require.NoError(t, err)
	b, err := got.Tensor(name)
	require.NoError(t, err)
	require.Equal(t, a.Shape, b.Shape)
	require.Equal(t, name, b.Name)
	x, y := make([]float32, a.Cols()), make([]float32, a.Cols())
	for i := range a.Rows() {
		require.NoError(t, a.ReadRow(i, x))
		require.NoError(t, b.ReadRow(i, y))
		require.Equal(t, x, y, "%s row %d", name, i)
	}
}

func TestOpenGGUF(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tiny.gguf")
	require.NoError(t, os.WriteFile(path, checkpointtest.TinyGGUF().Bytes(), 0o644))
	c, err := checkpoint.Open(path)
	require.NoError(t, err)
	require.Equal(t, dir, c.Dir())
	require.True(t, c.Config().TieEmbeddings)
	require.Equal(t, -1, c.Config().BOS)
	require.NotContains(t, c.Names(), "lm_head.weight")
	require.NoError(t, c.Close())

	_, err = checkpoint.Open(filepath.Join(dir, "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("not a model"), 0o644))
	_, err = checkpoint.Open(path)
	require.EqualError(t, err, "gguf: "+path+`: starts with "not ", not with GGUF`)
}

// TestQuantizedRows: block formats keep their rows, and a type without a
// decoder is an error only when it is read.
func TestQuantizedRows(t *testing.T) {
	block := make([]byte, 32*18)
	for i := range 32 {
		binary.LittleEndian.PutUint16(block[i*18:], 0x3C00) // scale 1
		block[i*18+2] = byte(i)                             // row i starts with i%16 - 8
	}
	g := checkpointtest.TinyGGUF().Replace(checkpointtest.GGUFTensor{Name: "blk.0.attn_q.weight", Dims: []uint64{32, 32}, Type: 2, Data: block})
	g = g.Replace(checkpointtest.GGUFTensor{Name: "blk.0.attn_v.weight", Dims: []uint64{32, 16}, Type: 9, Data: make([]byte, 16*36)})
	c, err := checkpoint.FromGGUF("mixed", g.Bytes())
	require.NoError(t, err)
	require.Equal(t, "F32", c.Config().DType)
	row := make([]float32, 32)
	q, err := c.Tensor("model.layers.0.self_attn.q_proj.weight")
	require.NoError(t, err)
	require.NoError(t, q.ReadRow(5, row))
	require.Equal(t, float32(3-8), row[0], "row 5 is half 1 of pair 1: row 3 of the file")
	v, err := c.Tensor("model.layers.0.self_attn.v_proj.weight")
	require.NoError(t, err)
	require.EqualError(t, v.ReadRow(0, row), `checkpoint: mixed: tensor "model.layers.0.self_attn.v_proj.weight": `+
		"type Q8_1 cannot be decoded")
}

func TestGGUFConfig(t *testing.T) {
	g := checkpointtest.TinyGGUF().
		Set("llama.rope.freq_base", float32(500000)).
		Set("llama.rope.scaling.type", "linear").Set("llama.rope.scaling.factor", float32(4)).
		Set("llama.attention.key_length", uint64(8)).Set("llama.vocab_size", int32(16)).
		Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.bos_token_id", uint32(math.MaxUint32)).
		Set("tokenizer.ggml.eos_token_id", uint32(9)).Set("tokenizer.ggml.eot_token_id", uint32(11)).
		Replace(checkpointtest.Ramp("output.weight", 32, 16))
	factors := checkpointtest.Ramp("rope_freqs.weight", 5) // 0 is refused; keep elements 1 to 4
	factors.Dims, factors.Data = []uint64{4}, factors.Data[4:]
	c, err := checkpoint.FromGGUF("g", g.Replace(factors).Bytes())
	require.NoError(t, err)
	config := c.Config()
	require.Equal(t, checkpoint.Rope{
		Type: "linear", Theta: 500000, Factor: 4, Divisors: []float32{1.0 / 256, 2.0 / 256, 3.0 / 256, 4.0 / 256},
	}, config.Rope)
	require.Equal(t, -1, config.BOS)
	require.Equal(t, []int{9, 11}, config.EOS)
	require.False(t, config.TieEmbeddings)
}

// TestGGUFScaling: a factor without a type is linear, as in llama.cpp, and the
// attention factor of yarn follows from its factor.
func TestGGUFScaling(t *testing.T) {
	g := checkpointtest.TinyGGUF().Set("llama.rope.scaling.factor", float32(8))
	for _, c := range []struct {
		g    checkpointtest.GGUF
		want checkpoint.Rope
	}{
		{g, checkpoint.Rope{Type: "linear", Theta: 10000, Factor: 8}},
		{g.Set("llama.rope.scaling.type", "none"), checkpoint.Rope{Type: "default", Theta: 10000}},
		{g.Set("llama.rope.scaling.type", "yarn").Set("llama.rope.scaling.original_context_length", uint32(64)).
			Set("llama.rope.scaling.yarn_beta_fast", float32(16)), checkpoint.Rope{
			Type: "yarn", Theta: 10000, Factor: 8, OriginalContext: 64, BetaFast: 16, BetaSlow: 1, AttentionFactor: float64(0.1*math.Log(8)) + 1,
		}},
	} {
		file, err := checkpoint.FromGGUF("g", c.g.Bytes())
		require.NoError(t, err)
		require.Equal(t, c.want, file.Config().Rope)
	}
}

func TestGGUFRefuses(t *testing.T) {
	g := checkpointtest.TinyGGUF()
	for want, g := range map[string]checkpointtest.GGUF{
		`general.architecture is "gemma"; lpuctl supports gemma2, gemma3, gpt-oss, llama, phi3, qwen2, qwen3, qwen3moe`: g.Set("general.architecture", "gemma"),
		`general.architecture is missing`:                                                       g.Set("general.architecture", nil),
		`llama.expert_used_count is missing`:                                                    g.Set("llama.expert_count", uint32(8)),
		`split.count is 2; lpuctl supports only 1`:                                              g.Set("split.count", uint16(2)),
		`llama.attention.scale is set, which lpuctl does not support`:                           g.Set("llama.attention.scale", float32(0.1)),
		`llama.block_count is missing`:                                                          g.Set("llama.block_count", nil),
		`llama.block_count is "1", not a number`:                                                g.Set("llama.block_count", "1"),
		`llama.block_count is 1.5, not an integer`:                                              g.Set("llama.block_count", 1.5),
		`llama.block_count is 0, not 1 to 1048576`:                                              g.Set("llama.block_count", uint32(0)),
		`llama.attention.head_count is [4], not a number`:                                       g.Set("llama.attention.head_count", []int32{4}),
		`4 query heads do not divide among 3 KV heads`:                                          g.Set("llama.attention.head_count_kv", uint32(3)),
		`llama.attention.value_length is 16; lpuctl supports only 8`:                            g.Set("llama.attention.value_length", uint32(16)),
		`llama.rope.dimension_count is 4; lpuctl supports only 8`:                               g.Set("llama.rope.dimension_count", uint32(4)),
		`llama.rope.scaling.type is "longrope"; lpuctl supports none, linear and yarn`:          g.Set("llama.rope.scaling.type", "longrope"),
		`llama.rope.local.freq_base is not known to lpuctl, and may change the arithmetic`:      g.Set("llama.rope.local.freq_base", float32(1)),
		`llama.rope.scaling.factor is missing`:                                                  g.Set("llama.rope.scaling.type", "linear"),
		`llama.vocab_size is 17; lpuctl supports only 16`:                                       g.Set("llama.vocab_size", uint32(17)),
		`epsilon of RMSNorm is NaN, not between 0 and 1`:                                        g.Set("llama.attention.layer_norm_rms_epsilon", float32(math.NaN())),
		`tensor rope_freqs.weight is F32 [3], not F32 [4]`:                                      g.Replace(checkpointtest.Ramp("rope_freqs.weight", 3)),
		`tensor rope_freqs.weight: element 0 is 0, not a positive number`:                       g.Replace(checkpointtest.Ramp("rope_freqs.weight", 4)),
		`no tensor token_embd.weight of 2 dimensions`:                                           g.Without("token_embd.weight"),
		`tensor "blk.0.ffn_up.weight" is missing`:                                               g.Without("blk.0.ffn_up.weight"),
		`tensor "blk.1.attn_norm.weight" is missing`:                                            g.Set("llama.block_count", uint32(2)),
		`tensor "blk.0.attn_q.scale" has no place in this architecture`:                         g.Replace(checkpointtest.Ramp("blk.0.attn_q.scale", 32)),
		`tensor "blk.0.attn_k.bias" is missing`:                                                 g.Replace(checkpointtest.Ramp("blk.0.attn_q.bias", 32)),
		`tensor "blk.0.attn_k.weight" has shape [8 32], but the configuration asks for [16 32]`: g.Replace(checkpointtest.Ramp("blk.0.attn_k.weight", 32, 8)),
	} {
		_, err := checkpoint.FromGGUF("bad.gguf", g.Bytes())
		require.EqualError(t, err, "gguf: bad.gguf: "+want)
	}
}

// FuzzFromGGUF mutates the header of the tiny model; the weights stay. Run it
// with -fuzzminimizetime 1x: Go minimizes inputs of this size for a minute each.
func FuzzFromGGUF(f *testing.F) {
	tiny, weights := checkpointtest.TinyGGUF(), 0
	for _, tensor := range tiny.Tensors {
		weights += len(tensor.Data)
	}
	file := tiny.Bytes()
	header, tail := file[:len(file)-weights], file[len(file)-weights:]
	_, err := checkpoint.FromGGUF("seed", append(header[:len(header):len(header)], tail...))
	require.NoError(f, err)
	f.Add(header)
	f.Fuzz(func(t *testing.T, header []byte) {
		c, err := checkpoint.FromGGUF("fuzz", append(header[:len(header):len(header)], tail...))
		if err != nil {
			return
		}
		for _, name := range c.Names() {
			tensor, err := c.Tensor(name)
			require.NoError(t, err)
			err = tensor.ReadRow(tensor.Rows()-1, make([]float32, tensor.Cols()))
			require.True(t, err == nil || strings.Contains(err.Error(), "not supported yet"), "%v", err)
		}
	})
}
