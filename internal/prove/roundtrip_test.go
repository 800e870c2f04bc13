package prove_test

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/convert"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/ir"
)

// tinyTwin is a tiny model, changed so that a GGUF file can say all of it.
type tinyTwin struct {
	folder string
	edits  []string // of config.json: a pattern and its replacement in turn
	layers int      // left of the model; 0: all
}

// defaultScale scales the scores as GGUF files of Gemma mean it.
var defaultScale = []string{`"query_pre_attn_scalar": \d+`, `"query_pre_attn_scalar": 12`}

// defaultLimit is the one of every gpt-oss; GGUF has no key for it.
var defaultLimit = []string{`"swiglu_limit": [\d.]+`, `"swiglu_limit": 7.0`}

func tinyTwins() []tinyTwin {
	return []tinyTwin{
		{"llama", nil, 0},
		{"llama_linear", nil, 0},
		{"llama_bias", nil, 0},
		{"llama_yarn", nil, 0},
		{"mistral", []string{`"sliding_window": \d+`, `"sliding_window": null`}, 0},
		{"qwen2", nil, 0},
		{"qwen3", nil, 0},
		{"gemma2", defaultScale, 0},
		{"gemma3_text", defaultScale, 0},
		{"phi3", nil, 0},
		{"mixtral", nil, 0},
		{"qwen3_moe", []string{`(?s)"mlp_only_layers": \[.*?\]`, `"mlp_only_layers": []`, `"num_hidden_layers": 3`, `"num_hidden_layers": 1`}, 1},
		{"gpt_oss", defaultLimit, 0},
		{"gpt_oss_mxfp4", defaultLimit, 0},
	}
}

// write makes the folder of the changed model.
func (w *tinyTwin) write(t *testing.T) string {
	t.Helper()
	dir := family{folder: w.folder}.copy(t, "config.json")
	path := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 0; i < len(w.edits); i += 2 {
		changed := regexp.MustCompile(w.edits[i]).ReplaceAll(text, []byte(w.edits[i+1]))
		require.NotEqual(t, text, changed, w.edits[i])
		text = changed
	}
	require.NoError(t, os.WriteFile(path, text, 0o644))
	if w.layers == 0 {
		return dir
	}
	kept := slices.DeleteFunc(fileTensors(t, dir), func(tensor safetensors.Tensor) bool {
		layer := layerNumber.FindStringSubmatch(tensor.Name)
		return layer != nil && layer[1] >= strconv.Itoa(w.layers) // of one digit
	})
	require.NoError(t, safetensors.Write(filepath.Join(dir, "model.safetensors"), kept, nil))
	return dir
}

var layerNumber = regexp.MustCompile(`^model\.layers\.(\d)\.`)

// fileTensors reads the tensors of a folder as they are in its file.
func fileTensors(t *testing.T, dir string) []safetensors.Tensor {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
	require.NoError(t, err)
	f, err := safetensors.Parse(dir, data)
	require.NoError(t, err)
	return f.Tensors()
}

// TestRoundTrip goes from a folder of each family to a GGUF file, to a folder
// and to a GGUF file again: all have the same logits to the bit, the tensors of
// the folders are the same bytes, and so are the GGUF files.
func TestRoundTrip(t *testing.T) {
	for _, twin := range tinyTwins() {
		t.Run(twin.folder, func(t *testing.T) {
			dir := twin.write(t)
			m := open(t, dir)
			want := logitBits(t, m)
			file, inGGUF := toGGUF(t, m)
			require.Equal(t, want, logitBits(t, inGGUF))
			back, inHF := toHF(t, inGGUF)
			require.Equal(t, want, logitBits(t, inHF))
			require.Equal(t, namedTensors(t, dir), namedTensors(t, back))
			require.Equal(t, m.Config.BOS, inHF.Config.BOS)
			require.Equal(t, m.Config.EOS, inHF.Config.EOS)
			again, _ := toGGUF(t, inHF)
			require.Equal(t, read(t, file), read(t, again))
		})
	}
}

// toGGUF converts to a new file and opens it.
func toGGUF(t *testing.T, m *model.Model) (string, *model.Model) {
	t.Helper()
	plan, err := convert.ToGGUF(m.Checkpoint, "tiny", nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "m.gguf")
	require.NoError(t, plan.Write(t.Context(), path, func(int64) {}))
	return path, open(t, path)
}

// toHF converts to a new folder and opens it.
func toHF(t *testing.T, m *model.Model) (string, *model.Model) {
	t.Helper()
	plan, err := convert.ToHF(m.Checkpoint, nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "hf")
	require.NoError(t, plan.Write(t.Context(), path, func(int64) {}))
	return path, open(t, path)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// namedTensors are the tensors of the file of a folder by name.
func namedTensors(t *testing.T, dir string) map[string]safetensors.Tensor {
	all := map[string]safetensors.Tensor{}
	for _, tensor := range fileTensors(t, dir) {
		all[tensor.Name] = tensor
	}
	return all
}

// logitBits are the logits of 44 tokens, beyond all windows and the original
// context of Phi-3: of a prefill and of steps.
func logitBits(t *testing.T, m *model.Model) []uint32 {
	t.Helper()
	e, err := engineOf(t, m, model.Options{Kind: ir.KindF32, Prefill: 16})
	require.NoError(t, err)
	var ids []int32
	for i := range 44 {
		ids = append(ids, int32((i*i*7+3*i+5)%250))
	}
	var bits []uint32
	keep := func(_ int, logits []float32) error {
		for _, v := range logits {
			bits = append(bits, math.Float32bits(v))
		}
		return nil
	}
	require.NoError(t, engine.Feed(t.Context(), e, ids[:40], 0, keep))
	for pos := 40; pos < len(ids); pos++ {
		require.NoError(t, engine.Feed(t.Context(), e, ids[pos:pos+1], pos, keep))
	}
	return bits
}
