package model

import "github.com/lpuctl/lpuctl/internal/checkpoint"

// mixturePresets are the shapes with experts.
func mixturePresets() []Config {
	return []Config{
		mixtralPreset(),
		qwen3MoEPreset(),
		gptOSSPreset("gpt-oss-20b", 24, 32),
		gptOSSPreset("gpt-oss-120b", 36, 128),
	}
}

func mixtralPreset() Config {
	return Config{"mixtral-8x7b", checkpoint.Config{
		Architecture: "mixtral", Layers: 32, Hidden: 4096, Intermediate: 14336, Heads: 32, KVHeads: 8, HeadDim: 128,
		Vocab: 32000, Context: 32768, NormEps: 1e-5, Rope: plain(1e6),
		Experts: checkpoint.Experts{Count: 8, PerToken: 2, Intermediate: 14336, Normalize: true},
	}}
}

func qwen3MoEPreset() Config {
	return Config{"qwen3-30b-a3b", checkpoint.Config{
		Architecture: "qwen3_moe", Layers: 48, Hidden: 2048, Intermediate: 6144, Heads: 32, KVHeads: 4, HeadDim: 128,
		Vocab: 151936, Context: 40960, NormEps: 1e-6, Rope: plain(1e6), QKNorm: true,
		Experts: checkpoint.Experts{Count: 128, PerToken: 8, Intermediate: 768, Normalize: true},
	}}
}

func gptOSSPreset(name string, layers, experts int) Config {
	return Config{name, checkpoint.Config{
		Architecture: "gpt_oss", Layers: layers, Hidden: 2880, Intermediate: 2880, Heads: 64, KVHeads: 8, HeadDim: 64,
		Vocab: 201088, Context: 131072, NormEps: 1e-5, Rope: checkpoint.GPTOSSRope(150000),
		QKVBias: true, OutBias: true, Sinks: true, Windows: windows(layers, 128, 2),
		Experts: checkpoint.Experts{
			Count: experts, PerToken: 4, Intermediate: 2880, Normalize: true, Bias: true, Alpha: 1.702, Limit: 7,
		},
	}}
}
