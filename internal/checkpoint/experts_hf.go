package checkpoint

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/checkpoint/packed"
)

// expertNames are the names of a layer's mixture in a Hugging Face folder; %d
// stands for the number of an expert.
type expertNames struct{ router, gate, up, down string }

func (n *expertNames) projection(p string) string {
	switch p {
	case "gate":
		return n.gate
	case "up":
		return n.up
	}
	return n.down
}

// separateExperts are the families whose files have a tensor for each matrix.
func separateExperts() map[string]expertNames {
	return map[string]expertNames{
		"mixtral": {
			"block_sparse_moe.gate.weight", "block_sparse_moe.experts.%d.w1.weight",
			"block_sparse_moe.experts.%d.w3.weight", "block_sparse_moe.experts.%d.w2.weight",
		},
		"qwen3_moe": {
			"mlp.gate.weight", "mlp.experts.%d.gate_proj.weight",
			"mlp.experts.%d.up_proj.weight", "mlp.experts.%d.down_proj.weight",
		},
	}
}

// gatherExperts replaces the tensors of a Hugging Face folder that hold experts
// by those of expertTensors.
func (c *Config) gatherExperts(found map[string]*Tensor) error {
	for i := range c.Layers { // ends at the first that is missing
		if !c.Experts.In(i) {
			continue
		}
		gather := c.splitExperts
		if _, ok := separateExperts()[c.Architecture]; ok {
			gather = c.stackExperts
		}
		if err := gather(found, LayerPrefix(i)); err != nil {
			return err
		}
	}
	return nil
}

// stackExperts puts the matrices of separate experts together.
func (c *Config) stackExperts(found map[string]*Tensor, prefix string) error {
	names := separateExperts()[c.Architecture]
	router, err := take(found, prefix+names.router)
	if err != nil {
		return err
	}
	found[prefix+"mlp.router.weight"] = router
	for _, p := range expertProjections {
		stack := &expertStack{}
		for e := range c.Experts.Count {
			t, err := take(found, fmt.Sprintf(prefix+names.projection(p), e))
			if err != nil {
				return err
			}
			if err := stack.push(t); err != nil {
				return err
			}
		}
		if err := put(found, prefix+"mlp.experts."+p+"_proj.weight", stack.parts[0].path, stack); err != nil {
			return err
		}
	}
	return nil
}

// splitExperts takes the tensors of gpt-oss apart (transformers 02b8f42,
// modeling_gpt_oss.py): row 2n of gate_up_proj is row n of gate, row 2n+1 is
// row n of up. Matrices of floats are [in, out], packed ones [out, in].
func (c *Config) splitExperts(found map[string]*Tensor, prefix string) error {
	prefix += "mlp.experts."
	for _, r := range []struct {
		from, to    string
		view        func(t *Tensor, first, step int) (packed.Weight, error)
		first, step int
	}{
		{"gate_up_proj", "gate_proj.weight", everyOutput, 0, 2},
		{"gate_up_proj", "up_proj.weight", everyOutput, 1, 2},
		{"down_proj", "down_proj.weight", everyOutput, 0, 1},
		{"gate_up_proj_bias", "gate_proj.bias", everyElement, 0, 2},
		{"gate_up_proj_bias", "up_proj.bias", everyElement, 1, 2},
		{"down_proj_bias", "down_proj.bias", everyElement, 0, 1},
	} {
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
	for _, name := range []string{"gate_up_proj", "down_proj", "gate_up_proj_bias", "down_proj_bias"} {
		delete(found, prefix+name)
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

// put adds a weight to found.
func put(found map[string]*Tensor, name, path string, w packed.Weight) error {
	if found[name] != nil {
		return fmt.Errorf("tensor %q has no place in this architecture", name)
	}
	found[name] = &Tensor{Name: name, Shape: w.Shape(), Type: w.Type(), path: path, packed: w}
	return nil
}
