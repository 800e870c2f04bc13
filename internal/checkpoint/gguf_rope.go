package checkpoint

import (
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// ggufRope reads the rotary embedding of families in which all of a head rotates.
// A factor without a type is linear.
func (f *fields) ggufRope(c *Config, tensors ggufTensors) {
	f.refuse([]neutral{{"rope.dimension_count", c.HeadDim}})
	r := Rope{Type: "default", Theta: f.float("rope.freq_base", 10000)}
	kind := "none"
	if f.value("rope.scaling.factor") != nil {
		kind = "linear"
	}
	switch kind = f.string("rope.scaling.type", kind); kind {
	case "none":
	case "linear":
		f.need("rope.scaling.factor")
		r.Type, r.Factor = "linear", f.float("rope.scaling.factor", 0)
	case "yarn":
		f.ggufYarn(&r)
	default:
		f.fail("rope.scaling.type", "is %s; lpuctl supports none, linear and yarn", show(kind))
	}
	r.Divisors = f.divisors(tensors, "rope_freqs.weight", c.Rotated()/2)
	c.Rope = r
}

// ggufYarn reads yarn, whose attention factor llama.cpp computes.
func (f *fields) ggufYarn(r *Rope) {
	f.need("rope.scaling.factor", "rope.scaling.original_context_length")
	r.Type, r.Factor = "yarn", f.float("rope.scaling.factor", 0)
	r.OriginalContext = f.int("rope.scaling.original_context_length", 0)
	r.BetaFast = f.float("rope.scaling.yarn_beta_fast", 32)
	r.BetaSlow = f.float("rope.scaling.yarn_beta_slow", 1)
	r.AttentionFactor = yarnAttention(r.Factor, 1)
}

// divisors reads a tensor of n positive numbers that divide frequencies, nil if
// there is none: rope_freqs.weight is how GGUF states the llama3 scaling.
func (f *fields) divisors(tensors ggufTensors, name string, n int) []float32 {
	t := tensors[name]
	if t == nil || f.err != nil {
		return nil
	}
	list, err := decodeDivisors(t, n)
	if err != nil {
		f.err = fmt.Errorf("tensor %s%w", name, err)
	}
	return list
}

func decodeDivisors(t *gguf.Tensor, n int) ([]float32, error) {
	if want := []int{n}; t.Type != quant.F32 || !slices.Equal(t.Shape, want) {
		return nil, fmt.Errorf(" is %s %v, not F32 %v", t.Type, t.Shape, want)
	}
	list := make([]float32, n)
	if err := quant.Decode(t.Type, t.Data, list); err != nil {
		return nil, fmt.Errorf(": %w", err)
	}
	for i, v := range list {
		if !finite(float64(v)) {
			return nil, fmt.Errorf(": element %d is %v, not a positive number", i, v)
		}
	}
	return list, nil
}
