package checkpoint

import (
	"fmt"
	"slices"
	"strings"
)

// Where the tensors of a Llama are: their Hugging Face names, the GGUF ones
// (conversion: llama.cpp, gguf-py/gguf/tensor_mapping.py), and their shapes.
var (
	modelTensors = []tensorSpec{
		{"model.embed_tokens", "token_embd", func(c *Config) []int { return []int{c.Vocab, c.Hidden} }},
		{"model.norm", "output_norm", hiddenShape},
		{"lm_head", "output", func(c *Config) []int { return []int{c.Vocab, c.Hidden} }},
	}
	layerTensors = []tensorSpec{
		{"input_layernorm", "attn_norm", hiddenShape},
		{"self_attn.q_proj", "attn_q", func(c *Config) []int { return []int{c.Heads * c.HeadDim, c.Hidden} }},
		{"self_attn.k_proj", "attn_k", func(c *Config) []int { return []int{c.KVHeads * c.HeadDim, c.Hidden} }},
		{"self_attn.v_proj", "attn_v", func(c *Config) []int { return []int{c.KVHeads * c.HeadDim, c.Hidden} }},
		{"self_attn.o_proj", "attn_output", func(c *Config) []int { return []int{c.Hidden, c.Heads * c.HeadDim} }},
		{"post_attention_layernorm", "ffn_norm", hiddenShape},
		{"mlp.gate_proj", "ffn_gate", func(c *Config) []int { return []int{c.Intermediate, c.Hidden} }},
		{"mlp.up_proj", "ffn_up", func(c *Config) []int { return []int{c.Intermediate, c.Hidden} }},
		{"mlp.down_proj", "ffn_down", func(c *Config) []int { return []int{c.Hidden, c.Intermediate} }},
	}
)

type tensorSpec struct {
	hf, gguf string // without the layer and ".weight"
	shape    func(*Config) []int
}

func hiddenShape(c *Config) []int { return []int{c.Hidden} }

// layout lists names (Hugging Face and GGUF) and shapes of one tensor after the
// other until yield returns false. It is lazy because the number of layers is
// not to be trusted before the tensors have been found.
func (c *Config) layout(yield func(hf, gguf string, shape []int) bool) {
	for _, s := range modelTensors {
		if s.hf == "lm_head" && c.TieEmbeddings {
			continue
		}
		if !yield(s.hf+".weight", s.gguf+".weight", s.shape(c)) {
			return
		}
	}
	for i := range c.Layers {
		for _, s := range layerTensors {
			if !yield(fmt.Sprintf("model.layers.%d.%s.weight", i, s.hf), fmt.Sprintf("blk.%d.%s.weight", i, s.gguf), s.shape(c)) {
				return
			}
		}
	}
}

// adopt moves the tensors that the architecture asks for from found, keyed by
// the names of the file, to c, and checks their shapes. What is left in found
// must be harmless.
func (c *Checkpoint) adopt(found map[string]*Tensor) (err error) {
	c.config.layout(func(hf, gguf string, shape []int) bool {
		name := hf
		if c.format == "gguf" {
			name = gguf
		}
		t := found[name]
		switch {
		case t == nil:
			err = fmt.Errorf("tensor %q is missing", name)
		case !slices.Equal(t.Shape, shape):
			err = fmt.Errorf("tensor %q has shape %v, but the configuration asks for %v", name, t.Shape, shape)
		default:
			t.Name = hf
			c.tensors[hf] = t
			delete(found, name)
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(found) {
		if !c.harmless(name) {
			return fmt.Errorf("tensor %q has no place in this architecture", name)
		}
	}
	return nil
}

// harmless says whether a tensor of the file can be left out: the rope divisors
// of GGUF are in the configuration, old Hugging Face files hold the rope
// frequencies that the configuration gives, and a tied head is not used.
func (c *Checkpoint) harmless(name string) bool {
	if c.format == "gguf" {
		return name == "rope_freqs.weight"
	}
	return strings.HasSuffix(name, ".rotary_emb.inv_freq") || name == "lm_head.weight" && c.config.TieEmbeddings
}
