package convert

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
)

// family is an architecture that both worlds have.
type family struct {
	gguf  string // general.architecture
	class string // of transformers
	// config adds what config.json says beside the keys of every family.
	config func(c *checkpoint.Config, object map[string]any)
	// keys adds what metadata say beside the keys of every family.
	keys func(c *checkpoint.Config, add func(key string, value any))
}

// families are the architectures that can be converted, by model_type. What the
// configuration of one says and neither config nor keys write is found by
// requireSaid.
func families() map[string]family {
	return map[string]family{
		"llama":       {"llama", "LlamaForCausalLM", llamaConfig, noKeys},
		"mistral":     {"llama", "MistralForCausalLM", windowConfig, noKeys},
		"mixtral":     {"llama", "MixtralForCausalLM", mixtralConfig, expertKeys},
		"qwen2":       {"qwen2", "Qwen2ForCausalLM", qwen2Config, noKeys},
		"qwen3":       {"qwen3", "Qwen3ForCausalLM", qwen3Config, noKeys},
		"qwen3_moe":   {"qwen3moe", "Qwen3MoeForCausalLM", qwen3MoEConfig, innerExpertKeys},
		"gemma2":      {"gemma2", "Gemma2ForCausalLM", gemmaConfig, gemmaKeys},
		"gemma3_text": {"gemma3", "Gemma3ForCausalLM", gemma3Config, gemma3Keys},
		"phi3":        {"phi3", "Phi3ForCausalLM", phi3Config, windowKeys},
		"gpt_oss":     {"gpt-oss", "GptOssForCausalLM", gptOSSConfig, gptOSSKeys},
	}
}

