package convert

import (
	"fmt"
	"math"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// ropeKeys says how frequencies are scaled, but for what ropeTensors has.
func ropeKeys(r *checkpoint.Rope, add func(key string, value any)) {
	switch r.Type {
	case "linear":
		add("rope.scaling.type", "linear")
		add("rope.scaling.factor", float32(r.Factor))
	case "yarn":
		add("rope.scaling.type", "yarn")
		add("rope.scaling.factor", float32(r.Factor))
		add("rope.scaling.original_context_length", uint32(r.OriginalContext))
		add("rope.scaling.yarn_beta_fast", float32(r.BetaFast))
		add("rope.scaling.yarn_beta_slow", float32(r.BetaSlow))
	case "longrope":
		add("rope.scaling.original_context_length", uint32(r.OriginalContext))
		add("rope.scaling.attn_factor", float32(r.AttentionFactor))
	}
}

// ropeTensors are the tensors of a GGUF file that scale frequencies.
func ropeTensors(c *checkpoint.Config) []tensor {
	var list []tensor
	add := func(name string, v []float32) {
		if v != nil {
			list = append(list, tensor{name: name, shape: []int{len(v)}, typ: quant.F32, src: vector(v)})
		}
	}
	add("rope_freqs.weight", divisors(c))
	if c.Rope.Type == "longrope" {
		add("rope_factors_long.weight", narrowed(c.Rope.LongFactors))
		add("rope_factors_short.weight", narrowed(c.Rope.ShortFactors))
	}
	return list
}

// inGGUF is a configuration as a GGUF file puts it: the scaling of Llama 3 by
// its divisors.
func inGGUF(c checkpoint.Config) *checkpoint.Config {
	if c.Rope.Type == "llama3" {
		c.Rope = checkpoint.Rope{Type: "default", Theta: c.Rope.Theta, Divisors: divisors(&c)}
	}
	return &c
}

// divisors returns the contents of rope_freqs.weight, which is how GGUF states
// the scaling of Llama 3: what each frequency is divided by. It is nil if there
// is no such scaling.
func divisors(c *checkpoint.Config) []float32 {
	r := &c.Rope
	if r.Type != "llama3" {
		return r.Divisors
	}
	d := make([]float32, c.HeadDim/2)
	for i := range d {
		wavelength := 2 * math.Pi * math.Pow(r.Theta, 2*float64(i)/float64(c.HeadDim))
		turns := float64(r.OriginalContext) / wavelength
		switch {
		case turns > r.HighFreq:
			d[i] = 1
		case turns < r.LowFreq:
			d[i] = float32(r.Factor)
		default:
			s := (turns - r.LowFreq) / (r.HighFreq - r.LowFreq)
			d[i] = float32(1 / (float64((1-s)/r.Factor) + s)) // not fused
		}
	}
	return d
}

// ropeScaling returns the value of rope_scaling.
func ropeScaling(c *checkpoint.Config) (any, error) {
	r := &c.Rope
	switch {
	case r.Divisors != nil && r.Type != "default":
		return nil, fmt.Errorf("rope is both %s and divided by rope_freqs.weight, which config.json cannot say", r.Type)
	case r.Divisors != nil:
		return llama3Of(c)
	case r.Type == "linear":
		return map[string]any{"rope_type": "linear", "factor": r.Factor}, nil
	case r.Type == "llama3":
		return llama3Scaling(r), nil
	case r.Type == "yarn":
		return yarnScaling(r), nil
	case r.Type == "longrope":
		return longScaling(r, c.Context), nil
	}
	return nil, nil
}

func yarnScaling(r *checkpoint.Rope) map[string]any {
	object := map[string]any{
		"rope_type": "yarn", "factor": r.Factor, "original_max_position_embeddings": r.OriginalContext,
		"beta_fast": r.BetaFast, "beta_slow": r.BetaSlow, "truncate": !r.Untruncated,
	}
	if r.AttentionFactor != checkpoint.YarnAttention(r.Factor) {
		object["attention_factor"] = r.AttentionFactor
	}
	return object
}

// longScaling has three keys if these say it: transformers 4 refuses more in a
// Phi-3.
func longScaling(r *checkpoint.Rope, context int) map[string]any {
	object := map[string]any{"type": "longrope", "short_factor": narrowed(r.ShortFactors), "long_factor": narrowed(r.LongFactors)}
	if r.AttentionFactor != checkpoint.LongAttention(context, r.OriginalContext) {
		object["attention_factor"] = r.AttentionFactor
	}
	return object
}

// narrowed is a list in float32, which readers round it to.
func narrowed(list []float64) []float32 {
	to := make([]float32, len(list))
	for i, v := range list {
		to[i] = float32(v)
	}
	return to
}

func llama3Scaling(r *checkpoint.Rope) map[string]any {
	return map[string]any{
		"rope_type": "llama3", "factor": r.Factor, "low_freq_factor": r.LowFreq, "high_freq_factor": r.HighFreq,
		"original_max_position_embeddings": r.OriginalContext,
	}
}

// llama3Of finds the scaling that gives the divisors: that of Llama 3.1 to 3.3,
// whose factor is the largest divisor.
func llama3Of(c *checkpoint.Config) (any, error) {
	guess := *c
	guess.Rope.Type, guess.Rope.LowFreq, guess.Rope.HighFreq, guess.Rope.OriginalContext = "llama3", 1, 4, 8192
	for _, d := range c.Rope.Divisors {
		guess.Rope.Factor = max(guess.Rope.Factor, float64(d))
	}
	for i, d := range divisors(&guess) {
		if math.Abs(float64(d/c.Rope.Divisors[i])-1) > 1e-6 { // computed in float32 elsewhere
			return nil, fmt.Errorf("rope_freqs.weight is not the scaling of Llama 3.1: element %d is %g, want %g", i, c.Rope.Divisors[i], d)
		}
	}
	return llama3Scaling(&guess.Rope), nil
}
