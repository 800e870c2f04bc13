package model

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// Presets are the shapes that can be built without a checkpoint, from the
// models' published config.json files.
func Presets() []Config {
	llama31 := checkpoint.Rope{
		Type: "llama3", Theta: 500000, Factor: 8, LowFreq: 1, HighFreq: 4, OriginalContext: 8192,
	}
	return append([]Config{
		llamaPreset("stories260k", 5, 64, 172, 8, 4, 8, 512, 512, plain(10000), true),
		llamaPreset("smollm2-135m", 30, 576, 1536, 9, 3, 64, 49152, 8192, plain(100000), true),
		llamaPreset("tinyllama-1.1b", 22, 2048, 5632, 32, 4, 64, 32000, 2048, plain(10000), false),
		llamaPreset("llama2-7b", 32, 4096, 11008, 32, 32, 128, 32000, 4096, plain(10000), false),
		llamaPreset("llama2-13b", 40, 5120, 13824, 40, 40, 128, 32000, 4096, plain(10000), false),
		llamaPreset("llama2-70b", 80, 8192, 28672, 64, 8, 128, 32000, 2048, plain(10000), false),
		llamaPreset("llama3-8b", 32, 4096, 14336, 32, 8, 128, 128256, 8192, plain(500000), false),
		llamaPreset("llama3.1-70b", 80, 8192, 28672, 64, 8, 128, 128256, 131072, llama31, false),
	}, append(otherPresets(), mixturePresets()...)...)
}

// otherPresets are one of each dense family after Llama.
func otherPresets() []Config {
	local := plain(10000)
	return []Config{
		{"mistral-7b", checkpoint.Config{
			Architecture: "mistral", Layers: 32, Hidden: 4096, Intermediate: 14336, Heads: 32, KVHeads: 8, HeadDim: 128,
			Vocab: 32000, Context: 32768, NormEps: 1e-5, Rope: plain(10000), Windows: windows(32, 4096, 0),
		}},
		{"qwen2.5-7b", checkpoint.Config{
			Architecture: "qwen2", Layers: 28, Hidden: 3584, Intermediate: 18944, Heads: 28, KVHeads: 4, HeadDim: 128,
			Vocab: 152064, Context: 32768, NormEps: 1e-6, Rope: plain(1e6), QKVBias: true,
		}},
		{"qwen3-8b", checkpoint.Config{
			Architecture: "qwen3", Layers: 36, Hidden: 4096, Intermediate: 12288, Heads: 32, KVHeads: 8, HeadDim: 128,
			Vocab: 151936, Context: 40960, NormEps: 1e-6, Rope: plain(1e6), QKNorm: true,
		}},
		{"gemma2-9b", checkpoint.Config{
			Architecture: "gemma2", Layers: 42, Hidden: 3584, Intermediate: 14336, Heads: 16, KVHeads: 8, HeadDim: 256,
			Vocab: 256000, Context: 8192, NormEps: 1e-6, Rope: plain(10000), Windows: windows(42, 4096, 2),
			AttentionSoftcap: 50, LogitSoftcap: 30, EmbedScale: math.Sqrt(3584), PostNorms: true, GELU: true, TieEmbeddings: true,
		}},
		{"gemma3-270m", checkpoint.Config{
			Architecture: "gemma3_text", Layers: 18, Hidden: 640, Intermediate: 2048, Heads: 4, KVHeads: 1, HeadDim: 256,
			Vocab: 262144, Context: 32768, NormEps: 1e-6, Rope: plain(1e6), LocalRope: &local, Windows: windows(18, 512, 6),
			EmbedScale: math.Sqrt(640), QKNorm: true, PostNorms: true, GELU: true, TieEmbeddings: true,
		}},
		{"phi3-mini-4k", checkpoint.Config{
			Architecture: "phi3", Layers: 32, Hidden: 3072, Intermediate: 8192, Heads: 32, KVHeads: 32, HeadDim: 96,
			Vocab: 32064, Context: 4096, NormEps: 1e-5, Rope: plain(10000), Windows: windows(32, 2047, 0),
		}},
	}
}

func plain(theta float64) checkpoint.Rope { return checkpoint.Rope{Type: "default", Theta: theta} }

// windows gives a window to all layers, but for every pattern-th if pattern is
// not 0.
func windows(layers, window, pattern int) []int {
	list := make([]int, layers)
	for i := range list {
		if pattern == 0 || (i+1)%pattern != 0 {
			list[i] = window
		}
	}
	return list
}

func llamaPreset(name string, layers, hidden, intermediate, heads, kvHeads, headDim, vocab, context int,
	rope checkpoint.Rope, tied bool) Config {
	return Config{name, checkpoint.Config{
		Architecture: "llama", Layers: layers, Hidden: hidden, Intermediate: intermediate,
		Heads: heads, KVHeads: kvHeads, HeadDim: headDim, Vocab: vocab, Context: context,
		NormEps: 1e-5, Rope: rope, TieEmbeddings: tied,
	}}
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
// tables are the real ones of a graph of that context (0: the architecture's).
func Synthetic(c Config, context int, seed uint64) pack.Source {
	tables := newRopeTables(&c, context)
	return synthetic{pack.Synthetic{Seed: seed}, tables, pack.FromRows(tables)}
}

type synthetic struct {
	random pack.Source
	names  ropeTables
	tables pack.Source
}

func (s synthetic) Fill(p *pack.Placed, block int, parts [][]byte) error {
	if s.names.has(p.Weight) {
		return s.tables.Fill(p, block, parts)
	}
	return s.random.Fill(p, block, parts)
}

// Sorted implements WeightTypes: no inputs are.
func (p PresetTypes) Sorted(string) bool { return false }
