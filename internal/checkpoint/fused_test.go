package checkpoint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// TestFusedRows: the parts of Phi-3's fused projections are views of rows of
// the file, in the order q, k, v and gate, up.
func TestFusedRows(t *testing.T) {
	c, err := checkpoint.Open("../../golden/testdata/phi3")
	require.NoError(t, err)
	defer c.Close()
	raw := map[string]safetensors.Tensor{}
	for _, tensor := range rawTensors(t, "phi3") {
		raw[tensor.Name] = tensor
	}
	for _, part := range []struct {
		name, whole string
		row         int // of the whole, where row 0 of the part is
	}{
		{"self_attn.q_proj", "self_attn.qkv_proj", 0},
		{"self_attn.k_proj", "self_attn.qkv_proj", 64},
		{"self_attn.v_proj", "self_attn.qkv_proj", 64 + 32},
		{"mlp.gate_proj", "mlp.gate_up_proj", 0},
		{"mlp.up_proj", "mlp.gate_up_proj", 92},
	} {
		tensor, err := c.Tensor("model.layers.1." + part.name + ".weight")
		require.NoError(t, err)
		row, err := tensor.Row(3)
		require.NoError(t, err)
		size := 2 * tensor.Cols()
		require.Equal(t, raw["model.layers.1."+part.whole+".weight"].Data[(part.row+3)*size:][:size], row, part.name)
	}
	_, err = c.Tensor("model.layers.1.self_attn.qkv_proj.weight")
	require.Error(t, err)
}

// TestFusedShape: a fused projection of another number of rows is refused.
func TestFusedShape(t *testing.T) {
	dir := rewritten(t, "phi3", func(list []safetensors.Tensor) []safetensors.Tensor {
		for i, tensor := range list {
			if tensor.Name == "model.layers.0.self_attn.qkv_proj.weight" {
				list[i].Shape, list[i].Data = []int{127, 64}, tensor.Data[:127*64*2]
			}
		}
		return list
	})
	_, err := checkpoint.Open(dir)
	require.EqualError(t, err, "checkpoint: "+dir+`: tensor "model.layers.0.self_attn.qkv_proj.weight" has shape [127 64], `+
		"but the configuration asks for 128 rows")
}

// TestTextOfImageModel: Gemma 3 of text and images has the text's tensors under
// a prefix, which differs between transformers 4 and 5, and images beside them.
func TestTextOfImageModel(t *testing.T) {
	want, err := checkpoint.Open("../../golden/testdata/gemma3_text")
	require.NoError(t, err)
	defer want.Close()
	for _, c := range []struct{ from, to, images string }{
		{"model.", "language_model.model.", "vision_tower.patch"},
		{"model.", "model.language_model.", "model.multi_modal_projector.norm"},
	} {
		dir := rewritten(t, "gemma3_text", func(list []safetensors.Tensor) []safetensors.Tensor {
			for i := range list {
				list[i].Name = c.to + strings.TrimPrefix(list[i].Name, c.from)
			}
			return append(list, safetensors.Tensor{Name: c.images, Shape: []int{1}, Type: quant.F32, Data: make([]byte, 4)})
		})
		path := filepath.Join(dir, "config.json")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte(`{"model_type":"gemma3","text_config":`+string(text)+`}`), 0o644))
		got, err := checkpoint.Open(dir)
		require.NoError(t, err)
		require.Equal(t, want.Config(), got.Config())
		require.Equal(t, want.Names(), got.Names())
		for _, name := range want.Names() {
			requireSameRows(t, want, got, name)
		}
		require.NoError(t, got.Close())
	}
}

// rewritten copies a model of golden/testdata with its tensors changed.
func rewritten(t *testing.T, folder string, change func([]safetensors.Tensor) []safetensors.Tensor) string {
	t.Helper()
	dir := t.TempDir()
	config, err := os.ReadFile("../../golden/testdata/" + folder + "/config.json")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), config, 0o644))
	list := change(rawTensors(t, folder))
	require.NoError(t, safetensors.Write(filepath.Join(dir, "model.safetensors"), list, nil))
	return dir
}

// TestUnitOffset: Gemma's norms are 1 + w, rounded once; other tensors and
// other families are as in the file.
func TestUnitOffset(t *testing.T) {
	for folder, one := range map[string]float32{"gemma2": 1, "gemma3_text": 1, "qwen3": 0} {
		c, err := checkpoint.Open("../../golden/testdata/" + folder)
		require.NoError(t, err)
		for _, raw := range rawTensors(t, folder) {
			tensor, err := c.Tensor(raw.Name)
			require.NoError(t, err)
			file, got := make([]float32, len(raw.Data)/raw.Type.Bytes), make([]float32, tensor.Cols())
			require.NoError(t, quant.Decode(raw.Type, raw.Data, file))
			require.NoError(t, tensor.ReadRow(0, got))
			for i, v := range got {
				want := file[i]
				if strings.HasSuffix(raw.Name, "norm.weight") {
					want += one
				}
				require.Equal(t, want, v, "%s: %s", folder, raw.Name)
			}
		}
		require.NoError(t, c.Close())
	}
}
