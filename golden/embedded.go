package golden

import _ "embed"

//go:embed testdata/stories260k.hf.safetensors
var stories260K []byte

// Stories260K returns the golden of the built-in model: a safetensors file that
// was recorded with Hugging Face transformers. The bytes are not to be changed.
func Stories260K() []byte { return stories260K }

//go:embed testdata/greedy_200.txt
var greedyText string

// GreedyText is what 200 greedy steps of the built-in model spell, as llama2.c
// prints them.
func GreedyText() string { return greedyText }
