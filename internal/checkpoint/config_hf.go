package checkpoint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// hfFamily is how the config.json of one model_type is read.
type hfFamily struct {
	class    string    // of the causal language model, in architectures
	defaults Config    // what absent keys mean: the defaults of the class in transformers
	honours  []string  // keys of hfNeutral that read follows
	neutral  []neutral // more keys like those of hfNeutral
	read     func(f *fields, c *Config)
}

// hfFamilies are the families by model_type. The defaults are those of
// transformers 5.23 (models/*/configuration_*.py).
func hfFamilies() map[string]hfFamily {
	return map[string]hfFamily{
		"llama":       hfLlama(),
		"mistral":     hfMistral(),
		"qwen2":       hfQwen2(),
		"qwen3":       hfQwen3(),
		"gemma2":      hfGemma2(),
		"gemma3_text": hfGemma3(),
		"phi3":        hfPhi3(),
		"mixtral":     hfMixtral(),
		"qwen3_moe":   hfQwen3MoE(),
		"gpt_oss":     hfGPTOSS(),
	}
}

// hfNeutral lists the keys of config.json that change the arithmetic of some
// family, with the values that do not.
var hfNeutral = []neutral{
	{"hidden_act", "silu"},
	{"attention_bias", false},
	{"mlp_bias", false},
	{"partial_rotary_factor", 1},
	{"rope_interleaved", false},
	{"sliding_window", nil},
	{"use_sliding_window", false},
	{"attn_logit_softcapping", nil},
	{"final_logit_softcapping", nil},
	{"query_pre_attn_scalar", nil},
	{"attention_multiplier", nil},
	{"embedding_multiplier", 1},
	{"residual_multiplier", 1},
	{"logits_scaling", 1},
	{"logit_scale", 1},
	{"use_qk_norm", false},
	{"clip_qkv", nil},
	{"alibi", false},
	{"num_experts", nil},
	{"num_local_experts", nil},
	{"n_routed_experts", nil},
	{"n_shared_experts", 0},
	{"shared_expert_intermediate_size", 0},
	{"routed_scaling_factor", 1},
	{"scoring_func", "softmax"},
	{"swiglu_alpha", nil},
	{"swiglu_limit", nil},
	{"use_bidirectional_attention", false},
	{"attention_chunk_size", nil},
	{"attn_temperature_tuning", false},
	{"no_rope_layers", nil},
	{"no_rope_layer_interval", nil},
	{"qk_layernorm", false},
	{"rope_ratio", 1},
	{"use_mrope", false},
	{"scale_emb", 1},
	{"use_parallel_residual", false},
	{"compression_config", nil},
}

// jsonFields parses a JSON object; duplicate keys and invalid UTF-8 are errors.
func jsonFields(text []byte) (*fields, error) {
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, fmt.Errorf("not a JSON object")
	}
	return mapFields("", object), nil
}

func mapFields(prefix string, object map[string]any) *fields {
	return &fields{prefix: prefix, get: func(key string) (any, bool) {
		v, ok := object[key]
		return v, ok
	}}
}

// ParseConfig reads config.json as transformers 4 and 5 write it. An error names
// the key.
func ParseConfig(text []byte) (Config, error) {
	f, err := jsonFields(text)
	if err != nil {
		return Config{}, err
	}
	f = f.textConfig()
	f.need("model_type")
	kind := f.string("model_type", "")
	families := hfFamilies()
	family, ok := families[kind]
	if !ok {
		f.fail("model_type", "is %s; lpuctl supports %s", show(kind), strings.Join(slices.Sorted(maps.Keys(families)), ", "))
	}
	if f.err != nil {
		return Config{}, f.err
	}
	f.hfArchitectures(family.class)
	f.refuse(slices.DeleteFunc(slices.Clone(hfNeutral), func(n neutral) bool { return slices.Contains(family.honours, n.key) }))
	f.refuse(family.neutral)
	c := f.hfConfig(family.defaults)
	c.Architecture = kind
	if f.err == nil {
		family.read(f, &c)
	}
	if f.err != nil {
		return Config{}, f.err
	}
	return c, c.Check()
}

