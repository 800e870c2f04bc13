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

// inverseFrequencies are theta^(-2i/d) after the scaling of the rope type, as
// transformers' modeling_rope_utils.py defines it, in float64.
func (r *Rope) inverseFrequencies(headDim int) ([]float64, error) {
	freqs := make([]float64, headDim/2)
	for i := range freqs {
		freqs[i] = math.Pow(r.Theta, -2*float64(i)/float64(headDim))
	}
	if r.Divisors != nil && len(r.Divisors) != len(freqs) {
		return nil, fmt.Errorf("%d rope divisors for %d frequencies", len(r.Divisors), len(freqs))
	}
	for i, d := range r.Divisors {
		freqs[i] /= float64(d)
	}
	switch r.Type {
	case "", "default":
	case "linear":
		for i := range freqs {
			freqs[i] /= r.Factor
		}
	case "llama3":
		for i, f := range freqs {
			freqs[i] = r.llama3(f)
		}
	default:
		return nil, fmt.Errorf("rope type %q is not supported", r.Type)
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
	return (1-smooth)*f/r.Factor + smooth*f
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
