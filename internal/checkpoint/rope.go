package checkpoint

import (
	"fmt"
	"math"
)

// Rope is the rotary position embedding. Its fields are those of Hugging
// Face's rope_parameters; which are set depends on Type.
type Rope struct {
	Type            string  // "default", "linear", "llama3", "yarn" or "longrope"
	Theta           float64 // base of the frequencies
	Factor          float64 // linear, llama3, yarn
	OriginalContext int     // llama3, yarn, longrope: original_max_position_embeddings
	LowFreq         float64 // llama3: low_freq_factor
	HighFreq        float64 // llama3: high_freq_factor
	BetaFast        float64 // yarn: frequencies of more turns than that in the original context stay
	BetaSlow        float64 // yarn: those of fewer are divided by Factor
	Untruncated     bool    // yarn: the bounds between them are not rounded
	// AttentionFactor multiplies the cosines and sines (yarn, longrope).
	AttentionFactor float64
	// ShortFactors and LongFactors divide the frequencies one by one (longrope):
	// for contexts up to OriginalContext, and for longer ones.
	ShortFactors, LongFactors []float64
	// Divisors divides each of the frequencies before the scaling of the type
	// (GGUF's rope_freqs.weight); nil for none.
	Divisors []float32
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
	switch r.Type {
	case "default":
		return nil
	case "linear":
		return r.checkFactor()
	case "llama3":
		return r.checkLlama3()
	case "yarn":
		return r.checkYarn()
	case "longrope":
		return r.checkLong(frequencies)
	}
	return fmt.Errorf("rope type %q is not supported", r.Type)
}

func (r *Rope) checkFactor() error {
	if !finite(r.Factor) {
		return fmt.Errorf("rope factor is %v, not a positive number", r.Factor)
	}
	return nil
}

func (r *Rope) checkOriginal() error {
	if r.OriginalContext < 1 || r.OriginalContext > math.MaxInt32 {
		return fmt.Errorf("original context of rope is %d positions, not 1 to %d", r.OriginalContext, math.MaxInt32)
	}
	return nil
}

func (r *Rope) checkLlama3() error {
	if err := r.checkFactor(); err != nil {
		return err
	}
	if !finite(r.LowFreq) || !finite(r.HighFreq) || r.LowFreq >= r.HighFreq {
		return fmt.Errorf("rope frequency factors low %v, high %v: not positive and ascending", r.LowFreq, r.HighFreq)
	}
	return r.checkOriginal()
}

func (r *Rope) checkYarn() error {
	if err := r.checkFactor(); err != nil {
		return err
	}
	switch {
	case !finite(r.AttentionFactor):
		return fmt.Errorf("attention factor of rope is %v, not a positive number", r.AttentionFactor)
	case !finite(r.BetaFast) || !finite(r.BetaSlow) || r.BetaFast < r.BetaSlow:
		return fmt.Errorf("betas of rope fast %v, slow %v: not positive and descending", r.BetaFast, r.BetaSlow)
	case r.Theta == 1:
		return fmt.Errorf("rope theta is 1, which gives yarn no range")
	}
	return r.checkOriginal()
}

func (r *Rope) checkLong(frequencies int) error {
	if !finite(r.AttentionFactor) {
		return fmt.Errorf("attention factor of rope is %v, not a positive number", r.AttentionFactor)
	}
	for _, list := range [][]float64{r.ShortFactors, r.LongFactors} {
		if len(list) != frequencies {
			return fmt.Errorf("%d long rope factors for %d frequencies", len(list), frequencies)
		}
		for i, v := range list {
			if !finite(v) {
				return fmt.Errorf("long rope factor %d is %v, not a positive number", i, v)
			}
		}
	}
	return r.checkOriginal()
}

// YarnAttention is the attention factor of yarn for a scaling factor.
func YarnAttention(factor float64) float64 { return yarnAttention(factor, 1) }

// LongAttention is the attention factor of longrope for a context and the
// original one, in positions.
func LongAttention(context, original int) float64 {
	return longAttention(float64(context)/float64(max(original, 1)), original)
}

// yarnAttention is the attention factor of yarn for a scaling factor (Peng et
// al., 2023, section 3.4), with DeepSeek's multiplier.
func yarnAttention(factor, multiplier float64) float64 {
	if factor <= 1 {
		return 1
	}
	return float64(0.1*multiplier*math.Log(factor)) + 1
}

// longAttention is the attention factor of longrope (Ding et al., 2024) for the
// ratio of the context to the original one.
func longAttention(factor float64, original int) float64 {
	if factor <= 1 {
		return 1
	}
	return math.Sqrt(1 + math.Log(factor)/math.Log(float64(original)))
}
