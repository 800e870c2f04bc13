package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// Presets are the shapes that can be built without a checkpoint, from the
// models' published config.json files.
func Presets() []Config {
	plain := func(theta float64) Rope { return Rope{Theta: theta, Type: "default"} }
	llama31 := Rope{Theta: 500000, Type: "llama3", Factor: 8, Low: 1, High: 4, Context: 8192}
	return []Config{
		{"stories260k", 5, 64, 172, 8, 4, 8, 512, 512, 1e-5, plain(10000), true},
		{"smollm2-135m", 30, 576, 1536, 9, 3, 64, 49152, 8192, 1e-5, plain(100000), true},
		{"tinyllama-1.1b", 22, 2048, 5632, 32, 4, 64, 32000, 2048, 1e-5, plain(10000), false},
		{"llama2-7b", 32, 4096, 11008, 32, 32, 128, 32000, 4096, 1e-5, plain(10000), false},
		{"llama2-13b", 40, 5120, 13824, 40, 40, 128, 32000, 4096, 1e-5, plain(10000), false},
		{"llama2-70b", 80, 8192, 28672, 64, 8, 128, 32000, 2048, 1e-5, plain(10000), false},
		{"llama3-8b", 32, 4096, 14336, 32, 8, 128, 128256, 8192, 1e-5, plain(500000), false},
		{"llama3.1-70b", 80, 8192, 28672, 64, 8, 128, 128256, 131072, 1e-5, llama31, false},
	}
}

// Preset returns the shape of that name.
func Preset(name string) (Config, error) {
	presets := Presets()
	i := slices.IndexFunc(presets, func(c Config) bool { return c.Name == name })
	if i < 0 {
		var names []string
		for _, c := range presets {
			names = append(names, c.Name)
		}
		return Config{}, fmt.Errorf("model: no preset %q; there are %s", name, strings.Join(names, ", "))
	}
	return presets[i], nil
}

// PresetTypes are the weight types of a preset: projections quantized as
// asked for, everything else, as most checkpoints are published, float16.
type PresetTypes struct{ Quant *ir.Quant }

// MatrixType implements WeightTypes.
func (p PresetTypes) MatrixType(_ string, out, in int, projection bool) ir.Type {
	if projection && p.Quant != nil {
		return ir.Quantized(*p.Quant, out, in)
	}
	return ir.Tensor(ir.F16, out, in)
}

// Synthetic is the source of deterministic weights of a preset; the rope
// tables are the real ones.
func Synthetic(c Config, seed uint64) (pack.Source, error) {
	freqs, err := c.Rope.inverseFrequencies(c.HeadDim)
	if err != nil {
		return nil, fmt.Errorf("model: %s: %w", c.Name, err)
	}
	return synthetic{pack.Synthetic{Seed: seed}, pack.FromRows(ropeRows{ropeTables{freqs}})}, nil
}

type synthetic struct {
	random pack.Source
	tables pack.Source
}

func (s synthetic) Fill(p *pack.Placed, block int, parts [][]byte) error {
	if isTable(p.Weight.Name) {
		return s.tables.Fill(p, block, parts)
	}
	return s.random.Fill(p, block, parts)
}

// ropeRows reads the rope tables, which are the only weights it knows.
type ropeRows struct{ ropeTables }

func (r ropeRows) Floats(w *ir.Value, row int, dst []float32) error {
	r.row(w.Name, row, dst)
	return nil
}

func (r ropeRows) Integers(w *ir.Value, _ int, _ []byte, _ []float32, _ []int8) error {
	return fmt.Errorf("%s is not quantized", w.Name)
}

func isTable(name string) bool { return name == CosTable || name == SinTable }