// hfConfig reads what all families have; def has the values of absent keys.
func (f *fields) hfConfig(def Config) Config {
	c := def
	c.Layers = f.int("num_hidden_layers", def.Layers)
	c.Hidden = f.int("hidden_size", def.Hidden)
	c.Intermediate = f.int("intermediate_size", def.Intermediate)
	c.Heads = f.int("num_attention_heads", def.Heads)
	c.Vocab = f.int("vocab_size", def.Vocab)
	c.Context = f.int("max_position_embeddings", def.Context)
	c.NormEps = f.float("rms_norm_eps", def.NormEps)
	c.TieEmbeddings = f.bool("tie_word_embeddings", def.TieEmbeddings)
	c.BOS = f.hfBOS(def.BOS)
	c.EOS = f.hfEOS(def.EOS)
	c.DType = f.hfDType()
	if c.KVHeads = f.nullable("num_key_value_heads", def.KVHeads); c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	if f.err == nil {
		c.HeadDim = f.headDim("head_dim", &c)
	}
	if c.Layers < 1 || c.Layers > maxSize { // before anything is made for each layer
		f.fail("num_hidden_layers", "is %d, not 1 to %d", c.Layers, maxSize)
	}
	return c
}

// headDim returns the head dimension. If key is absent it is the default of the
// family, or else Hidden/Heads.
func (f *fields) headDim(key string, c *Config) int {
	if f.value(key) != nil {
		return f.int(key, 0)
	}
	if c.HeadDim != 0 {
		return c.HeadDim
	}
	if c.Heads < 1 || c.Hidden%c.Heads != 0 {
		f.fail(key, "is missing, and the hidden size %d does not divide among %d heads", c.Hidden, c.Heads)
		return 0
	}
	return c.Hidden / c.Heads
}

// hfArchitectures refuses heads other than that of a language model.
func (f *fields) hfArchitectures(class string) {
	list := f.list("architectures")
	if len(list) > 0 && !slices.Contains(list, any(class)) {
		f.fail("architectures", "is %s; lpuctl supports only %s", show(list), class)
	}
}

// hfWindows gives the layers that slide a window: those that layer_types says,
// or if it is absent those for which slides is true.
func (f *fields) hfWindows(c *Config, window int, slides func(layer int) bool) {
	types := f.list("layer_types")
	if types != nil && len(types) != c.Layers {
		f.fail("layer_types", "has %d entries for %d layers", len(types), c.Layers)
		return
	}
	windows, slide := make([]int, c.Layers), false
	for i := range windows {
		local := types == nil && slides(i)
		if types != nil {
			local = types[i] == "sliding_attention"
			if !local && types[i] != "full_attention" {
				f.fail("layer_types", "has %s for layer %d; lpuctl supports full_attention and sliding_attention", show(types[i]), i)
				return
			}
		}
		if local {
			windows[i], slide = window, true
		}
	}
	if !slide {
		return
	}
	if window < 1 {
		f.fail("sliding_window", "is %d where layers slide", window)
	}
	c.Windows = windows
}

// hfBOS returns bos_token_id: def if it is absent, -1 if it is null.
func (f *fields) hfBOS(def int) int {
	if v, ok := f.get("bos_token_id"); ok && v == nil {
		return -1
	}
	return f.int("bos_token_id", def)
}

// hfEOS returns eos_token_id, an integer, a list of them, or null; def if it is
// absent.
func (f *fields) hfEOS(def []int) []int {
	v, ok := f.get("eos_token_id")
	if !ok {
		return def
	}
	list, isList := v.([]any)
	if !isList && v != nil {
		list = []any{v}
	}
	var ids []int
	for _, item := range list {
		id, ok := number(item)
		if !ok || id != float64(int32(id)) {
			f.fail("eos_token_id", "has %s, not a token id", show(item))
			break
		}
		ids = append(ids, int(id))
	}
	return ids
}

// hfDType returns the declared type of the weights in the spelling of
// safetensors, "" if there is none.
func (f *fields) hfDType() string {
	name := f.string("dtype", f.string("torch_dtype", ""))
	switch name {
	case "float32":
		return "F32"
	case "float16":
		return "F16"
	case "bfloat16":
		return "BF16"
	}
	return name
}

// generationEOS returns eos_token_id of generation_config.json, def if it has
// none.
func generationEOS(text []byte, def []int) ([]int, error) {
	f, err := jsonFields(text)
	if err != nil {
		return nil, err
	}
	if f.value("eos_token_id") == nil {
		return def, nil
	}
	if ids := f.hfEOS(def); f.err == nil {
		return ids, nil
	}
	return nil, f.err
}
