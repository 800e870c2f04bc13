package checkpoint

import (
	"fmt"
	"math"
)

// Experts is the mixture of experts of a model, in place of the MLP of some or
// all layers. Count is 0 in a model without one.
type Experts struct {
	Count        int
	PerToken     int  // selected for a token
	Intermediate int  // intermediate size of each
	Normalize    bool // the weights of those selected add up to 1

	Dense []bool // by layer, whether it has an MLP instead; nil: none has

	Bias  bool    // the router and the experts have biases
	Limit float64 // of the clamped SwiGLU of gpt-oss; 0: plain SwiGLU
	Alpha float64 // factor inside its sigmoid
}

// In reports whether layer i has experts.
func (e *Experts) In(i int) bool {
	return e.Count > 0 && (e.Dense == nil || !e.Dense[i])
}

// The projections of an expert.
var expertProjections = []string{"gate", "up", "down"}

// expertTensors adds the router and the matrices of the experts, stacked. Their
// names are the same for all families, as if there were one expert: what files
// call them, gatherExperts knows.
func (c *Config) expertTensors(s *specs) {
	e := &c.Experts
	s.linear("mlp.router", "ffn_gate_inp", e.Count, c.Hidden, e.Bias)
	for _, p := range expertProjections {
		out, in := e.Intermediate, c.Hidden
		if p == "down" {
			out, in = in, out
		}
		hf, gguf := "mlp.experts."+p+"_proj", "ffn_"+p+"_exps"
		s.add(hf+".weight", gguf+".weight", e.Count, out, in)
		if e.Bias {
			s.add(hf+".bias", gguf+".bias", e.Count, out)
		}
	}
}

// add adds a tensor of any shape.
func (s *specs) add(hf, gguf string, shape ...int) {
	*s = append(*s, Spec{Name: hf, Shape: shape, gguf: gguf})
}

// check refuses numbers that no mixture in that many layers can have.
func (e *Experts) check(layers int) error {
	switch {
	case e.Count == 0:
		return nil
	case e.Count < 0 || e.Count > maxSize:
		return fmt.Errorf("%d experts, not 1 to %d", e.Count, maxSize)
	case e.PerToken < 1 || e.PerToken > e.Count:
		return fmt.Errorf("%d experts of a token, not 1 to %d", e.PerToken, e.Count)
	case e.Intermediate < 1 || e.Intermediate > maxSize:
		return fmt.Errorf("intermediate size of an expert is %d, not 1 to %d", e.Intermediate, maxSize)
	case e.Dense != nil && len(e.Dense) != layers:
		return fmt.Errorf("experts in some of %d layers, not of %d", len(e.Dense), layers)
	case e.Limit < 0 || math.IsInf(e.Limit, 1) || e.Limit != e.Limit || e.Alpha != e.Alpha || math.IsInf(e.Alpha, 0):
		return fmt.Errorf("limit %v and alpha %v of SwiGLU", e.Limit, e.Alpha)
	}
	return nil
}
