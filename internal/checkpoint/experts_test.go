package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint/packed"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// counting is a tensor of float32 whose element i is first+i.
func counting(name string, first int, shape ...int) *Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	data := make([]byte, 4*n)
	for i := range n {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(float32(first+i)))
	}
	return &Tensor{Name: name, Shape: shape, Type: quant.F32, path: "file", data: data}
}

func rowsOfTensor(t *testing.T, tensor *Tensor) [][]float32 {
	var rows [][]float32
	for i := range tensor.Rows() {
		row := make([]float32, tensor.Cols())
		require.NoError(t, tensor.ReadRow(i, row))
		rows = append(rows, row)
	}
	return rows
}

func foundOf(tensors ...*Tensor) map[string]*Tensor {
	found := map[string]*Tensor{}
	for _, t := range tensors {
		found[t.Name] = t
	}
	return found
}

// mixtralTensors are 3 experts [2, 4] with numbers that say where they are.
func mixtralTensors() map[string]*Tensor {
	const prefix = "model.layers.0.block_sparse_moe."
	found := foundOf(counting(prefix+"gate.weight", 0, 3, 4))
	for e := range 3 {
		for i, w := range []string{"w1", "w3", "w2"} {
			shape := []int{2, 4}
			if w == "w2" {
				shape = []int{4, 2}
			}
			t := counting(fmt.Sprintf("%sexperts.%d.%s.weight", prefix, e, w), 100*e+10*i, shape...)
			found[t.Name] = t
		}
	}
	return found
}

func mixtralConfig() *Config {
	return &Config{Architecture: "mixtral", Layers: 1, Hidden: 4, Experts: Experts{Count: 3, PerToken: 2, Intermediate: 2}}
}

// gathered replaces the tensors of a folder.
func gathered(c *Config, found map[string]*Tensor) error {
	return (&Checkpoint{format: "safetensors", config: *c}).gatherExperts(found)
}

func TestStackExperts(t *testing.T) {
	found := mixtralTensors()
	require.NoError(t, gathered(mixtralConfig(), found))
	require.ElementsMatch(t, []string{
		"model.layers.0.mlp.router.weight", "model.layers.0.mlp.experts.gate_proj.weight",
		"model.layers.0.mlp.experts.up_proj.weight", "model.layers.0.mlp.experts.down_proj.weight",
	}, sortedKeys(found))
	up := found["model.layers.0.mlp.experts.up_proj.weight"]
	require.Equal(t, []int{3, 2, 4}, up.Shape)
	require.Equal(t, [][]float32{
		{10, 11, 12, 13}, {14, 15, 16, 17}, {110, 111, 112, 113}, {114, 115, 116, 117}, {210, 211, 212, 213}, {214, 215, 216, 217},
	}, rowsOfTensor(t, up))
	require.Equal(t, []int{3, 4, 2}, found["model.layers.0.mlp.experts.down_proj.weight"].Shape)
}

func TestStackExpertsRefuses(t *testing.T) {
	const w1 = "model.layers.0.block_sparse_moe.experts.1.w1.weight"
	for name, c := range map[string]struct {
		damage func(found map[string]*Tensor)
		want   string
	}{
		"missing": {func(f map[string]*Tensor) { delete(f, w1) }, `tensor "` + w1 + `" is missing`},
		"router":  {func(f map[string]*Tensor) { delete(f, "model.layers.0.block_sparse_moe.gate.weight") }, `gate.weight" is missing`},
		"shape":   {func(f map[string]*Tensor) { f[w1] = counting(w1, 0, 2, 5) }, `is F32 [2 5], but that of expert 0 is F32 [2 4]`},
		"rank":    {func(f map[string]*Tensor) { f[w1] = counting(w1, 0, 8) }, `has shape [8], not [out, in]`},
		"type":    {func(f map[string]*Tensor) { f[w1].Type = quant.F16 }, `is F16 [2 4], but that of expert 0 is F32 [2 4]`},
		"twice": {func(f map[string]*Tensor) { f["model.layers.0.mlp.experts.up_proj.weight"] = counting("up", 0, 1) },
			`tensor "model.layers.0.mlp.experts.up_proj.weight" has no place in this architecture`},
	} {
		found := mixtralTensors()
		c.damage(found)
		require.ErrorContains(t, gathered(mixtralConfig(), found), c.want, name)
	}
}

const gptOSSPrefix = "model.layers.0.mlp.experts."

// gptOSSTensors are 2 experts: hidden size 3, intermediate size 2.
func gptOSSTensors() map[string]*Tensor {
	return foundOf(
		counting(gptOSSPrefix+"gate_up_proj", 0, 2, 3, 4), counting(gptOSSPrefix+"gate_up_proj_bias", 0, 2, 4),
		counting(gptOSSPrefix+"down_proj", 0, 2, 2, 3), counting(gptOSSPrefix+"down_proj_bias", 0, 2, 3))
}

func gptOSSConfig() *Config {
	return &Config{Architecture: "gpt_oss", Layers: 1, Hidden: 3, Experts: Experts{Count: 2, PerToken: 1, Intermediate: 2, Bias: true}}
}

