package convert_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/convert"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

const tokenizerConfig = `{"bos_token":"<s>","eos_token":{"content":"</s>"},"chat_template":"{{ messages }}"}`

// bpeFolder writes the tiny model with a tokenizer.json, which edit may change.
func bpeFolder(t *testing.T, pre string, edit func(string) string) *checkpoint.Checkpoint {
	t.Helper()
	wide := checkpointtest.TinyGGUF().Replace(checkpointtest.Ramp("token_embd.weight", 32, 288))
	tiny, err := checkpoint.FromGGUF("tiny", wide.Bytes())
	require.NoError(t, err)
	dir := t.TempDir()
	checkpointtest.WriteHF(t, dir, tiny, 1)
	text := string(mustRead(t, filepath.Join("testdata", pre+".tokenizer.json")))
	if edit != nil {
		changed := edit(text)
		require.NotEqual(t, text, changed)
		text = changed
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tokenizer.json"), []byte(text), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tokenizer_config.json"), []byte(tokenizerConfig), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(`{"eos_token_id":[2,281,7]}`), 0o644))
	c, err := checkpoint.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// whatMatters is the part of a tokenizer.json that decides about ids.
type whatMatters struct {
	Added []struct {
		ID      int    `json:"id"`
		Content string `json:"content"`
		Special bool   `json:"special"`
	} `json:"added_tokens"`
	Normalizer any `json:"normalizer"`
	Pre        any `json:"pre_tokenizer"`
	Model      struct {
		Ignore bool           `json:"ignore_merges"`
		Vocab  map[string]int `json:"vocab"`
		Merges [][]string     `json:"merges"`
	} `json:"model"`
}

func readJSON(t *testing.T, path string) (f whatMatters) {
	t.Helper()
	require.NoError(t, json.Unmarshal(mustRead(t, path), &f))
	return f
}

// TestBPE goes from tokenizer.json to GGUF and back.
func TestBPE(t *testing.T) {
	for _, pre := range []string{"gpt-2", "smollm", "llama-bpe", "qwen2", "gpt-4o", "tekken"} {
		t.Run(pre, func(t *testing.T) {
			c := bpeFolder(t, pre, nil)
			g := toGGUF(t, c, nil)
			want := map[string]any{
				"model": "gpt2", "pre": pre, "bos_token_id": uint32(280), "eos_token_id": uint32(281), "add_bos_token": pre == "llama-bpe",
			}
			for key, v := range want {
				got, _ := g.Metadata("tokenizer.ggml." + key)
				require.Equal(t, v, got, key)
			}
			require.Equal(t, []int{281, 2, 7}, g.Config().EOS)
			types, _ := g.Metadata("tokenizer.ggml.token_type")
			require.Equal(t, []int32{1, 3, 3, 4, 5, 5, 5, 5, 5}, types.([]int32)[279:], "rows without a token have names")
			template, _ := g.Metadata("tokenizer.chat_template")
			require.Equal(t, "{{ messages }}", template)
			back := toHF(t, g, nil)
			original := readJSON(t, filepath.Join(c.Dir(), "tokenizer.json"))
			require.Equal(t, original, readJSON(t, filepath.Join(back.Dir(), "tokenizer.json")))
			require.Len(t, original.Added, 3)
			require.Contains(t, string(mustRead(t, filepath.Join(back.Dir(), "tokenizer_config.json"))), `"chat_template": "{{ messages }}"`)
			requireSameIDs(t, c.Dir(), g, back.Dir())
			require.NotEmpty(t, original.Model.Merges)
		})
	}
}

// requireSameIDs compares the ids of texts by three descriptions of a tokenizer.
func requireSameIDs(t *testing.T, before string, g *checkpoint.Checkpoint, after string) {
	t.Helper()
	ofGGUF, err := tokenizer.FromGGUF(g)
	require.NoError(t, err)
	tokenizers := []*tokenizer.Tokenizer{ofGGUF}
	for _, dir := range []string{before, after} {
		tok, err := tokenizer.ParseJSON(mustRead(t, filepath.Join(dir, "tokenizer.json")), mustRead(t, filepath.Join(dir, "tokenizer_config.json")))
		require.NoError(t, err)
		tokenizers = append(tokenizers, tok)
	}
	for _, text := range []string{"the cat's hat is at 12345 o'clock", "<s>for i in\n\n  range</s> <tool>", "é 中文\t\r\n it's"} {
		want, err := tokenizers[1].Encode(text, true)
		require.NoError(t, err)
		for _, tok := range tokenizers {
			got, err := tok.Encode(text, true)
			require.NoError(t, err)
			require.Equal(t, want, got, text)
		}
	}
}

