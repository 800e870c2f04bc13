package checkpoint

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Stored is a tensor as a file has it, and what it holds of the tensors that
// ModelTensors and LayerTensors list.
type Stored struct {
	Name   string // the file's
	Parts  []Spec // with whole names, in the order of the file: several are fused
	Expert int    // which expert of a stack it holds; -1 for all

	// InTurn says that it holds outputs of the parts in turn, and inputs before
	// outputs if it is a matrix of floats: gpt-oss's experts.
	InTurn bool
}

// Stored lists the tensors that a file of the format has, "gguf" or
// "safetensors".
func (c *Config) Stored(format string) iter.Seq[Stored] {
	return func(yield func(Stored) bool) {
		for _, s := range c.ModelTensors() {
			name, _ := c.storedName(format, s)
			if !yield(Stored{Name: name, Parts: []Spec{s}, Expert: -1}) {
				return
			}
		}
		for i := range c.Layers {
			for _, s := range c.storedLayer(format, i) {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// storedLayer lists the tensors of a layer. Parts of one tensor come together
// where the first of them is listed.
func (c *Config) storedLayer(format string, layer int) []Stored {
	prefix := LayerPrefix(layer)
	if format == "gguf" {
		prefix = ggufPrefix(layer)
	}
	var list []Stored
	for _, s := range c.LayerTensors(layer) {
		name, inTurn := c.storedName(format, s)
		s.Name, s.gguf, name = LayerPrefix(layer)+s.Name, ggufPrefix(layer)+s.gguf, prefix+name
		if strings.Contains(name, "%d") {
			for e := range c.Experts.Count {
				list = append(list, Stored{Name: fmt.Sprintf(name, e), Parts: []Spec{s}, Expert: e})
			}
			continue
		}
		at := slices.IndexFunc(list, func(other Stored) bool { return other.Name == name })
		if at < 0 {
			at = len(list)
			list = append(list, Stored{Name: name, Expert: -1, InTurn: inTurn})
		}
		list[at].Parts = append(list[at].Parts, s)
	}
	return list
}

// storedName returns the name of the tensor of a layer, without its prefix, that
// holds a listed one; %d stands for the number of an expert.
func (c *Config) storedName(format string, s Spec) (name string, inTurn bool) {
	for _, f := range c.fusions() {
		for _, p := range f.parts {
			switch {
			case format == "gguf" && p.gguf == s.gguf:
				return f.gguf, false
			case format != "gguf" && p.name == s.Name:
				return f.whole, false
			}
		}
	}
	if format == "gguf" {
		return s.gguf, false
	}
	return c.hfExpertName(s.Name)
}

// hfExpertName returns what a folder calls a tensor of a mixture of experts; the
// name of any other tensor is its own.
func (c *Config) hfExpertName(name string) (stored string, inTurn bool) {
	if names := separateExperts()[c.Architecture]; names != nil {
		switch short := strings.TrimSuffix(strings.TrimPrefix(name, "mlp.experts."), "_proj.weight"); {
		case name == "mlp.router.weight":
			return names["router"], false
		case slices.Contains(expertProjections, short):
			return names[short], false
		}
	}
	if c.Architecture == "gpt_oss" {
		for _, r := range gptOSSExperts() {
			if r.to == name {
				return r.from, true
			}
		}
	}
	return name, false
}
