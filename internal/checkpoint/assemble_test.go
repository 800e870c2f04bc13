package checkpoint_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

const qProj = "model.layers.0.self_attn.q_proj"

// gptqFolder writes the tiny model with q_proj [32, 32] packed by GPTQ in one
// group: the integer of output n and input k is (n + k) mod 16, the zero point
// 8, the scale 1. edit may change the tensors.
func gptqFolder(t *testing.T, edit func(map[string]safetensors.Tensor)) string {
	t.Helper()
	dir := folder(t, 1)
	path := filepath.Join(dir, "model.safetensors")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	file, err := safetensors.Parse(path, data)
	require.NoError(t, err)
	tensors := map[string]safetensors.Tensor{}
	for _, tensor := range file.Tensors() {
		tensors[tensor.Name] = tensor
	}
	delete(tensors, qProj+".weight")
	for suffix, tensor := range gptqParts() {
		tensor.Name = qProj + suffix
		tensors[tensor.Name] = tensor
	}
	if edit != nil {
		edit(tensors)
	}
	var list []safetensors.Tensor
	for _, tensor := range tensors {
		list = append(list, tensor)
	}
	require.NoError(t, safetensors.Write(path, list, nil))
	return dir
}

func gptqParts() map[string]safetensors.Tensor {
	var words, zeros, scales []byte
	for r := range 4 {
		for n := range 32 {
			var w uint32
			for j := range 8 {
				w |= uint32((n+8*r+j)%16) << (4 * j)
			}
			words = binary.LittleEndian.AppendUint32(words, w)
		}
	}
	for range 4 {
		zeros = binary.LittleEndian.AppendUint32(zeros, 0x77777777)
	}
	for range 32 {
		scales = binary.LittleEndian.AppendUint16(scales, 0x3C00)
	}
	return map[string]safetensors.Tensor{
		".qweight": {Shape: []int{4, 32}, Type: safetensors.I32, Data: words},
		".qzeros":  {Shape: []int{1, 4}, Type: safetensors.I32, Data: zeros},
		".scales":  {Shape: []int{1, 32}, Type: quant.F16, Data: scales},
		".g_idx":   {Shape: []int{32}, Type: safetensors.I32, Data: make([]byte, 128)},
	}
}

const gptqConfig = `"quantization_config":{"quant_method":"gptq","bits":4,"group_size":32,"sym":true`

// declare adds a quantization_config to config.json.
func declare(t *testing.T, dir, config string) {
	edit(t, dir, "config.json", `"hidden_act"`, config+`},"hidden_act"`)
}

func TestPackedWeight(t *testing.T) {
	dir := gptqFolder(t, nil)
	declare(t, dir, gptqConfig)
	c, err := checkpoint.Open(dir)
	require.NoError(t, err)
	defer c.Close()
	w, err := c.Tensor(qProj + ".weight")
	require.NoError(t, err)
	require.Equal(t, []int{32, 32}, w.Shape)
	row := make([]float32, 32)
	require.NoError(t, w.ReadRow(5, row))
	require.Equal(t, []float32{-3, -2, -1}, row[:3])
	form, ok := w.Ints()
	require.True(t, ok)
	require.False(t, form.Zeros)
	q, scale := make([]uint8, 32), make([]float32, 1)
	require.NoError(t, w.ReadIntegers(5, q, scale, nil))
	require.Equal(t, []uint8{5, 6, 7}, q[:3])
	require.Equal(t, []float32{1}, scale)
	_, err = w.Row(0)
	require.ErrorContains(t, err, "its rows are packed in several tensors")
	require.ErrorContains(t, w.ReadRow(32, row), "row 32 is not among its 32 rows")
	require.ErrorContains(t, w.ReadRow(0, row[:31]), "rows have 32 elements, not 31")
}

func TestPackedRefuses(t *testing.T) {
	for _, c := range []struct {
		edit   func(map[string]safetensors.Tensor)
		config string
		want   string
	}{
		{nil, `"quantization_config":{"quant_method":"gptq","bits":4,"group_size":32,"modules_to_not_convert":["self_attn"]`,
			`tensor "` + qProj + `.qweight" is packed, but quantization_config.modules_to_not_convert lists "self_attn"`},
		{nil, `"quantization_config":{"quant_method":"bitsandbytes","load_in_4bit":true,"bnb_4bit_quant_type":"nf4"`,
			"quantization_config is set, but the name of no tensor ends in .weight.quant_state.bitsandbytes__nf4"},
		{func(m map[string]safetensors.Tensor) { delete(m, qProj+".scales") }, gptqConfig,
			"module " + qProj + ": .scales is missing"},
		{func(m map[string]safetensors.Tensor) {
			m[qProj+".weight"] = safetensors.Tensor{Name: qProj + ".weight", Shape: []int{0}, Type: quant.F32}
		}, gptqConfig, "has a packed weight and a plain one"},
		{func(m map[string]safetensors.Tensor) {
			m[qProj+".extra"] = safetensors.Tensor{Name: qProj + ".extra", Shape: []int{0}, Type: quant.F32}
		}, gptqConfig, `tensor "` + qProj + `.extra" has no place`},
		{nil, `"quantization_config":{"quant_method":"gptq","bits":8,"group_size":16`, "has shape"},
	} {
		dir := gptqFolder(t, c.edit)
		declare(t, dir, c.config)
		_, err := checkpoint.Open(dir)
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, dir)
	}
	_, err := checkpoint.Open(gptqFolder(t, nil))
	require.ErrorContains(t, err, `tensor "`+qProj+`.weight" is missing`)
}
