package model

import (
	"fmt"
	"math"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/ir"
)

// inverseFrequencies are theta^(-2i/n) for the n elements of a head that rotate,
// after the scaling of the rope type, as transformers' modeling_rope_utils.py
// defines it, in float64. context is that of the graph.
func inverseFrequencies(r *checkpoint.Rope, n, context int) []float64 {
	freqs := make([]float64, n/2)
	for i := range freqs {
		freqs[i] = math.Pow(r.Theta, -2*float64(i)/float64(n))
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
	case "yarn":
		yarn(r, freqs)
	case "longrope":
		factors := r.ShortFactors
		if context > r.OriginalContext {
			factors = r.LongFactors
		}
		for i, f := range factors {
			freqs[i] /= f
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

// yarn divides low frequencies by the factor, keeps high ones, and goes along a
// straight line from one to the other between (Peng et al., 2023).
func yarn(r *checkpoint.Rope, freqs []float64) {
	n := 2 * len(freqs)
	bound := func(turns float64) float64 { // the frequency of that many turns in the original context
		return float64(n) * math.Log(float64(r.OriginalContext)/(turns*2*math.Pi)) / (2 * math.Log(r.Theta))
	}
	low, high := bound(r.BetaFast), bound(r.BetaSlow)
	if !r.Untruncated {
		low, high = math.Floor(low), math.Ceil(high)
	}
	low, high = max(low, 0), min(high, float64(n-1))
	if low == high {
		high += 0.001
	}
	for i, f := range freqs {
		divided := min(max((float64(i)-low)/(high-low), 0), 1)
		freqs[i] = float64(f/r.Factor*divided) + float64(f*(1-divided)) // not fused
	}
}

// ropeTables are the rope tables of a model by name of the weight: cosines and
// sines f32[context,R/2], computed in float64 and rounded once. They are a
// pack.RowSource.
type ropeTables map[string]ropeTable

type ropeTable struct {
	freqs  []float64
	f      func(float64) float64
	factor float64 // of every element
}

// newRopeTables makes the tables of a graph of that context, 0 for that of the
// architecture.
func newRopeTables(c *Config, context int) ropeTables {
	if context == 0 {
		context = c.Context
	}
	t := ropeTables{}
	t.add(&c.Rope, CosTable, SinTable, c.Rotated(), context)
	if c.LocalRope != nil {
		t.add(c.LocalRope, LocalCosTable, LocalSinTable, c.Rotated(), context)
	}
	return t
}

func (t ropeTables) add(r *checkpoint.Rope, cos, sin string, n, context int) {
	freqs, factor := inverseFrequencies(r, n, context), 1.0
	if r.Type == "yarn" || r.Type == "longrope" {
		factor = r.AttentionFactor
	}
	t[cos], t[sin] = ropeTable{freqs, math.Cos, factor}, ropeTable{freqs, math.Sin, factor}
}

// Floats implements pack.RowSource: the row of position pos.
func (t ropeTables) Floats(w *ir.Value, pos int, dst []float32) error {
	table := t[w.Name]
	for i, freq := range table.freqs {
		dst[i] = float32(table.f(float64(pos)*freq) * table.factor)
	}
	return nil
}

// Integers implements pack.RowSource.
func (t ropeTables) Integers(w *ir.Value, _ int, _ []byte, _ []float32, _ []int8) error {
	return fmt.Errorf("%s is not quantized", w.Name)
}

// has reports whether a weight is one of the tables.
func (t ropeTables) has(w *ir.Value) bool { return t[w.Name].f != nil }
