package convert_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/builtin"
	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/convert"
	"github.com/lpuctl/lpuctl/internal/quant"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

func stories(t *testing.T) *checkpoint.Checkpoint {
	t.Helper()
	data, err := builtin.Open("stories260k")
	require.NoError(t, err)
	c, err := checkpoint.FromGGUF("stories260k", data)
	require.NoError(t, err)
	return c
}

// toHF converts to a new folder and opens it.
func toHF(t *testing.T, c *checkpoint.Checkpoint, typ *quant.Type) *checkpoint.Checkpoint {
	t.Helper()
	plan, err := convert.ToHF(c, typ)
	require.NoError(t, err)
	return write(t, plan, filepath.Join(t.TempDir(), "hf"))
}

func toGGUF(t *testing.T, c *checkpoint.Checkpoint, typ *quant.Type) *checkpoint.Checkpoint {
	t.Helper()
	plan, err := convert.ToGGUF(c, "name", typ)
	require.NoError(t, err)
	return write(t, plan, filepath.Join(t.TempDir(), "m.gguf"))
}

func write(t *testing.T, plan *convert.Plan, path string) *checkpoint.Checkpoint {
	t.Helper()
	written := int64(0)
	require.NoError(t, plan.Write(t.Context(), path, func(n int64) { written += n }))
	require.Equal(t, plan.Bytes(), written)
	c, err := checkpoint.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// rows decodes a tensor.
func rows(t *testing.T, c *checkpoint.Checkpoint, name string) [][]float32 {
	t.Helper()
	w, err := c.Tensor(name)
	require.NoError(t, err)
	all := make([][]float32, w.Rows())
	for i := range all {
		all[i] = make([]float32, w.Cols())
		require.NoError(t, w.ReadRow(i, all[i]))
	}
	return all
}

// TestRoundTrip goes from GGUF to Hugging Face and back: the same weights,
// configuration and tokenizer, and the tensors of the file have the same bytes.
func TestRoundTrip(t *testing.T) {
	c := stories(t)
	hf := toHF(t, c, nil)
	back := toGGUF(t, hf, nil)
	for _, other := range []*checkpoint.Checkpoint{hf, back} {
		require.Equal(t, c.Config(), other.Config())
		require.Equal(t, c.Names(), other.Names())
		for _, name := range c.Names() {
			require.Equal(t, rows(t, c, name), rows(t, other, name), name)
		}
	}
	original, err := tokenizer.FromGGUF(c)
	require.NoError(t, err)
	again, err := tokenizer.FromGGUF(back)
	require.NoError(t, err)
	require.Equal(t, original.Vocab(), again.Vocab())
	model, err := os.ReadFile(filepath.Join(hf.Dir(), "tokenizer.model"))
	require.NoError(t, err)
	vocab, err := tokenizer.ParseModel(model)
	require.NoError(t, err)
	require.Equal(t, original.Vocab(), vocab)
	config := mustRead(t, filepath.Join(hf.Dir(), "tokenizer_config.json"))
	require.Contains(t, string(config), `"tokenizer_class": "PreTrainedTokenizerFast"`)
	ofJSON, err := tokenizer.ParseJSON(mustRead(t, filepath.Join(hf.Dir(), "tokenizer.json")), config)
	require.NoError(t, err)
	for _, text := range []string{"Once upon a time, there was a girl.", " two  spaces", "", "Grüße, 世界 12\n"} {
		want, err := original.Encode(text, true)
		require.NoError(t, err)
		ids, err := ofJSON.Encode(text, true)
		require.NoError(t, err)
		require.Equal(t, want, ids, text)
	}
	require.Equal(t, tensorData(t, mustBuiltin(t)), tensorData(t, mustRead(t, filepath.Join(back.Dir(), "m.gguf"))))
}

func mustBuiltin(t *testing.T) []byte {
	data, err := builtin.Open("stories260k")
	require.NoError(t, err)
	return data
}

func mustRead(t *testing.T, path string) []byte {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func tensorData(t *testing.T, data []byte) map[string]gguf.Tensor {
	f, err := gguf.Parse("f", data)
	require.NoError(t, err)
	all := map[string]gguf.Tensor{}
	for _, tensor := range f.Tensors() {
		all[tensor.Name] = tensor
	}
	return all
}

// TestTypes: rows are those that quant.Encode makes; rows of 172 are no whole
// blocks and become F16, embedding and head of Q4_0 become Q8_0, vectors F32.
func TestTypes(t *testing.T) {
	c := stories(t)
	for _, typ := range []*quant.Type{quant.F16, quant.BF16, quant.Q8_0, quant.Q4_0} {
		got := toGGUF(t, c, typ)
		want := map[string]*quant.Type{
			"model.norm.weight": quant.F32, "model.layers.1.mlp.up_proj.weight": typ, "model.embed_tokens.weight": typ,
			"model.layers.2.mlp.down_proj.weight": typ, "model.layers.0.self_attn.q_proj.weight": typ,
		}
		if typ.Block > 1 {
			want["model.layers.2.mlp.down_proj.weight"], want["model.embed_tokens.weight"] = quant.F16, quant.Q8_0
		}
		for name, typ := range want {
			w, err := got.Tensor(name)
			require.NoError(t, err)
			require.Equal(t, typ, w.Type, name)
			for i, row := range rows(t, c, name) {
				encoded := make([]byte, w.Cols()/typ.Block*typ.Bytes)
				require.NoError(t, quant.Encode(typ, row, encoded))
				require.NoError(t, quant.Decode(typ, encoded, row))
				read := make([]float32, len(row))
				require.NoError(t, w.ReadRow(i, read))
				require.Equal(t, row, read, "%s row %d", name, i)
			}
		}
		require.Equal(t, typ.Name, got.Config().DType)
	}
	hf := toHF(t, toGGUF(t, c, quant.Q4_0), quant.BF16)
	require.Equal(t, "BF16", hf.Config().DType)
}

func TestRefuses(t *testing.T) {
	c := stories(t)
	_, err := convert.ToHF(c, quant.Q8_0)
	require.EqualError(t, err, "a Hugging Face folder holds F32, F16 or BF16, not Q8_0")
	_, err = convert.ToGGUF(c, "n", quant.Q4_K)
	require.EqualError(t, err, "type Q4_K cannot be written")
	g := checkpointtest.TinyGGUF().Set("tokenizer.ggml.model", "bert")
	c, err = checkpoint.FromGGUF("g", g.Bytes())
	require.NoError(t, err)
	_, err = convert.ToHF(c, nil)
	require.EqualError(t, err, `tokenizer.ggml.model "bert" cannot be converted; llama and gpt2 can`)
}

// TestRefusesConfig: what a GGUF file cannot say, by name and before anything is
// written.
func TestRefusesConfig(t *testing.T) {
	for folder, want := range map[string]string{
		"mistral":      "Windows, which is [11 11], and would be read as []",
		"qwen2_window": "Windows, which is [0 9 9], and would be read as []",
		"gemma2":       "ScoreScale, which is 0.22360679507255554, and would be read as 0.28867512941360474",
		"gpt_oss":      "Experts.Limit, which is 1.5, and would be read as 7",
		"qwen3_moe":    "Experts.Dense, which is [false true false], and would be read as []",
	} {
		c := tiny(t, folder)
		_, err := convert.ToGGUF(c, "n", nil)
		require.EqualError(t, err, "this "+c.Config().Architecture+" cannot be converted: a GGUF file cannot say its "+want)
	}
}

// TestUnpacked: experts in MXFP4 that a type is asked for are floats with the
// same values, in the order of transformers.
func TestUnpacked(t *testing.T) {
	c := tiny(t, "gpt_oss_mxfp4")
	hf := toHF(t, c, quant.BF16) // which holds every value of MXFP4
	require.Equal(t, "BF16", hf.Config().DType)
	require.Equal(t, c.Names(), hf.Names())
	for _, name := range c.Names() {
		require.Equal(t, rows(t, c, name), rows(t, hf, name), name)
	}
	text := string(mustRead(t, filepath.Join(hf.Dir(), "config.json")))
	require.NotContains(t, text, "quantization_config")
}

// TestQuantized: routers and biases stay F32, what is asked for are blocks.
func TestQuantized(t *testing.T) {
	g := toGGUF(t, tiny(t, "mixtral"), quant.Q8_0)
	for name, typ := range map[string]*quant.Type{
		"mlp.router.weight": quant.F32, "mlp.experts.up_proj.weight": quant.Q8_0, "mlp.experts.down_proj.weight": quant.F16, // rows of 44
	} {
		w, err := g.Tensor(checkpoint.LayerPrefix(1) + name)
		require.NoError(t, err)
		require.Equal(t, typ, w.Type, name)
	}
}

// tiny opens a tiny model.
func tiny(t *testing.T, folder string) *checkpoint.Checkpoint {
	t.Helper()
	c, err := checkpoint.Open("../../golden/testdata/" + folder)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// withTokens is the tiny model with a vocabulary of two tokens.
func withTokens(model string) checkpointtest.GGUF {
	return checkpointtest.TinyGGUF().Set("tokenizer.ggml.model", model).Set("tokenizer.ggml.tokens", []string{"a", "ab"}).
		Set("tokenizer.ggml.token_type", []int32{2, 1}).Set("tokenizer.ggml.scores", []float32{0, -1}).
		Set("tokenizer.ggml.pre", "gpt-2").Set("tokenizer.ggml.merges", []string{"a b"}).Set("tokenizer.ggml.eos_token_id", uint32(1))
}

// TestUnknownIsControl: a GGUF file may have the unknown token among the control
// tokens, as llama.cpp converts Gemma; SentencePiece has one unknown piece, and
// knows the beginning by its piece.
func TestUnknownIsControl(t *testing.T) {
	g := withTokens("llama").Set("tokenizer.ggml.tokens", []string{"<eos>", "<bos>", "<unk>", "a"}).
		Set("tokenizer.ggml.token_type", []int32{3, 3, 3, 1}).Set("tokenizer.ggml.scores", []float32{0, 0, 0, -1}).
		Set("tokenizer.ggml.eos_token_id", uint32(0)).Set("tokenizer.ggml.bos_token_id", uint32(1)).
		Set("tokenizer.ggml.unknown_token_id", uint32(2))
	c, err := checkpoint.FromGGUF("g", g.Bytes())
	require.NoError(t, err)
	vocab, err := tokenizer.ParseModel(mustRead(t, filepath.Join(toHF(t, c, nil).Dir(), "tokenizer.model")))
	require.NoError(t, err)
	require.Equal(t, []int32{3, 3, 2, 1}, vocab.Types)
	require.Equal(t, []int{0, 1, 2}, []int{vocab.EOS, vocab.BOS, vocab.Unknown})
}

func TestRefusesIDs(t *testing.T) {
	for key, want := range map[string]string{
		"unknown_token_id": "tokenizer: unknown_token_id is 16, the embedding has 16 rows",
		"bos_token_id":     "tokenizer: bos_token_id is 16, the embedding has 16 rows",
		"eot_token_id":     "tokenizer: eot_token_id is 16, the embedding has 16 rows",
	} {
		c, err := checkpoint.FromGGUF("g", withTokens("llama").Set("tokenizer.ggml."+key, uint32(16)).Bytes())
		require.NoError(t, err)
		_, err = convert.ToHF(c, nil)
		require.EqualError(t, err, want)
	}
}

// TestUnknownPiece: SentencePiece reads no model without a piece of the unknown
// type. A GGUF file may call it a control token, as those of Gemma do.
func TestUnknownPiece(t *testing.T) {
	g := withTokens("llama").Set("tokenizer.ggml.token_type", []int32{3, 1}).Set("tokenizer.ggml.unknown_token_id", uint32(0))
	c, err := checkpoint.FromGGUF("g", g.Bytes())
	require.NoError(t, err)
	vocab, err := tokenizer.ParseModel(mustRead(t, filepath.Join(toHF(t, c, nil).Dir(), "tokenizer.model")))
	require.NoError(t, err)
	require.Equal(t, 0, vocab.Unknown)
}

// FuzzConvert plans conversions of whatever the reader accepts.
func FuzzConvert(f *testing.F) {
	f.Add(withTokens("llama").Bytes())
	f.Add(withTokens("gpt2").Bytes())
	for _, folder := range []string{"llama_yarn", "mixtral", "phi3"} {
		c, err := checkpoint.Open("../../golden/testdata/" + folder)
		require.NoError(f, err)
		plan, err := convert.ToGGUF(c, folder, quant.Q4_0)
		require.NoError(f, err)
		path := filepath.Join(f.TempDir(), folder+".gguf")
		require.NoError(f, plan.Write(f.Context(), path, func(int64) {}))
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
		require.NoError(f, c.Close())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := checkpoint.FromGGUF("fuzz", data)
		if err != nil {
			return
		}
		_, _ = convert.ToHF(c, nil)
		_, _ = convert.ToGGUF(c, "fuzz", quant.Q8_0)
	})
}

// TestNothingIsLeft: an interrupted conversion, and one to what exists.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(int64) { cancel() }
	plan, err := convert.ToHF(stories(t), nil)
	require.NoError(t, err)
	require.ErrorIs(t, plan.Write(ctx, filepath.Join(dir, "hf"), stop), context.Canceled)
	require.ErrorContains(t, plan.Write(t.Context(), dir, func(int64) {}), "exists")
	plan, err = convert.ToGGUF(stories(t), "n", nil)
	require.NoError(t, err)
	require.ErrorIs(t, plan.Write(ctx, filepath.Join(dir, "m.gguf"), stop), context.Canceled)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
