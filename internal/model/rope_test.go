package model

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
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
	freqs := inverseFrequencies(&c.Rope, 128, 131072)
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
	require.Equal(t, []float64{1, 0.01}, inverseFrequencies(&checkpoint.Rope{Theta: 10000}, 4, 0))
	require.Equal(t, []float64{0.25, 0.0025}, inverseFrequencies(&checkpoint.Rope{Theta: 10000, Type: "linear", Factor: 4}, 4, 0))
	require.Equal(t, []float64{0.5, 0.00125}, inverseFrequencies(&checkpoint.Rope{Theta: 10000, Divisors: []float32{2, 8}}, 4, 0))
}

// TestLlama3Divisors: the factors that GGUF files of Llama 3.1 carry in place
// of the rope type give the same frequencies, up to their float32.
func TestLlama3Divisors(t *testing.T) {
	scaled := checkpoint.Rope{Theta: 500000, Type: "llama3", Factor: 8, LowFreq: 1, HighFreq: 4, OriginalContext: 8192}
	want := inverseFrequencies(&scaled, 128, 0)
	plain := checkpoint.Rope{Theta: 500000}
	base := inverseFrequencies(&plain, 128, 0)
	for i := range base {
		plain.Divisors = append(plain.Divisors, float32(base[i]/want[i]))
	}
	require.EqualValues(t, 1, plain.Divisors[0])
	require.EqualValues(t, 8, plain.Divisors[63])
	require.InEpsilonSlice(t, want, inverseFrequencies(&plain, 128, 0), 1e-7)
}

// TestRopeTables reads the tables of a preset as the engines do.
func TestRopeTables(t *testing.T) {
	c, err := Preset("stories260k")
	require.NoError(t, err)
	m, err := Build(c, PresetTypes{}, Options{Kind: ir.KindF32})
	require.NoError(t, err)
	plan, err := pack.NewPlan(m)
	require.NoError(t, err)
	store, err := pack.Build(t.Context(), plan, Synthetic(c, 0, 1), nil)
	require.NoError(t, err)
	tables := map[string][]float32{}
	for _, w := range m.Weights {
		if w.Name == CosTable || w.Name == SinTable {
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
		rope checkpoint.Rope
		want string
	}{
		{checkpoint.Rope{Theta: 0}, "rope theta is 0, not a positive number"},
		{checkpoint.Rope{Theta: math.NaN()}, "rope theta is NaN, not a positive number"},
		{checkpoint.Rope{Theta: math.Inf(1)}, "rope theta is +Inf, not a positive number"},
		{checkpoint.Rope{Theta: 1e4, Type: "dynamic"}, `rope type "dynamic" is not supported`},
		{checkpoint.Rope{Theta: 1e4, Type: "linear"}, "rope factor is 0, not a positive number"},
		{checkpoint.Rope{Theta: 1e4, Type: "llama3", Factor: -8, LowFreq: 1, HighFreq: 4, OriginalContext: 8192},
			"rope factor is -8, not a positive number"},
		{checkpoint.Rope{Theta: 1e4, Type: "llama3", Factor: 8, LowFreq: 4, HighFreq: 4, OriginalContext: 8192},
			"rope frequency factors low 4, high 4: not positive and ascending"},
		{checkpoint.Rope{Theta: 1e4, Type: "llama3", Factor: 8, LowFreq: 1, HighFreq: 4},
			"original context of rope is 0 positions, not 1 to 2147483647"},
		{checkpoint.Rope{Theta: 1e4, Type: "default", Divisors: []float32{1}}, "1 rope divisors for 4 frequencies"},
		{checkpoint.Rope{Theta: 1e4, Type: "default", Divisors: []float32{1, 1, 0, 1}}, "rope divisor 2 is 0, not a positive number"},
	} {
		config, err := Preset("stories260k")
		require.NoError(t, err)
		config.Rope = c.rope
		_, err = Build(config, PresetTypes{}, Options{Kind: ir.KindF32})
		require.EqualError(t, err, "model: stories260k: "+c.want)
	}
}

// TestYarnFrequencies compares with numbers that Python computed in float64 by
// transformers' _compute_yarn_parameters, for Qwen 2.5 and for gpt-oss, whose
// bounds are not rounded.
func TestYarnFrequencies(t *testing.T) {
	qwen := checkpoint.Rope{Type: "yarn", Theta: 1e6, Factor: 4, OriginalContext: 32768, BetaFast: 32, BetaSlow: 1}
	oss := checkpoint.Rope{Type: "yarn", Theta: 150000, Factor: 32, OriginalContext: 4096, BetaFast: 32, BetaSlow: 1, Untruncated: true}
	for i, want := range map[int]float64{
		0: 1, 1: 0.8058421877614819, 22: 0.008659643233600653, 23: 0.006978305848598663, 24: 0.005375321490790102,
		30: 0.0010643609812470017, 35: 0.0002462584069089387, 39: 6.490394320837028e-05, 40: 4.445698525097307e-05,
		41: 3.582531425592407e-05, 63: 3.102344401879299e-07,
	} {
		require.InEpsilon(t, want, inverseFrequencies(&qwen, 128, 0)[i], sameFrequency, "frequency %d of qwen", i)
	}
	for i, want := range map[int]float64{
		0: 1, 1: 0.6890443058881633, 8: 0.050813274815461475, 9: 0.03170569618466377, 12: 0.006794959489732219,
		15: 0.0010526021013863359, 17: 0.00012931870124506317, 18: 3.8308812373753384e-05, 31: 3.0235114281192144e-07,
	} {
		require.InEpsilon(t, want, inverseFrequencies(&oss, 64, 0)[i], sameFrequency, "frequency %d of gpt-oss", i)
	}
}

// TestLongRope: the context of the graph chooses the factors, and the attention
// factor multiplies both tables.
func TestLongRope(t *testing.T) {
	c, err := Preset("stories260k")
	require.NoError(t, err)
	c.Rope = checkpoint.Rope{
		Type: "longrope", Theta: 1e4, OriginalContext: 64, AttentionFactor: 1.5,
		ShortFactors: []float64{1, 1, 2, 2}, LongFactors: []float64{1, 2, 4, 8},
	}
	require.NoError(t, c.Check())
	require.InEpsilonSlice(t, []float64{1, 0.1, 0.005, 0.0005}, inverseFrequencies(&c.Rope, 8, 64), sameFrequency)
	require.InEpsilonSlice(t, []float64{1, 0.05, 0.0025, 0.000125}, inverseFrequencies(&c.Rope, 8, 65), sameFrequency)
	row := make([]float32, 4)
	tables := newRopeTables(&c, 64)
	require.NoError(t, tables.Floats(&ir.Value{Name: SinTable}, 3, row))
	require.Equal(t, float32(1.5*math.Sin(3)), row[0])
	require.NoError(t, tables.Floats(&ir.Value{Name: CosTable}, 0, row))
	require.Equal(t, []float32{1.5, 1.5, 1.5, 1.5}, row)
}