// TestSplitExperts: gate_up_proj is [experts, in, 2*out] with columns of gate
// and up in turn.
func TestSplitExperts(t *testing.T) {
	found := gptOSSTensors()
	require.NoError(t, gathered(gptOSSConfig(), found))
	require.Len(t, found, 6)
	rows := func(name string) [][]float32 { return rowsOfTensor(t, found[gptOSSPrefix+name]) }
	require.Equal(t, [][]float32{{0, 4, 8}, {2, 6, 10}, {12, 16, 20}, {14, 18, 22}}, rows("gate_proj.weight"))
	require.Equal(t, [][]float32{{1, 5, 9}, {3, 7, 11}, {13, 17, 21}, {15, 19, 23}}, rows("up_proj.weight"))
	require.Equal(t, [][]float32{{0, 3}, {1, 4}, {2, 5}, {6, 9}, {7, 10}, {8, 11}}, rows("down_proj.weight"))
	require.Equal(t, [][]float32{{0, 2}, {4, 6}}, rows("gate_proj.bias"))
	require.Equal(t, [][]float32{{1, 3}, {5, 7}}, rows("up_proj.bias"))
	require.Equal(t, [][]float32{{0, 1, 2}, {3, 4, 5}}, rows("down_proj.bias"))
	require.Equal(t, []int{2, 2, 3}, found[gptOSSPrefix+"gate_proj.weight"].Shape)
}

// packedRows is an MXFP4 weight of that shape, 32 inputs, with scale 1: row i
// has the code first+i of FP4 as its first element.
func packedRows(t *testing.T, first int, outer ...int) *Tensor {
	t.Helper()
	rows := 1
	for _, d := range outer {
		rows *= d
	}
	u8 := &quant.Type{Name: "U8", Block: 1, Bytes: 1}
	blocks := &Tensor{Shape: append(outer[:len(outer):len(outer)], 1, 16), Type: u8, data: make([]byte, 16*rows)}
	scales := &Tensor{Shape: append(outer[:len(outer):len(outer)], 1), Type: u8, data: make([]byte, rows)}
	for i := range rows {
		blocks.data[16*i], scales.data[i] = byte(first+i), 127
	}
	w, err := packed.MXFP4{}.Weight("m", fileParts{map[string]*Tensor{"m_blocks": blocks, "m_scales": scales}, "m"})
	require.NoError(t, err)
	return &Tensor{Name: "m", Shape: w.Shape(), Type: w.Type(), packed: w}
}

// requireIntegers checks the first element of each row, and that the integer
// form gives the same.
func requireIntegers(t *testing.T, want []float32, tensor *Tensor) {
	t.Helper()
	form, ok := tensor.Ints()
	require.True(t, ok)
	var first []float32
	for i, row := range rowsOfTensor(t, tensor) {
		first = append(first, row[0])
		q, scale := make([]uint8, len(row)), make([]float32, len(row)/form.Group)
		require.NoError(t, tensor.ReadIntegers(i, q, scale, nil))
		require.Equal(t, row[0], float32(int8(q[0]))*scale[0])
	}
	require.Equal(t, want, first)
}

// TestSplitPackedExperts: packed matrices are [experts, 2*out, in], and keep
// their integers.
func TestSplitPackedExperts(t *testing.T) {
	found := gptOSSTensors()
	found[gptOSSPrefix+"gate_up_proj"] = packedRows(t, 0, 2, 4)
	require.NoError(t, gathered(gptOSSConfig(), found))
	up := found[gptOSSPrefix+"up_proj.weight"]
	require.Equal(t, []int{2, 2, 32}, up.Shape)
	requireIntegers(t, []float32{0.5, 1.5, 3, 6}, up) // FP4 codes 1, 3, 5, 7
}

// TestStackPackedExperts: separate packed matrices keep their integers, too.
func TestStackPackedExperts(t *testing.T) {
	found := mixtralTensors()
	for e := range 3 {
		found[fmt.Sprintf("model.layers.0.block_sparse_moe.experts.%d.w1.weight", e)] = packedRows(t, 2*e, 2)
	}
	require.NoError(t, gathered(mixtralConfig(), found))
	gate := found["model.layers.0.mlp.experts.gate_proj.weight"]
	require.Equal(t, []int{3, 2, 32}, gate.Shape)
	requireIntegers(t, []float32{0, 0.5, 1, 1.5, 2, 3}, gate)

	found = mixtralTensors()
	found["model.layers.0.block_sparse_moe.experts.1.w1.weight"] = packedRows(t, 0, 2)
	require.ErrorContains(t, gathered(mixtralConfig(), found), "is MXFP4 [2 32], but that of expert 0 is F32 [2 4]")
}

func TestSplitExpertsRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		tensor string
		shape  []int
		want   string
	}{
		"rank":    {"gate_up_proj", []int{2, 4}, "shape is [2 4], not of 3 dimensions"},
		"odd":     {"gate_up_proj", []int{2, 3, 3}, "shape is [2 3 3]: 3 outputs are not a multiple of 2"},
		"bias":    {"gate_up_proj_bias", []int{2, 3}, "shape is [2 3], not 2 dimensions with rows of a multiple of 2"},
		"missing": {"down_proj_bias", nil, `down_proj_bias" is missing`},
	} {
		found := gptOSSTensors()
		if c.shape == nil {
			delete(found, gptOSSPrefix+c.tensor)
		} else {
			found[gptOSSPrefix+c.tensor] = counting(gptOSSPrefix+c.tensor, 0, c.shape...)
		}
		require.ErrorContains(t, gathered(gptOSSConfig(), found), c.want, name)
	}
	found := gptOSSTensors()
	found[gptOSSPrefix+"down_proj"].Type = quant.Q4_0
	require.ErrorContains(t, gathered(gptOSSConfig(), found), "it is not a tensor of floats")
}
