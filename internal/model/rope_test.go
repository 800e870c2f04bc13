package model

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// sameFrequency allows a few roundings of float64 between two ways to compute
// a power.
const sameFrequency = 1e-14

// TestLlama3Frequencies compares with numbers that Python computed in float64
// by transformers' _compute_llama3_parameters (selection by wavelength, then
// smoothing), for Llama 3.1: theta 500000, head dimension 128, factor 8, low 1,
// high 4, original context 8192.
func TestLlama3Frequencies(t *testing.T) {
	c, err := Preset("llama3.1-70b")
	require.NoError(t, err)
	freqs, err := c.Rope.inverseFrequencies(128)
	require.NoError(t, err)
	require.Len(t, freqs, 64)
	for i, want := range map[int]float64{
		0:  1.0,
		1:  0.8146172338565447,
		20: 0.016560440080994446,
		28: 0.0032114459947525913,
		29: 0.002166570763503359,
		30: 0.0013718935677611381,
		32: 0.0005248461609929547,
		34: 0.00017850781276799638,
		35: 9.556212353964683e-05,
		36: 7.78465527393245e-05,
		50: 4.411534674558404e-06,
		63: 3.068925988914511e-07,
	} {
		require.InEpsilon(t, want, freqs[i], sameFrequency, "frequency %d", i)
	}
}

func TestFrequencies(t *testing.T) {
	plain, err := (&Rope{Theta: 10000}).inverseFrequencies(4)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 0.01}, plain)
	linear, err := (&Rope{Theta: 10000, Type: "linear", Factor: 4}).inverseFrequencies(4)
	require.NoError(t, err)
	require.Equal(t, []float64{0.25, 0.0025}, linear)
	divided, err := (&Rope{Theta: 10000, Divisors: []float32{2, 8}}).inverseFrequencies(4)
	require.NoError(t, err)
	require.Equal(t, []float64{0.5, 0.00125}, divided)
}

// TestLlama3Divisors: the factors that GGUF files of Llama 3.1 carry in place
// of the rope type give the same frequencies, up to their float32.
func TestLlama3Divisors(t *testing.T) {
	scaled := Rope{Theta: 500000, Type: "llama3", Factor: 8, Low: 1, High: 4, Context: 8192}
	want, err := scaled.inverseFrequencies(128)
	require.NoError(t, err)
	plain := Rope{Theta: 500000}
	base, err := plain.inverseFrequencies(128)
	require.NoError(t, err)
	for i := range base {
		plain.Divisors = append(plain.Divisors, float32(base[i]/want[i]))
	}
	require.EqualValues(t, 1, plain.Divisors[0])
	require.EqualValues(t, 8, plain.Divisors[63])
	got, err := plain.inverseFrequencies(128)
	require.NoError(t, err)
	require.InEpsilonSlice(t, want, got, 1e-7)
}

// TestRopeTables reads the tables of a preset as the engines do.
func TestRopeTables(t *testing.T) {
	c, err := Preset("stories260k")
	require.NoError(t, err)
	m, err := Llama(c, PresetTypes{}, Options{Kind: ir.KindF32})
	require.NoError(t, err)
	plan, err := pack.NewPlan(m)
	require.NoError(t, err)
	src, err := Synthetic(c, 1)
	require.NoError(t, err)
	store, err := pack.Build(t.Context(), plan, src, nil)
	require.NoError(t, err)
	tables := map[string][]float32{}
	for _, w := range m.Weights {
		if isTable(w.Name) {
			tensor, err := store.Get(w)
			require.NoError(t, err)
			tables[w.Name] = pack.Floats(tensor.Parts[0])
		}
	}
	require.Len(t, tables[CosTable], 512*4)
	for pos := range 512 {
		for i := range 4 {
			angle := float64(pos) * math.Pow(10000, -float64(i)/4)
			require.Equal(t, float32(math.Cos(angle)), tables[CosTable][pos*4+i])
			require.Equal(t, float32(math.Sin(angle)), tables[SinTable][pos*4+i])
		}
	}
}

func TestRopeErrors(t *testing.T) {
	for _, c := range []struct {
		rope Rope
		want string
	}{
		{Rope{Theta: 0}, "rope theta is 0"},
		{Rope{Theta: math.NaN()}, "rope theta is NaN"},
		{Rope{Theta: math.Inf(1)}, "rope theta is +Inf"},
		{Rope{Theta: 1e4, Type: "yarn"}, `rope type "yarn" is not supported`},
		{Rope{Theta: 1e4, Type: "linear"}, "rope factor is 0"},
		{Rope{Theta: 1e4, Type: "llama3", Factor: -8, Low: 1, High: 4, Context: 8192}, "rope factor is -8"},
		{Rope{Theta: 1e4, Type: "llama3", Factor: 8, Low: 4, High: 4, Context: 8192},
			"rope frequency factors are 4 to 4, original context 8192"},
		{Rope{Theta: 1e4, Type: "llama3", Factor: 8, Low: 1, High: 4},
			"rope frequency factors are 1 to 4, original context 0"},
		{Rope{Theta: 1e4, Divisors: []float32{1}}, "1 rope divisors for 4 frequencies"},
		{Rope{Theta: 1e4, Divisors: []float32{1, 1, 0, 1}}, "rope divisor 2 is 0"},
	} {
		config, err := Preset("stories260k")
		require.NoError(t, err)
		config.Rope = c.rope
		_, err = Llama(config, PresetTypes{}, Options{Kind: ir.KindF32})
		require.EqualError(t, err, "model: stories260k: "+c.want)
		_, err = Synthetic(config, 1)
		require.EqualError(t, err, "model: stories260k: "+c.want)
	}
}
