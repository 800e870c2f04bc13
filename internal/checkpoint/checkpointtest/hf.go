package checkpointtest

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// WriteHF writes a checkpoint as a Hugging Face folder: config.json as
// transformers 5 writes it and model.safetensors, or that many shards with an
// index if shards is more than 1. Types that safetensors does not have become
// float32. A checkpoint with Rope.Divisors cannot be written.
func WriteHF(t testing.TB, dir string, c *checkpoint.Checkpoint, shards int) {
	t.Helper()
	config := c.Config()
	require.Nil(t, config.Rope.Divisors, "config.json cannot hold the divisors of the rope frequencies")
	writeJSON(t, dir, "config.json", configJSON(&config))
	names := c.Names()
	if shards <= 1 {
		writeShard(t, filepath.Join(dir, "model.safetensors"), c, names)
		return
	}
	weightMap, total := map[string]string{}, 0
	for i := range shards {
		file := fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, shards)
		part := names[i*len(names)/shards : (i+1)*len(names)/shards]
		total += writeShard(t, filepath.Join(dir, file), c, part)
		for _, name := range part {
			weightMap[name] = file
		}
	}
	writeJSON(t, dir, "model.safetensors.index.json", map[string]any{
		"metadata": map[string]int{"total_size": total}, "weight_map": weightMap,
	})
}

func configJSON(c *checkpoint.Config) map[string]any {
	rope := map[string]any{"rope_type": c.Rope.Type, "rope_theta": c.Rope.Theta}
	if c.Rope.Type != "default" {
		rope["factor"] = c.Rope.Factor
	}
	if c.Rope.Type == "llama3" {
		rope["low_freq_factor"] = c.Rope.LowFreq
		rope["high_freq_factor"] = c.Rope.HighFreq
		rope["original_max_position_embeddings"] = c.Rope.OriginalContext
	}
	object := map[string]any{
		"architectures": []string{"LlamaForCausalLM"}, "model_type": c.Architecture, "hidden_act": "silu",
		"num_hidden_layers": c.Layers, "hidden_size": c.Hidden, "intermediate_size": c.Intermediate,
		"num_attention_heads": c.Heads, "num_key_value_heads": c.KVHeads, "head_dim": c.HeadDim,
		"vocab_size": c.Vocab, "max_position_embeddings": c.Context, "rms_norm_eps": c.NormEps,
		"rope_parameters": rope, "tie_word_embeddings": c.TieEmbeddings, "eos_token_id": c.EOS, "bos_token_id": nil,
	}
	if c.BOS >= 0 {
		object["bos_token_id"] = c.BOS
	}
	return object
}

func writeJSON(t testing.TB, dir, name string, object map[string]any) {
	t.Helper()
	text, err := json.Marshal(object, json.Deterministic(true))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
}

// writeShard writes some tensors to a file and returns their bytes.
func writeShard(t testing.TB, path string, c *checkpoint.Checkpoint, names []string) (total int) {
	t.Helper()
	var list []safetensors.Tensor
	for _, name := range names {
		tensor, err := c.Tensor(name)
		require.NoError(t, err)
		typ, data := contents(t, tensor)
		list = append(list, safetensors.Tensor{Name: name, Shape: tensor.Shape, Type: typ, Data: data})
		total += len(data)
	}
	require.NoError(t, safetensors.Write(path, list, map[string]string{"format": "pt"}))
	return total
}

// contents returns the rows of a tensor, decoded if its type is a block format.
func contents(t testing.TB, tensor *checkpoint.Tensor) (*quant.Type, []byte) {
	t.Helper()
	var data []byte
	row := make([]float32, tensor.Cols())
	for i := range tensor.Rows() {
		if tensor.Type.Block == 1 {
			raw, err := tensor.Row(i)
			require.NoError(t, err)
			data = append(data, raw...)
			continue
		}
		require.NoError(t, tensor.ReadRow(i, row))
		var err error
		data, err = binary.Append(data, binary.LittleEndian, row)
		require.NoError(t, err)
	}
	if tensor.Type.Block == 1 {
		return tensor.Type, data
	}
	return quant.F32, data
}
