package checkpoint

import (
	"fmt"
	"strings"
)

// fusion is a tensor of a file that holds the rows of several: Phi-3's q, k and
// v, and gate and up, one after the other.
type fusion struct {
	whole, gguf string // how the name ends, in either format
	parts       []fusedPart
}

// fusedPart is one of them.
type fusedPart struct {
	name, gguf string
	rows       int
}

func (c *Config) fusions() []fusion {
	if c.Architecture != "phi3" {
		return nil
	}
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	return []fusion{
		{"self_attn.qkv_proj.weight", "attn_qkv.weight", []fusedPart{
			{"self_attn.q_proj.weight", "attn_q.weight", q},
			{"self_attn.k_proj.weight", "attn_k.weight", kv},
			{"self_attn.v_proj.weight", "attn_v.weight", kv},
		}},
		{"mlp.gate_up_proj.weight", "ffn_up.weight", []fusedPart{
			{"mlp.gate_proj.weight", "ffn_gate.weight", c.Intermediate},
			{"mlp.up_proj.weight", "ffn_up.weight", c.Intermediate},
		}},
	}
}

// split replaces fused tensors by views of their rows.
func (c *Checkpoint) split(found map[string]*Tensor) error {
	for _, fusion := range c.config.fusions() {
		whole := fusion.whole
		if c.format == "gguf" {
			whole = fusion.gguf
		}
		for _, name := range sortedKeys(found) {
			prefix, ok := strings.CutSuffix(name, "."+whole)
			if !ok {
				continue
			}
			t := found[name]
			delete(found, name)
			if err := c.splitRows(found, t, prefix+".", fusion.parts); err != nil {
				return err
			}
		}
	}
	return nil
}

// splitRows adds a view for each part of t.
func (c *Checkpoint) splitRows(found map[string]*Tensor, t *Tensor, prefix string, parts []fusedPart) error {
	total := 0
	for _, p := range parts {
		total += p.rows
	}
	if len(t.Shape) != 2 || t.Shape[0] != total {
		return fmt.Errorf("tensor %q has shape %v, but the configuration asks for %d rows", t.Name, t.Shape, total)
	}
	at := 0
	for _, p := range parts {
		name := prefix + p.name
		if c.format == "gguf" {
			name = prefix + p.gguf
		}
		found[name] = t.rowsFrom(at, p.rows)
		found[name].Name = name
		at += p.rows
	}
	return nil
}

// rowsFrom is a view of n rows of a matrix.
func (t *Tensor) rowsFrom(first, n int) *Tensor {
	view, size := *t, len(t.data)/t.Shape[0]
	view.Shape = []int{n, t.Shape[1]}
	view.data, view.first = t.data[first*size:(first+n)*size], t.first+first
	return &view
}

// rename gives the text part of a model of text and images the names that a
// model of text has: it is under language_model (transformers 4) or
// model.language_model (5).
func (c *Checkpoint) rename(found map[string]*Tensor) {
	if c.config.Architecture != "gemma3_text" {
		return
	}
	for _, name := range sortedKeys(found) {
		short := name
		if rest, ok := strings.CutPrefix(name, "language_model."); ok {
			short = rest
		} else if rest, ok := strings.CutPrefix(name, "model.language_model."); ok {
			short = "model." + rest
		}
		if short != name && found[short] == nil {
			found[short] = found[name]
			delete(found, name)
		}
	}
}

// imageTensor says whether a tensor of Gemma 3 belongs to the image part.
func imageTensor(name string) bool {
	name = strings.TrimPrefix(name, "model.")
	return strings.HasPrefix(name, "vision_tower.") || strings.HasPrefix(name, "multi_modal_projector.")
}

// UnitNorms says whether the weights of norms mean 1 + w in a folder: Gemma's do.
// The conversion to GGUF adds the 1.
func (c *Config) UnitNorms() bool { return strings.HasPrefix(c.Architecture, "gemma") }
