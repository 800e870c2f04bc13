package checkpoint

import (
	"fmt"
	"math"
)

// Config is the architecture of a checkpoint, the same whatever the format.
type Config struct {
	Architecture string // "llama"

	Layers       int
	Hidden       int // hidden size
	Intermediate int // intermediate size of the MLP
	Heads        int // query heads
	KVHeads      int
	HeadDim      int // even; Heads*HeadDim need not be Hidden
	Vocab        int // rows of the embedding
	Context      int // positions the model was made for

	NormEps float64 // added to the mean square in RMSNorm
	Rope    Rope

	TieEmbeddings bool   // lm_head is the embedding
	BOS           int    // -1 if there is none
	EOS           []int  // each ends generation; may be empty
	DType         string // type of the weights as declared, or else the one that most elements have
}

// Rope is the rotary position embedding. Its fields are those of Hugging
// Face's rope_parameters; which are set depends on Type.
type Rope struct {
	Type            string  // "default", "linear" or "llama3"
	Theta           float64 // base of the frequencies
	Factor          float64 // linear, llama3
	LowFreq         float64 // llama3: low_freq_factor
	HighFreq        float64 // llama3: high_freq_factor
	OriginalContext int     // llama3: original_max_position_embeddings
	// Divisors divides each of the HeadDim/2 frequencies before the scaling of
	// the type (GGUF's rope_freqs.weight); nil for none.
	Divisors []float32
}

// maxSize bounds every number of a Config, so that products of three do not
// overflow.
const maxSize = 1 << 20

// Check refuses numbers that no model can have.
func (c *Config) Check() error {
	for _, n := range []struct {
		name  string
		value int
	}{
		{"layers", c.Layers}, {"hidden size", c.Hidden}, {"intermediate size", c.Intermediate},
		{"query heads", c.Heads}, {"KV heads", c.KVHeads}, {"head dimension", c.HeadDim}, {"vocabulary", c.Vocab},
	} {
		if n.value < 1 || n.value > maxSize {
			return fmt.Errorf("%s is %d, not 1 to %d", n.name, n.value, maxSize)
		}
	}
	switch {
	case c.Context < 1 || c.Context > math.MaxInt32:
		return fmt.Errorf("context is %d positions, not 1 to %d", c.Context, math.MaxInt32)
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("%d query heads do not divide among %d KV heads", c.Heads, c.KVHeads)
	case c.HeadDim%2 != 0:
		return fmt.Errorf("head dimension %d is odd", c.HeadDim)
	case !(c.NormEps > 0 && c.NormEps < 1):
		return fmt.Errorf("epsilon of RMSNorm is %v, not between 0 and 1", c.NormEps)
	}
	return c.Rope.check(c.HeadDim / 2)
}

// check refuses numbers that do not give that many frequencies.
func (r *Rope) check(frequencies int) error {
	if !finite(r.Theta) {
		return fmt.Errorf("rope theta is %v, not a positive number", r.Theta)
	}
	if r.Divisors != nil && len(r.Divisors) != frequencies {
		return fmt.Errorf("%d rope divisors for %d frequencies", len(r.Divisors), frequencies)
	}
	for i, d := range r.Divisors {
		if !finite(float64(d)) {
			return fmt.Errorf("rope divisor %d is %v, not a positive number", i, d)
		}
	}
	return r.checkScaling()
}

func (r *Rope) checkScaling() error {
	switch {
	case r.Type == "default":
		return nil
	case r.Type != "linear" && r.Type != "llama3":
		return fmt.Errorf("rope type %q is not supported", r.Type)
	case !finite(r.Factor):
		return fmt.Errorf("rope factor is %v, not a positive number", r.Factor)
	case r.Type == "linear":
		return nil
	case !finite(r.LowFreq) || !finite(r.HighFreq) || r.LowFreq >= r.HighFreq:
		return fmt.Errorf("rope frequency factors low %v, high %v: not positive and ascending", r.LowFreq, r.HighFreq)
	case r.OriginalContext < 1 || r.OriginalContext > math.MaxInt32:
		return fmt.Errorf("original context of rope is %d positions, not 1 to %d", r.OriginalContext, math.MaxInt32)
	}
	return nil
}

// finite says whether v is a positive finite number.
func finite(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
