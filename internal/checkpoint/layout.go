package checkpoint

import (
	"fmt"
	"slices"
	"strings"
)

// Spec is a tensor that an architecture has.
type Spec struct {
	Name  string // Hugging Face's
	Shape []int  // outermost first: [out, in] of a matrix
	gguf  string // GGUF's name (conversion: llama.cpp, gguf-py/gguf/tensor_mapping.py)
}

// specs lists tensors of one layer; names are without the layer.
type specs []Spec

// linear adds a matrix.
func (s *specs) linear(hf, gguf string, out, in int) {
	*s = append(*s, Spec{hf + ".weight", []int{out, in}, gguf + ".weight"})
}

// vector adds a vector, as a norm has it.
func (s *specs) vector(hf, gguf string, n int) {
	*s = append(*s, Spec{hf + ".weight", []int{n}, gguf + ".weight"})
}

// ModelTensors lists the tensors outside of the layers: the embedding, the
// last norm, and the head unless it is tied.
func (c *Config) ModelTensors() []Spec {
	var s specs
	s.linear("model.embed_tokens", "token_embd", c.Vocab, c.Hidden)
	s.vector("model.norm", "output_norm", c.Hidden)
	if !c.TieEmbeddings {
		s.linear("lm_head", "output", c.Vocab, c.Hidden)
	}
	return s
}

// LayerPrefix is what the names of the tensors of layer i begin with.
func LayerPrefix(i int) string { return fmt.Sprintf("model.layers.%d.", i) }

// LayerTensors lists the tensors of layer i in the order in which a layer uses
// them. Names are without LayerPrefix.
func (c *Config) LayerTensors(i int) []Spec {
	var s specs
	s.vector("input_layernorm", "attn_norm", c.Hidden)
	c.attentionTensors(&s)
	s.vector("post_attention_layernorm", "ffn_norm", c.Hidden)
	c.mlpTensors(&s)
	return s
}

func (c *Config) attentionTensors(s *specs) {
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	s.linear("self_attn.q_proj", "attn_q", q, c.Hidden)
	s.linear("self_attn.k_proj", "attn_k", kv, c.Hidden)
	s.linear("self_attn.v_proj", "attn_v", kv, c.Hidden)
	s.linear("self_attn.o_proj", "attn_output", c.Hidden, q)
}

func (c *Config) mlpTensors(s *specs) {
	s.linear("mlp.gate_proj", "ffn_gate", c.Intermediate, c.Hidden)
	s.linear("mlp.up_proj", "ffn_up", c.Intermediate, c.Hidden)
	s.linear("mlp.down_proj", "ffn_down", c.Hidden, c.Intermediate)
}

// layout lists one tensor after the other, with whole names, until yield
// returns false. It is lazy because the number of layers is not to be trusted
// before the tensors have been found.
func (c *Config) layout(yield func(Spec) bool) {
	for _, s := range c.ModelTensors() {
		if !yield(s) {
			return
		}
	}
	for i := range c.Layers {
		for _, s := range c.LayerTensors(i) {
			s.Name, s.gguf = LayerPrefix(i)+s.Name, fmt.Sprintf("blk.%d.%s", i, s.gguf)
			if !yield(s) {
				return
			}
		}
	}
}

// adopt moves the tensors that the architecture asks for from found, keyed by
// the names of the file, to c, and checks their shapes. What is left in found
// must be harmless.
func (c *Checkpoint) adopt(found map[string]*Tensor) (err error) {
	c.config.layout(func(s Spec) bool {
		name := s.Name
		if c.format == "gguf" {
			name = s.gguf
		}
		t := found[name]
		switch {
		case t == nil:
			err = fmt.Errorf("tensor %q is missing", name)
		case !slices.Equal(t.Shape, s.Shape):
			err = fmt.Errorf("tensor %q has shape %v, but the configuration asks for %v", name, t.Shape, s.Shape)
		default:
			t.Name = s.Name
			c.tensors[s.Name] = t
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