// TestSpecialTokensFirst: ids of added tokens may be the lowest, and missing from
// the vocabulary, as in what a GGUF file of SmolLM2 becomes.
func TestSpecialTokensFirst(t *testing.T) {
	tokens := []string{"<|a|>", "<|b|>"}
	types := []int32{3, 4}
	for b := 'a'; b <= 'n'; b++ {
		tokens, types = append(tokens, string(b)), append(types, 1)
	}
	g := checkpointtest.TinyGGUF().Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.pre", "smollm").
		Set("tokenizer.ggml.tokens", tokens).Set("tokenizer.ggml.token_type", types).Set("tokenizer.ggml.merges", []string{"a b"})
	c, err := checkpoint.FromGGUF("g", g.Bytes())
	require.NoError(t, err)
	hf := toHF(t, c, nil)
	vocab := readJSON(t, filepath.Join(hf.Dir(), "tokenizer.json")).Model.Vocab
	require.Len(t, vocab, len(tokens))
	require.Equal(t, 1, vocab["<|b|>"], "the library would number it anew if it were not in the vocabulary")
	again := toGGUF(t, hf, nil)
	got, _ := again.Metadata("tokenizer.ggml.tokens")
	require.Equal(t, tokens, got)
	got, _ = again.Metadata("tokenizer.ggml.token_type")
	require.Equal(t, types, got)
}

func TestBPERefuses(t *testing.T) {
	replace := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	for want, edit := range map[string]func(string) string{
		"have no name in GGUF that lpuctl knows":                        replace(`{1,3}`, `{1,2}`),
		`normalizer NFKC and pre_tokenizer`:                             replace(`"normalizer":null`, `"normalizer":{"type":"NFKC"}`),
		`model "Unigram" (byte_fallback false): only byte-level BPE`:    replace(`"type":"BPE"`, `"type":"Unigram"`),
		`token "<tool>" has id 283, but there are 283 tokens`:           replace(`"id":282`, `"id":283`),
		`token "<tool>" has id 1099511627776, but there are 283 tokens`: replace(`"id":282`, `"id":1099511627776`),
		`token "<tool>" has id -1, but there are 283 tokens`:            replace(`"id":282`, `"id":-1`),
		`merge 0: 4 parts, not 2`:                                       replace(`"merges":[["`, `"merges":[["a","b","`),
		`tokenizer.json: jsontext: duplicate object member name "type"`: replace(`"type":"BPE"`, `"type":"BPE","type":"BPE"`),
		`bos_token is "<s>", which is not in the vocabulary`:            replace(`"content":"<s>"`, `"content":"<b>"`),
	} {
		c := bpeFolder(t, "llama-bpe", edit)
		_, err := convert.ToGGUF(c, "n", nil)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, c.Dir())
	}
	c := bpeFolder(t, "qwen2", nil)
	cut := checkpointtest.TinyGGUF()
	tiny, err := checkpoint.FromGGUF("tiny", cut.Bytes())
	require.NoError(t, err)
	checkpointtest.WriteHF(t, c.Dir(), tiny, 1)
	c, err = checkpoint.Open(c.Dir())
	require.NoError(t, err)
	_, err = convert.ToGGUF(c, "n", nil)
	require.EqualError(t, err, "the tokenizer has 283 tokens, but the embedding 16 rows")

	g := cut.Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.pre", "falcon").
		Set("tokenizer.ggml.tokens", []string{"a"}).Set("tokenizer.ggml.token_type", []int32{1})
	c, err = checkpoint.FromGGUF("g", g.Bytes())
	require.NoError(t, err)
	_, err = convert.ToHF(c, nil)
	require.EqualError(t, err, `tokenizer.ggml.pre "falcon" cannot be converted; gpt-2, smollm, llama-bpe, qwen2, gpt-4o, tekken can`)
}
