package checkpoint

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// hfNeutral lists the keys of config.json that change the arithmetic of a Llama
// in ways that lpuctl does not follow, with the values that do not.
var hfNeutral = []neutral{
	{"model_type", "llama"},
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

// parseHF reads config.json as transformers 4 and 5 write it. Absent keys have
// the defaults of LlamaConfig (transformers 008e574, configuration_llama.py).
// An error names the key.
func parseHF(text []byte) (Config, error) {
	f, err := jsonFields(text)
	if err != nil {
		return Config{}, err
	}
	f.need("model_type")
	f.refuse(hfNeutral)
	f.hfArchitectures()
	f.hfLayerTypes()
	c := Config{
		Architecture:  "llama",
		Layers:        f.int("num_hidden_layers", 32),
		Hidden:        f.int("hidden_size", 4096),
		Intermediate:  f.int("intermediate_size", 11008),
		Heads:         f.int("num_attention_heads", 32),
		Vocab:         f.int("vocab_size", 32000),
		Context:       f.int("max_position_embeddings", 2048),
		NormEps:       f.float("rms_norm_eps", 1e-6),
		TieEmbeddings: f.bool("tie_word_embeddings", false),
		BOS:           f.hfBOS(),
		EOS:           f.hfEOS([]int{2}),
		DType:         f.hfDType(),
	}
	c.KVHeads = f.int("num_key_value_heads", c.Heads)
	c.HeadDim = f.headDim("head_dim", &c)
	f.hfRope(&c)
	if f.err != nil {
		return Config{}, f.err
	}
	return c, c.Check()
}

// headDim returns the head dimension, which is Hidden/Heads if key is absent.
func (f *fields) headDim(key string, c *Config) int {
	if f.value(key) != nil {
		return f.int(key, 0)
	}
	if c.Heads < 1 || c.Hidden%c.Heads != 0 {
		f.fail(key, "is missing, and the hidden size %d does not divide among %d heads", c.Hidden, c.Heads)
		return 0
	}
	return c.Hidden / c.Heads
}

// hfArchitectures refuses heads other than that of a language model.
func (f *fields) hfArchitectures() {
	list := f.list("architectures")
	for _, name := range list {
		if name == "LlamaForCausalLM" {
			return
		}
	}
	if len(list) > 0 {
		f.fail("architectures", "is %s; lpuctl supports only LlamaForCausalLM", show(list))
	}
}

func (f *fields) hfLayerTypes() {
	list := f.list("layer_types")
	for i, kind := range list {
		if kind != "full_attention" {
			f.fail("layer_types", "has %s for layer %d; lpuctl supports only full_attention", show(kind), i)
		}
	}
}

// hfBOS returns bos_token_id: 1 if it is absent, -1 if it is null.
func (f *fields) hfBOS() int {
	if v, ok := f.get("bos_token_id"); ok && v == nil {
		return -1
	}
	return f.int("bos_token_id", 1)
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

// hfRope reads rope_parameters (transformers 5), or rope_theta and rope_scaling
// (transformers 4, where the kind is under rope_type or, older, type).
func (f *fields) hfRope(c *Config) {
	c.Rope = Rope{Type: "default", Theta: f.float("rope_theta", 10000)}
	for _, key := range []string{"rope_parameters", "rope_scaling"} {
		v := f.value(key)
		if v == nil {
			continue
		}
		object, ok := v.(map[string]any)
		if !ok {
			f.fail(key, "is %s, not an object", show(v))
			return
		}
		sub := mapFields(key+".", object)
		sub.ropeParameters(c, key)
		if f.err == nil {
			f.err = sub.err
		}
		return
	}
}

func (f *fields) ropeParameters(c *Config, key string) {
	f.refuse([]neutral{{"partial_rotary_factor", 1}})
	if key == "rope_scaling" && f.value("type") == nil {
		f.need("rope_type")
	}
	c.Rope = Rope{Type: f.string("rope_type", f.string("type", "default")), Theta: f.float("rope_theta", c.Rope.Theta)}
	switch c.Rope.Type {
	case "default":
	case "linear":
		f.need("factor")
		c.Rope.Factor = f.float("factor", 0)
	case "llama3":
		f.need("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings")
		c.Rope.Factor = f.float("factor", 0)
		c.Rope.LowFreq = f.float("low_freq_factor", 0)
		c.Rope.HighFreq = f.float("high_freq_factor", 0)
		c.Rope.OriginalContext = f.int("original_max_position_embeddings", 0)
	default:
		f.fail("rope_type", "is %s; lpuctl supports default, linear and llama3", show(c.Rope.Type))
	}
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
