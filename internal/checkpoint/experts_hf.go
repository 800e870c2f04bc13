package checkpoint

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/checkpoint/packed"
)

// separateExperts are the families whose folders have a tensor for each matrix,
// with the names of the router and of the projections; %d stands for the number
// of the expert.
func separateExperts() map[string]map[string]string {
	return map[string]map[string]string{
		"mixtral": {
			"router": "block_sparse_moe.gate.weight",
			"gate":   "block_sparse_moe.experts.%d.w1.weight",
			"up":     "block_sparse_moe.experts.%d.w3.weight",
			"down":   "block_sparse_moe.experts.%d.w2.weight",
		},
		"qwen3_moe": {
			"router": "mlp.gate.weight",
			"gate":   "mlp.experts.%d.gate_proj.weight",
			"up":     "mlp.experts.%d.up_proj.weight",
			"down":   "mlp.experts.%d.down_proj.weight",
		},
	}
}

// gatherExperts replaces the tensors of a file that hold experts by those of
// expertTensors.
func (c *Checkpoint) gatherExperts(found map[string]*Tensor) error {
	gather := c.config.splitExperts
	switch {
	case c.format == "gguf":
		gather = c.config.stackOldGGUF
	case separateExperts()[c.config.Architecture] != nil:
		gather = c.config.stackExperts
	}
	for i := range c.config.Layers { // ends at the first that is missing
		if !c.config.Experts.In(i) {
			continue
		}
		if err := gather(found, i); err != nil {
			return err
		}
	}
	return nil
}

// stackExperts puts the matrices of separate experts together.
func (c *Config) stackExperts(found map[string]*Tensor, layer int) error {
	prefix, names := LayerPrefix(layer), separateExperts()[c.Architecture]
	if err := rename(found, prefix+names["router"], prefix+"mlp.router.weight"); err != nil {
		return err
	}
	for _, p := range expertProjections {
		if err := c.stack(found, prefix+names[p], prefix+"mlp.experts."+p+"_proj.weight"); err != nil {
			return err
		}
	}
	return nil
}

// stackOldGGUF puts together what GGUF files had apart before April 2024
// (llama.cpp, pull request 6387).
func (c *Config) stackOldGGUF(found map[string]*Tensor, layer int) error {
	prefix := ggufPrefix(layer)
	for _, p := range expertProjections {
		from, to := prefix+"ffn_"+p+".%d.weight", prefix+"ffn_"+p+"_exps.weight"
		if found[fmt.Sprintf(from, 0)] == nil {
			continue
		}
		if err := c.stack(found, from, to); err != nil {
			return err
		}
	}
	return nil
}

// stack replaces the matrices of all experts by one weight.
func (c *Config) stack(found map[string]*Tensor, from, to string) error {
	s := &expertStack{}
	for e := range c.Experts.Count {
		t, err := take(found, fmt.Sprintf(from, e))
		if err != nil {
			return err
		}
		if err := s.push(t); err != nil {
			return err
		}
	}
	return put(found, to, s.parts[0].path, s)
}

// joinedExperts is a tensor of gpt-oss's experts, from, and outputs first,
// first+step, … of it as a listed tensor, to.
type joinedExperts struct {
	from, to    string
	view        func(t *Tensor, first, step int) (packed.Weight, error)
	first, step int
}

// gptOSSExperts are the tensors of gpt-oss (transformers 02b8f42,
// modeling_gpt_oss.py): row 2n of gate_up_proj is row n of gate, row 2n+1 is
// row n of up. Matrices of floats are [in, out], packed ones [out, in].
func gptOSSExperts() []joinedExperts {
	return []joinedExperts{
		{"mlp.experts.gate_up_proj", "mlp.experts.gate_proj.weight", everyOutput, 0, 2},
		{"mlp.experts.gate_up_proj", "mlp.experts.up_proj.weight", everyOutput, 1, 2},
		{"mlp.experts.down_proj", "mlp.experts.down_proj.weight", everyOutput, 0, 1},
		{"mlp.experts.gate_up_proj_bias", "mlp.experts.gate_proj.bias", everyElement, 0, 2},
		{"mlp.experts.gate_up_proj_bias", "mlp.experts.up_proj.bias", everyElement, 1, 2},
		{"mlp.experts.down_proj_bias", "mlp.experts.down_proj.bias", everyElement, 0, 1},
	}
}

// splitExperts takes the tensors of gpt-oss apart.
func (c *Config) splitExperts(found map[string]*Tensor, layer int) error {
	prefix := LayerPrefix(layer)
	for _, r := range gptOSSExperts() {
		t := found[prefix+r.from]
		if t == nil {
			return fmt.Errorf("tensor %q is missing", prefix+r.from)
		}
		view, err := r.view(t, r.first, r.step)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if err := put(found, prefix+r.to, t.path, view); err != nil {
			return err
		}
	}
	for _, r := range gptOSSExperts() {
		delete(found, prefix+r.from)
	}
	return nil
}

// take removes a tensor from found.
func take(found map[string]*Tensor, name string) (*Tensor, error) {
	t := found[name]
	if t == nil {
		return nil, fmt.Errorf("tensor %q is missing", name)
	}
	delete(found, name)
	return t, nil
}

// rename gives a tensor another name.
func rename(found map[string]*Tensor, from, to string) error {
	t, err := take(found, from)
	if err != nil {
		return err
	}
	if found[to] != nil {
		return fmt.Errorf("tensor %q has no place in this architecture", to)
	}
	found[to] = t
	return nil
}

// put adds a weight to found.
func put(found map[string]*Tensor, name, path string, w packed.Weight) error {
	if found[name] != nil {
		return fmt.Errorf("tensor %q has no place in this architecture", name)
	}
	found[name] = &Tensor{Name: name, Shape: w.Shape(), Type: w.Type(), path: path, packed: w}
	return nil
}
