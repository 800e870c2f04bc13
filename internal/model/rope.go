package model

import (
	"fmt"
	"math"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/ir"
)

// inverseFrequencies are theta^(-2i/d) after the scaling of the rope type, as
// transformers' modeling_rope_utils.py defines it, in float64.
func inverseFrequencies(r *checkpoint.Rope, headDim int) []float64 {
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
			freqs[i] = llama3Frequency(r, f)
		}
	}
	return freqs
}

// llama3Frequency divides low frequencies by the factor, keeps high ones, and
// goes smoothly from one to the other between.
func llama3Frequency(r *checkpoint.Rope, f float64) float64 {
	wavelength := 2 * math.Pi / f
	turns := float64(r.OriginalContext) / wavelength
	switch {
	case turns < r.LowFreq:
		return f / r.Factor
	case turns > r.HighFreq:
		return f
	}
	smooth := (turns - r.LowFreq) / (r.HighFreq - r.LowFreq)
	return float64((1-smooth)*f/r.Factor) + float64(smooth*f) // not fused
}

// ropeTables are the rope tables of a model by name of the weight: cosines and
// sines f32[context,D/2], computed in float64 and rounded once. They are a
// pack.RowSource.
type ropeTables map[string]ropeTable

type ropeTable struct {
	freqs []float64
	f     func(float64) float64
}

func newRopeTables(c *Config) ropeTables {
	freqs := inverseFrequencies(&c.Rope, c.HeadDim)
	return ropeTables{CosTable: {freqs, math.Cos}, SinTable: {freqs, math.Sin}}
}

// Floats implements pack.RowSource: the row of position pos.
func (t ropeTables) Floats(w *ir.Value, pos int, dst []float32) error {
	table := t[w.Name]
	for i, freq := range table.freqs {
		dst[i] = float32(table.f(float64(pos) * freq))
	}
	return nil
}

// Integers implements pack.RowSource.
func (t ropeTables) Integers(w *ir.Value, _ int, _ []byte, _ []float32, _ []int8) error {
	return fmt.Errorf("%s is not quantized", w.Name)
}

// has reports whether a weight is one of the tables.
func (t ropeTables) has(w *ir.Value) bool { return t[w.Name].f != nil }
