package checkpoint

import (
	"fmt"
	"math"
	"slices"

	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// ggufNeutral lists the metadata keys that change the arithmetic of a Llama in
// ways that lpuctl does not follow, with the values that do not (key names:
// llama.cpp, src/llama-arch.cpp).
var ggufNeutral = []neutral{
	{"general.architecture", "llama"},
	{"split.count", 1},
	{"llama.expert_count", 0},
	{"llama.expert_used_count", 0},
	{"llama.use_parallel_residual", false},
	{"llama.attention.sliding_window", 0},
	{"llama.attention.max_alibi_bias", 0},
	{"llama.attention.clamp_kqv", 0},
	{"llama.attention.causal", true},
	{"llama.attention.scale", nil},
	{"llama.attn_logit_softcapping", nil},
	{"llama.final_logit_softcapping", nil},
	{"llama.logit_scale", 1},
	{"llama.embedding_scale", 1},
	{"llama.residual_scale", 1},
	{"llama.rope.scale_linear", 1},
	{"llama.rope.scaling.attn_factor", 1},
	{"adapter.type", nil},
}

// configGGUF reads the architecture from metadata. Defaults are those of
// llama.cpp. An error names the key.
func configGGUF(file *gguf.File) (Config, error) {
	f := &fields{get: file.Value}
	f.need("general.architecture")
	f.refuse(ggufNeutral)
	f.need("llama.block_count", "llama.embedding_length", "llama.feed_forward_length", "llama.attention.head_count",
		"llama.context_length", "llama.attention.layer_norm_rms_epsilon")
	c := Config{
		Architecture: "llama",
		Layers:       f.int("llama.block_count", 0),
		Hidden:       f.int("llama.embedding_length", 0),
		Intermediate: f.int("llama.feed_forward_length", 0),
		Heads:        f.int("llama.attention.head_count", 0),
		Context:      f.int("llama.context_length", 0),
		NormEps:      f.float("llama.attention.layer_norm_rms_epsilon", 0),
		Rope:         f.ggufRope(),
		BOS:          f.ggufBOS(),
		EOS:          f.ggufEOS(),
	}
	c.KVHeads = f.int("llama.attention.head_count_kv", c.Heads)
	if f.err == nil {
		c.HeadDim = f.headDim("llama.attention.key_length", &c)
	}
	f.refuse([]neutral{{"llama.attention.value_length", c.HeadDim}, {"llama.rope.dimension_count", c.HeadDim}})
	if f.err != nil {
		return Config{}, f.err
	}
	return c, readWeights(file, f, &c)
}

// readWeights sets what the tensors say: the vocabulary, whether the embedding
// is tied, the divisors of the rope frequencies, and the type of the weights.
func readWeights(file *gguf.File, f *fields, c *Config) error {
	c.TieEmbeddings = true
	for _, t := range file.Tensors() {
		switch t.Name {
		case "token_embd.weight":
			if len(t.Shape) == 2 {
				c.Vocab = t.Shape[0]
			}
		case "output.weight":
			c.TieEmbeddings = false
		}
	}
	f.refuse([]neutral{{"llama.vocab_size", c.Vocab}})
	if f.err != nil {
		return f.err
	}
	if c.Vocab == 0 {
		return fmt.Errorf("no tensor token_embd.weight of 2 dimensions")
	}
	if err := c.Check(); err != nil {
		return err
	}
	return readDivisors(file, c)
}

// readDivisors reads rope_freqs.weight, which is how GGUF states the llama3
// scaling.
func readDivisors(file *gguf.File, c *Config) error {
	for _, t := range file.Tensors() {
		if t.Name != "rope_freqs.weight" {
			continue
		}
		if want := []int{c.HeadDim / 2}; t.Type != quant.F32 || !slices.Equal(t.Shape, want) {
			return fmt.Errorf("tensor rope_freqs.weight is %s %v, not F32 %v", t.Type, t.Shape, want)
		}
		c.Rope.Divisors = make([]float32, c.HeadDim/2)
		if err := quant.Decode(t.Type, t.Data, c.Rope.Divisors); err != nil {
			return err
		}
		for i, v := range c.Rope.Divisors {
			if !finite(float64(v)) {
				return fmt.Errorf("tensor rope_freqs.weight: element %d is %v, not a positive number", i, v)
			}
		}
	}
	return nil
}

func (f *fields) ggufRope() Rope {
	const key = "llama.rope.scaling.type"
	theta := f.float("llama.rope.freq_base", 10000)
	switch kind := f.string(key, "none"); kind {
	case "none":
		return Rope{Type: "default", Theta: theta}
	case "linear":
		f.need("llama.rope.scaling.factor")
		return Rope{Type: "linear", Theta: theta, Factor: f.float("llama.rope.scaling.factor", 0)}
	default:
		f.fail(key, "is %s; lpuctl supports none and linear", show(kind))
		return Rope{}
	}
}

// ggufToken returns a token id of the tokenizer, -1 if it is the sentinel
// 2^32-1; def if the key is absent.
func (f *fields) ggufToken(name string, def int) int {
	id := f.int("tokenizer.ggml."+name, def)
	if id == math.MaxUint32 {
		return -1
	}
	return id
}

// ggufBOS returns the beginning-of-sequence token; a SentencePiece vocabulary
// has 1 by default.
func (f *fields) ggufBOS() int {
	if f.value("tokenizer.ggml.model") == "llama" {
		return f.ggufToken("bos_token_id", 1)
	}
	return f.ggufToken("bos_token_id", -1)
}

// ggufEOS returns the tokens that end generation: end of sequence (2 by default
// in a SentencePiece vocabulary), of turn and of message.
func (f *fields) ggufEOS() []int {
	def := -1
	if f.value("tokenizer.ggml.model") == "llama" {
		def = 2
	}
	var ids []int
	for _, id := range []int{f.ggufToken("eos_token_id", def), f.ggufToken("eot_token_id", -1), f.ggufToken("eom_token_id", -1)} {
		if id >= 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