// familyOf returns the family of a configuration.
func familyOf(c *checkpoint.Config) (*family, error) {
	all := families()
	f, ok := all[c.Architecture]
	if !ok {
		return nil, fmt.Errorf("architecture %q cannot be converted; %s can", c.Architecture, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	return &f, nil
}

func llamaConfig(c *checkpoint.Config, object map[string]any) {
	object["attention_bias"], object["mlp_bias"] = c.QKVBias, c.MLPBias
}

// windowConfig says the window of families in which all layers have it or none.
func windowConfig(c *checkpoint.Config, object map[string]any) {
	object["sliding_window"] = nullIfZero(window(c))
}

// switchedWindow says the window of Qwen, which has a switch.
func switchedWindow(c *checkpoint.Config, object map[string]any) {
	windowConfig(c, object)
	object["use_sliding_window"] = window(c) != 0
}

func qwen2Config(c *checkpoint.Config, object map[string]any) {
	switchedWindow(c, object)
	object["layer_types"] = layerTypes(c)
}

func qwen3Config(c *checkpoint.Config, object map[string]any) {
	qwen2Config(c, object)
	object["attention_bias"] = c.QKVBias
}

func gemmaConfig(c *checkpoint.Config, object map[string]any) {
	windowConfig(c, object)
	object["layer_types"] = layerTypes(c)
	object["hidden_act"], object["hidden_activation"] = "gelu_pytorch_tanh", "gelu_pytorch_tanh"
	object["attention_bias"] = c.QKVBias
	object["query_pre_attn_scalar"] = queryScalar(c)
	object["attn_logit_softcapping"], object["final_logit_softcapping"] = nullIfZero(c.AttentionSoftcap), nullIfZero(c.LogitSoftcap)
}

// queryScalar is the number whose square root divides scores: an integer if that
// is all but exact.
func queryScalar(c *checkpoint.Config) any {
	if c.ScoreScale == 0 {
		return c.HeadDim
	}
	exact := math.Pow(c.ScoreScale, -2)
	if whole := math.Round(exact); math.Abs(exact-whole) < 1e-6*whole {
		return int(whole)
	}
	return exact
}

func gemma3Config(c *checkpoint.Config, object map[string]any) {
	gemmaConfig(c, object)
	object["sliding_window_pattern"] = windowPattern(c)
	if c.LocalRope != nil {
		object["rope_local_base_freq"] = c.LocalRope.Theta
	}
}

func phi3Config(c *checkpoint.Config, object map[string]any) {
	windowConfig(c, object)
	object["partial_rotary_factor"] = float64(c.Rotated()) / float64(c.HeadDim)
	if c.Rope.Type == "longrope" {
		object["original_max_position_embeddings"] = c.Rope.OriginalContext
	}
}

func mixtralConfig(c *checkpoint.Config, object map[string]any) {
	windowConfig(c, object)
	object["num_local_experts"], object["num_experts_per_tok"] = c.Experts.Count, c.Experts.PerToken
}

func qwen3MoEConfig(c *checkpoint.Config, object map[string]any) {
	switchedWindow(c, object)
	object["attention_bias"] = c.QKVBias
	object["num_experts"], object["num_experts_per_tok"] = c.Experts.Count, c.Experts.PerToken
	object["moe_intermediate_size"], object["norm_topk_prob"] = c.Experts.Intermediate, c.Experts.Normalize
	dense := []int{}
	for i := range c.Layers {
		if !c.Experts.In(i) {
			dense = append(dense, i)
		}
	}
	object["decoder_sparse_step"], object["mlp_only_layers"] = 1, dense
}

func gptOSSConfig(c *checkpoint.Config, object map[string]any) {
	windowConfig(c, object)
	object["layer_types"], object["attention_bias"] = layerTypes(c), c.QKVBias
	object["num_local_experts"], object["num_experts_per_tok"] = c.Experts.Count, c.Experts.PerToken
	object["swiglu_alpha"], object["swiglu_limit"] = c.Experts.Alpha, c.Experts.Limit
}

// window is the largest window of a layer, 0 if there is none.
func window(c *checkpoint.Config) int { return slices.Max(append([]int{0}, c.Windows...)) }

// layerTypes says which layers have the window.
func layerTypes(c *checkpoint.Config) []string {
	types := make([]string, c.Layers)
	for i := range types {
		types[i] = "full_attention"
		if c.Window(i) != 0 {
			types[i] = "sliding_attention"
		}
	}
	return types
}

// windowPattern is the number of layers up to the first without a window. If all
// have one it is more than the model has.
func windowPattern(c *checkpoint.Config) int {
	n := 1
	for n <= c.Layers && c.Window(n-1) != 0 {
		n++
	}
	return n
}

// nullIfZero is null for none.
func nullIfZero[T int | float64](v T) any {
	if v == 0 {
		return nil
	}
	return v
}

func noKeys(*checkpoint.Config, func(key string, value any)) {}

// windowKeys says the window, if there is one.
func windowKeys(c *checkpoint.Config, add func(key string, value any)) {
	if w := window(c); w != 0 {
		add("attention.sliding_window", uint32(w))
	}
}

func gemmaKeys(c *checkpoint.Config, add func(key string, value any)) {
	windowKeys(c, add)
	if c.AttentionSoftcap != 0 {
		add("attn_logit_softcapping", float32(c.AttentionSoftcap))
	}
	if c.LogitSoftcap != 0 {
		add("final_logit_softcapping", float32(c.LogitSoftcap))
	}
}

func gemma3Keys(c *checkpoint.Config, add func(key string, value any)) {
	gemmaKeys(c, add)
	if c.Windows == nil || c.LocalRope == nil {
		return
	}
	add("attention.sliding_window_pattern", uint32(windowPattern(c)))
	add("rope.freq_base_swa", float32(c.LocalRope.Theta))
}

func expertKeys(c *checkpoint.Config, add func(key string, value any)) {
	add("expert_count", uint32(c.Experts.Count))
	add("expert_used_count", uint32(c.Experts.PerToken))
}

// innerExpertKeys is for families whose experts have a size of their own.
func innerExpertKeys(c *checkpoint.Config, add func(key string, value any)) {
	expertKeys(c, add)
	add("expert_feed_forward_length", uint32(c.Experts.Intermediate))
}

func gptOSSKeys(c *checkpoint.Config, add func(key string, value any)) {
	windowKeys(c, add)
	innerExpertKeys(c, add)
}
