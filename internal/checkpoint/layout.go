package checkpoint

import (
	"fmt"
	"slices"
	"strings"
)

// Spec is a tensor that an architecture has.
type Spec struct {
	Name  string // Hugging Face's
	Shape []int  // outermost first: [out, in] of a matrix, [experts, out, in] of a stack
	gguf  string // GGUF's name (conversion: llama.cpp, gguf-py/gguf/tensor_mapping.py)
	norm  bool   // the weight of a norm
}

// specs lists tensors of one layer; names are without the layer.
type specs []Spec

// linear adds a matrix, and its bias if it has one.
func (s *specs) linear(hf, gguf string, out, in int, bias bool) {
	*s = append(*s, Spec{Name: hf + ".weight", Shape: []int{out, in}, gguf: gguf + ".weight"})
	if bias {
		*s = append(*s, Spec{Name: hf + ".bias", Shape: []int{out}, gguf: gguf + ".bias"})
	}
}

// norm adds the weight of a norm.
func (s *specs) norm(hf, gguf string, n int) {
	*s = append(*s, Spec{Name: hf + ".weight", Shape: []int{n}, gguf: gguf + ".weight", norm: true})
}

// ModelTensors lists the tensors outside of the layers: the embedding, the
// last norm, and the head unless it is tied.
func (c *Config) ModelTensors() []Spec {
	var s specs
	s.linear("model.embed_tokens", "token_embd", c.Vocab, c.Hidden, false)
	s.norm("model.norm", "output_norm", c.Hidden)
	if !c.TieEmbeddings {
		s.linear("lm_head", "output", c.Vocab, c.Hidden, false)
	}
	return s
}

// LayerPrefix is what the names of the tensors of layer i begin with.
func LayerPrefix(i int) string { return fmt.Sprintf("model.layers.%d.", i) }

// ggufPrefix is the same in GGUF files.
func ggufPrefix(i int) string { return fmt.Sprintf("blk.%d.", i) }

// LayerTensors lists the tensors of layer i. Names are without LayerPrefix.
// Fused projections appear one by one.
func (c *Config) LayerTensors(i int) []Spec {
	var s specs
	s.norm("input_layernorm", "attn_norm", c.Hidden)
	c.attentionTensors(&s)
	if c.PostNorms {
		s.norm("post_attention_layernorm", "post_attention_norm", c.Hidden)
		s.norm("pre_feedforward_layernorm", "ffn_norm", c.Hidden)
	} else {
		s.norm("post_attention_layernorm", c.ggufMLPNorm(), c.Hidden)
	}
	if c.Experts.In(i) {
		c.expertTensors(&s)
	} else {
		c.mlpTensors(&s)
	}
	if c.PostNorms {
		s.norm("post_feedforward_layernorm", "post_ffw_norm", c.Hidden)
	}
	return s
}

// ggufMLPNorm is GGUF's name of the only norm before the MLP.
func (c *Config) ggufMLPNorm() string {
	if c.Architecture == "gpt_oss" {
		return "post_attention_norm"
	}
	return "ffn_norm"
}

func (c *Config) attentionTensors(s *specs) {
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	s.linear("self_attn.q_proj", "attn_q", q, c.Hidden, c.QKVBias)
	s.linear("self_attn.k_proj", "attn_k", kv, c.Hidden, c.QKVBias)
	s.linear("self_attn.v_proj", "attn_v", kv, c.Hidden, c.QKVBias)
	if c.QKNorm {
		s.norm("self_attn.q_norm", "attn_q_norm", c.HeadDim)
		s.norm("self_attn.k_norm", "attn_k_norm", c.HeadDim)
	}
	if c.Sinks {
		s.add("self_attn.sinks", "attn_sinks.weight", c.Heads)
	}
	s.linear("self_attn.o_proj", "attn_output", c.Hidden, q, c.OutBias)
}

func (c *Config) mlpTensors(s *specs) {
	s.linear("mlp.gate_proj", "ffn_gate", c.Intermediate, c.Hidden, c.MLPBias)
	s.linear("mlp.up_proj", "ffn_up", c.Intermediate, c.Hidden, c.MLPBias)
	s.linear("mlp.down_proj", "ffn_down", c.Hidden, c.Intermediate, c.MLPBias)
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
			s.Name, s.gguf = LayerPrefix(i)+s.Name, ggufPrefix(i)+s.gguf
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
	if err := c.split(found); err != nil {
		return err
	}
	c.rename(found)
	if err := c.gatherExperts(found); err != nil {
		return err
	}
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
			t.addOne = s.norm && c.format != "gguf" && c.config.UnitNorms()
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

// harmless says whether a tensor of the file can be left out: rope divisors and
// factors of GGUF are in the configuration, old Hugging Face files hold the rope
// frequencies that the configuration gives, a tied head is not used, and text
// needs no images.
func (c *Checkpoint) harmless(name string) bool {
	if c.format == "gguf" {
		return name == "rope_freqs.weight" || name == "rope_factors_long.weight" || name == "rope_factors_short.weight"
	}
	return strings.HasSuffix(name, ".rotary_emb.inv_freq") || name == "lm_head.weight" && c.config.TieEmbeddings ||
		c.config.Architecture == "gemma3_text" && imageTensor(name)
}
