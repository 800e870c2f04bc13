package convert

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
)

// family is an architecture that both worlds have.
type family struct {
	gguf     string   // general.architecture
	class    string   // of transformers
	has      []string // fields of a configuration beside those of every family
	ropes    []string // rope types
	permuted bool     // GGUF reorders rows of q and k
	// config adds what config.json says beside the keys of every family.
	config func(c *checkpoint.Config, object map[string]any)
}

// families are the architectures that can be converted, by model_type.
func families() map[string]family {
	llama := family{
		gguf: "llama", class: "LlamaForCausalLM", has: []string{"QKVBias", "OutBias", "MLPBias"},
		ropes: []string{"default", "linear", "llama3"}, permuted: true,
		config: func(c *checkpoint.Config, object map[string]any) {
			object["attention_bias"], object["mlp_bias"] = c.QKVBias, c.MLPBias
		},
	}
	return map[string]family{
		"llama":   llama,
		"mistral": llama, // without a window it is one
		"qwen2": {
			gguf: "qwen2", class: "Qwen2ForCausalLM", has: []string{"QKVBias"}, ropes: []string{"default", "linear"},
			config: noWindow,
		},
		"qwen3": {
			gguf: "qwen3", class: "Qwen3ForCausalLM", has: []string{"QKNorm"}, ropes: []string{"default", "linear"},
			config: noWindow,
		},
	}
}

// noWindow switches the window of Qwen off.
func noWindow(_ *checkpoint.Config, object map[string]any) {
	object["use_sliding_window"], object["sliding_window"] = false, nil
}

// modelType is the model_type of a folder that a family is converted to.
func (f *family) modelType(c *checkpoint.Config) string {
	if f.gguf == "llama" {
		return "llama"
	}
	return c.Architecture
}

// familyOf returns the family of a configuration. It fails unless both worlds
// have all that the configuration asks for.
func familyOf(c *checkpoint.Config) (*family, error) {
	f, ok := families()[c.Architecture]
	if !ok {
		return nil, fmt.Errorf("architecture %q cannot be converted; llama, mistral, qwen2 and qwen3 can", c.Architecture)
	}
	if !slices.Contains(f.ropes, c.Rope.Type) || f.gguf != "llama" && c.Rope.Divisors != nil {
		return nil, fmt.Errorf("rope type %q of %s cannot be converted; %v can", c.Rope.Type, c.Architecture, f.ropes)
	}
	known := append([]string{
		"Architecture", "Layers", "Hidden", "Intermediate", "Heads", "KVHeads", "HeadDim", "Vocab", "Context", "NormEps", "Rope",
		"TieEmbeddings", "BOS", "EOS", "DType",
	}, f.has...)
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !v.Field(i).IsZero() && !slices.Contains(known, name) {
			return nil, fmt.Errorf("this %s cannot be converted: its configuration has %s", c.Architecture, name)
		}
	}
	if f.gguf == "llama" && c.QKVBias != c.OutBias {
		return nil, fmt.Errorf("this llama cannot be converted: only some projections of attention have biases")
	}
	return &f, nil
}
