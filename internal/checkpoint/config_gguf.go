package checkpoint

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
)

// ggufFamily is how the metadata of one general.architecture is read.
type ggufFamily struct {
	architecture string    // as Hugging Face names it
	honours      []string  // keys of ggufNeutral that read follows
	neutral      []neutral // more keys like those of ggufNeutral
	read         func(f *fields, c *Config, tensors ggufTensors)
}

// ggufFamilies are the families by general.architecture; Mistral and Mixtral
// are "llama". What is not said in a file is as in llama.cpp (src/llama-model.cpp).
func ggufFamilies() map[string]ggufFamily {
	return map[string]ggufFamily{
		"llama":  ggufLlama(),
		"qwen2":  ggufQwen2(),
		"qwen3":  ggufQwen3(),
		"gemma2": ggufGemma2(),
		"gemma3": ggufGemma3(),
		"phi3":   ggufPhi3(),

		"qwen3moe": ggufQwen3MoE(),
		"gpt-oss":  ggufGPTOSS(),
	}
}

// ggufNeutral lists the metadata keys of an architecture, without its name,
// that change the arithmetic of some family, with the values that do not (key
// names: llama.cpp, src/llama-arch.cpp).
var ggufNeutral = []neutral{
	{"expert_count", 0},
	{"expert_used_count", 0},
	{"expert_shared_count", 0},
	{"expert_gating_func", 1},
	{"expert_weights_norm", true},
	{"expert_weights_scale", 1},
	{"leading_dense_block_count", 0},
	{"use_parallel_residual", false},
	{"attention.sliding_window", 0},
	{"attention.sliding_window_pattern", nil},
	{"attention.max_alibi_bias", 0},
	{"attention.clamp_kqv", 0},
	{"attention.causal", true},
	{"attention.scale", nil},
	{"attn_logit_softcapping", nil},
	{"final_logit_softcapping", nil},
	{"logit_scale", 1},
	{"embedding_scale", 1},
	{"residual_scale", 1},
	{"rope.freq_base_swa", nil},
	{"rope.scale_linear", 1},
	{"rope.scaling.attn_factor", 1},
	{"rope.scaling.yarn_ext_factor", 1},
	{"rope.scaling.yarn_attn_factor", 1},
	{"rope.scaling.yarn_log_multiplier", nil},
}

// ConfigOfGGUF reads the architecture from metadata. An error names the key.
func ConfigOfGGUF(file *gguf.File) (Config, error) {
	general := &fields{get: file.Value}
	general.need("general.architecture")
	general.refuse([]neutral{{"split.count", 1}, {"adapter.type", nil}})
	name := general.string("general.architecture", "")
	families := ggufFamilies()
	family, ok := families[name]
	if !ok {
		general.fail("general.architecture", "is %s; lpuctl supports %s", show(name), strings.Join(slices.Sorted(maps.Keys(families)), ", "))
	}
	if general.err != nil {
		return Config{}, general.err
	}
	c, err := family.config(file, name)
	if err != nil {
		return Config{}, err
	}
	if c.BOS, c.EOS = general.ggufBOS(), general.ggufEOS(); general.err != nil {
		return Config{}, general.err
	}
	if c.Vocab == 0 {
		return Config{}, fmt.Errorf("no tensor token_embd.weight of 2 dimensions")
	}
	return c, c.Check()
}

// config reads the keys of the architecture, which has that name in the file.
func (family ggufFamily) config(file *gguf.File, name string) (Config, error) {
	asked := map[string]bool{}
	f := &fields{prefix: name + ".", get: func(key string) (any, bool) {
		asked[name+"."+key] = true
		return file.Value(name + "." + key)
	}}
	f.refuse(slices.DeleteFunc(slices.Clone(ggufNeutral), func(n neutral) bool { return slices.Contains(family.honours, n.key) }))
	f.refuse(family.neutral)
	tensors := ggufTensors{}
	for _, t := range file.Tensors() {
		tensors[t.Name] = &t
	}
	c := f.ggufConfig(tensors)
	c.Architecture = family.architecture
	if f.err == nil {
		family.read(f, &c, tensors)
		f.unknown(file.Keys(), asked)
	}
	return c, f.err
}

// ggufHarmless lists the keys of an architecture that change no arithmetic, or
// none where nothing asks for them.
var ggufHarmless = []string{"vocab_size", "tensor_data_layout", "rope.scaling.finetuned", "rope.scaling.original_context_length"}

// unknown fails on a key of the architecture that nothing has asked for: it may
// change the arithmetic.
func (f *fields) unknown(keys []string, asked map[string]bool) {
	for _, key := range keys {
		short, ok := strings.CutPrefix(key, f.prefix)
		if ok && !asked[key] && !slices.Contains(ggufHarmless, short) {
			f.fail(short, "is not known to lpuctl, and may change the arithmetic")
		}
	}
}

// ggufConfig reads what all families have.
func (f *fields) ggufConfig(tensors ggufTensors) Config {
	f.need("block_count", "embedding_length", "feed_forward_length", "attention.head_count",
		"context_length", "attention.layer_norm_rms_epsilon")
	c := Config{
		Layers:        f.int("block_count", 0),
		Hidden:        f.int("embedding_length", 0),
		Intermediate:  f.int("feed_forward_length", 0),
		Heads:         f.int("attention.head_count", 0),
		Context:       f.int("context_length", 0),
		NormEps:       f.float("attention.layer_norm_rms_epsilon", 0),
		TieEmbeddings: tensors["output.weight"] == nil,
		Vocab:         tensors.rows("token_embd.weight"),
	}
	c.KVHeads = f.int("attention.head_count_kv", c.Heads)
	if c.Layers < 1 || c.Layers > maxSize { // before anything is made for each layer
		f.fail("block_count", "is %d, not 1 to %d", c.Layers, maxSize)
	}
	if f.err == nil {
		c.HeadDim = f.headDim("attention.key_length", &c)
	}
	f.refuse([]neutral{{"attention.value_length", c.HeadDim}})
	if c.Vocab != 0 {
		f.refuse([]neutral{{"vocab_size", c.Vocab}})
	}
	return c
}

// ggufTensors are the tensors of a file by name.
type ggufTensors map[string]*gguf.Tensor

// rows is the number of rows of a matrix, 0 if there is none of that name.
func (t ggufTensors) rows(name string) int {
	if m := t[name]; m != nil && len(m.Shape) == 2 {
		return m.Shape[0]
	}
	return 0
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
