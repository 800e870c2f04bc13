package model

import (
	"fmt"
	"math"
)

// Rope is the rotary position embedding of an architecture.
type Rope struct {
	Theta   float64
	Type    string // "default", "linear" or "llama3"
	Factor  float64
	Low     float64 // llama3: low_freq_factor
	High    float64 // llama3: high_freq_factor
	Context int     // llama3: original_max_position_embeddings
	// Divisors divides each inverse frequency (GGUF's rope_freqs.weight); nil
	// for none.
	Divisors []float32
}

// check refuses numbers that give no frequencies of that many.
func (r *Rope) check(frequencies int) error {
	if !positive(r.Theta) {
		return fmt.Errorf("rope theta is %g", r.Theta)
	}
	scaled := r.Type == "linear" || r.Type == "llama3"
	switch {
	case !scaled && r.Type != "" && r.Type != "default":
		return fmt.Errorf("rope type %q is not supported", r.Type)
	case scaled && !positive(r.Factor):
		return fmt.Errorf("rope factor is %g", r.Factor)
	case r.Type == "llama3" && !(positive(r.Low) && positive(r.High-r.Low) && r.Context > 0):
		return fmt.Errorf("rope frequency factors are %g to %g, original context %d", r.Low, r.High, r.Context)
	case r.Divisors != nil && len(r.Divisors) != frequencies:
		return fmt.Errorf("%d rope divisors for %d frequencies", len(r.Divisors), frequencies)
	}
	for i, d := range r.Divisors {
		if !positive(float64(d)) {
			return fmt.Errorf("rope divisor %d is %g", i, d)
		}
	}
	return nil
}

// positive reports whether v is finite and above 0.
func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }

// inverseFrequencies are theta^(-2i/d) after the scaling of the rope type, as
// transformers' modeling_rope_utils.py defines it, in float64.
func (r *Rope) inverseFrequencies(headDim int) ([]float64, error) {
	if err := r.check(headDim / 2); err != nil {
		return nil, err
	}
	freqs := make([]float64, headDim/2)
	for i := range freqs {
		freqs[i] = math.Pow(r.Theta, -2*float64(i)/float64(headDim))
	}
	for i, d := range r.Divisors {
		freqs[i] /= float64(d)
	}
	switch r.Type {
	case "linear":
		for i := range freqs {
			freqs[i] /= r.Factor
		}
	case "llama3":
		for i, f := range freqs {
			freqs[i] = r.llama3(f)
		}
	}
	return freqs, nil
}

// llama3 divides low frequencies by the factor, keeps high ones, and goes
// smoothly from one to the other between.
func (r *Rope) llama3(f float64) float64 {
	wavelength := 2 * math.Pi / f
	turns := float64(r.Context) / wavelength
	switch {
	case turns < r.Low:
		return f / r.Factor
	case turns > r.High:
		return f
	}
	smooth := (turns - r.Low) / (r.High - r.Low)
	return float64((1-smooth)*f/r.Factor) + float64(smooth*f) // not fused
}

// ropeTables are the cosines and sines [context, headDim/2] of every position,
// computed in float64 and rounded once.
type ropeTables struct{ freqs []float64 }

func (t ropeTables) row(name string, pos int, dst []float32) {
	f := math.Cos
	if name == SinTable {
		f = math.Sin
	}
	for i, w := range t.freqs {
		dst[i] = float32(f(float64(pos) * w))
	}
}
