package checkpoint_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
)

// allocated is the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// headerCost bounds what opening may allocate: the headers here are below 4 KB
// and become some objects a byte; the tensors have gigabytes.
const headerCost = 1 << 20

// TestHugeFile opens a file of 4 GB, all of it a hole but for the header: weights
// stay in the file.
func TestHugeFile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not checked: files with holes")
	}
	const vocab, hidden = 1 << 20, 1024
	dir := t.TempDir()
	tensors, end := map[string]any{}, 0
	add := func(name string, shape ...int) {
		n := 4
		for _, d := range shape {
			n *= d
		}
		tensors[name] = map[string]any{"dtype": "F32", "shape": shape, "data_offsets": []int{end, end + n}}
		end += n
	}
	add("model.embed_tokens.weight", vocab, hidden)
	add("model.norm.weight", hidden)
	for _, norm := range []string{"input_layernorm", "post_attention_layernorm"} {
		add("model.layers.0."+norm+".weight", hidden)
	}
	for _, m := range []string{"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"} {
		add("model.layers.0."+m+".weight", hidden, hidden)
	}
	header, err := json.Marshal(tensors, json.Deterministic(true))
	require.NoError(t, err)
	path := filepath.Join(dir, "model.safetensors")
	require.NoError(t, os.WriteFile(path, append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), 0o644))
	require.NoError(t, os.Truncate(path, int64(8+len(header)+end)))
	require.Greater(t, end, 4_000_000_000)
	config := fmt.Sprintf(`{"model_type":"llama","hidden_size":%d,"intermediate_size":%d,"num_hidden_layers":1,"num_attention_heads":8,
		"vocab_size":%d,"tie_word_embeddings":true}`, hidden, hidden, vocab)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o644))
	row := make([]float32, hidden)
	require.Less(t, allocated(func() {
		c, err := checkpoint.Open(dir)
		require.NoError(t, err)
		defer c.Close()
		w, err := c.Tensor("model.embed_tokens.weight")
		require.NoError(t, err)
		require.NoError(t, w.ReadRow(vocab-1, row))
	}), uint64(headerCost))
}

// TestClaims: a header that claims 10 GB in a small file is refused without an
// allocation to match.
func TestClaims(t *testing.T) {
	const n = 10_000_000_000
	text := fmt.Sprintf(`{"w":{"dtype":"F32","shape":[%d],"data_offsets":[0,%d]}}`, n/4, n)
	claim := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
	require.Less(t, allocated(func() {
		_, err := safetensors.Parse("claim", claim)
		require.ErrorContains(t, err, "the tensors take 10000000000 bytes, but 0 follow the header")
	}), uint64(headerCost))
	g := checkpointtest.GGUF{Tensors: []checkpointtest.GGUFTensor{{Name: "w", Dims: []uint64{n / 4}, Data: make([]byte, 64)}}}
	require.Less(t, allocated(func() {
		_, err := gguf.Parse("claim", g.Bytes())
		require.ErrorContains(t, err, "10000000000 bytes end after the file")
	}), uint64(headerCost))
}
