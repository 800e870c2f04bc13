package gguf_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/builtin"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/quant"
)

func stories(t testing.TB) []byte {
	t.Helper()
	data, err := builtin.Open("stories260k")
	require.NoError(t, err)
	return data
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// text writes a metadata value as testdata/record.py does.
func text(v any) any {
	r := reflect.ValueOf(v)
	switch {
	case r.Kind() == reflect.Slice:
		var lines []string
		for i := range r.Len() {
			lines = append(lines, text(r.Index(i).Interface()).(string))
		}
		return map[string]any{"len": float64(r.Len()), "sha256": hash([]byte(strings.Join(lines, "\n")))}
	case r.CanFloat():
		return fmt.Sprintf("%.9g", v)
	}
	return fmt.Sprint(v)
}

// TestStories compares with PyPI gguf 0.19.0 (testdata/record.py).
func TestStories(t *testing.T) {
	var want struct {
		Keys    [][2]any `json:"keys"`
		Tensors [][4]any `json:"tensors"`
	}
	golden, err := os.ReadFile("testdata/stories260K.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(golden, &want))
	f, err := gguf.Parse("stories260K.gguf", stories(t))
	require.NoError(t, err)
	require.Equal(t, 3, f.Version())
	require.Len(t, f.Keys(), len(want.Keys))
	for i, key := range f.Keys() {
		value, ok := f.Value(key)
		require.True(t, ok)
		require.Equal(t, want.Keys[i], [2]any{key, text(value)})
	}
	require.Len(t, f.Tensors(), len(want.Tensors))
	for i, tensor := range f.Tensors() {
		var shape []any
		for _, n := range tensor.Shape {
			shape = append(shape, float64(n))
		}
		require.Equal(t, want.Tensors[i], [4]any{tensor.Name, shape, tensor.Type.Name, hash(tensor.Data)})
	}
}

// TestValues reads every type of metadata back.
func TestValues(t *testing.T) {
	values := []any{
		uint8(200), int8(-3), uint16(60000), int16(-300), uint32(4e9), int32(-7), float32(1.5), true, false, "text",
		uint64(1 << 63), int64(-1 << 62), float64(1e300), []string{"a", "", "b"}, []float32{1, -2}, []int32{-1, 2},
	}
	var g checkpointtest.GGUF
	for i, v := range values {
		g.KV = append(g.KV, checkpointtest.KV{Key: fmt.Sprint("key", i), Value: v})
	}
	f, err := gguf.Parse("values", g.Bytes())
	require.NoError(t, err)
	for i, want := range values {
		got, ok := f.Value(fmt.Sprint("key", i))
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	_, ok := f.Value("absent")
	require.False(t, ok)
}

// TestTypes: every known type has the size that ggml gives it and parses; only
// decoding says that a type is not supported.
func TestTypes(t *testing.T) {
	sizes := map[uint32]string{
		0: "F32 1/4", 1: "F16 1/2", 2: "Q4_0 32/18", 3: "Q4_1 32/20", 6: "Q5_0 32/22", 7: "Q5_1 32/24", 8: "Q8_0 32/34",
		10: "Q2_K 256/84", 11: "Q3_K 256/110", 12: "Q4_K 256/144", 13: "Q5_K 256/176", 14: "Q6_K 256/210", 15: "Q8_K 256/292",
		16: "IQ2_XXS 256/66", 17: "IQ2_XS 256/74", 18: "IQ3_XXS 256/98", 19: "IQ1_S 256/50", 20: "IQ4_NL 32/18",
		21: "IQ3_S 256/110", 22: "IQ2_S 256/82", 23: "IQ4_XS 256/136", 24: "I8 1/1", 25: "I16 1/2", 26: "I32 1/4",
		27: "I64 1/8", 28: "F64 1/8", 29: "IQ1_M 256/56", 30: "BF16 1/2", 34: "TQ1_0 256/54", 35: "TQ2_0 256/66",
		39: "MXFP4 32/17", 40: "NVFP4 64/36", 41: "Q1_0 128/18", 42: "Q2_0 64/18", 9: "Q8_1 32/36",
	}
	for id := uint32(0); id < 64; id++ {
		want, known := sizes[id]
		var name string
		var block, bytes int
		fmt.Sscanf(strings.ReplaceAll(want, "/", " "), "%s %d %d", &name, &block, &bytes)
		g := checkpointtest.GGUF{Tensors: []checkpointtest.GGUFTensor{{Name: "w", Dims: []uint64{512, 2}, Type: id, Data: make([]byte, 1024*bytes/max(block, 1))}}}
		f, err := gguf.Parse("types", g.Bytes())
		if !known {
			require.EqualError(t, err, fmt.Sprintf(`gguf: types: tensor "w": type id %d does not exist`, id))
			continue
		}
		require.NoError(t, err)
		tensor := f.Tensors()[0]
		require.Equal(t, want, fmt.Sprintf("%s %d/%d", tensor.Type, tensor.Type.Block, tensor.Type.Bytes))
		require.Equal(t, []int{2, 512}, tensor.Shape)
		require.Len(t, tensor.Data, 1024*bytes/block)
		if err := quant.Decode(tensor.Type, tensor.Data, make([]float32, 1024)); !tensor.Type.CanDecode() {
			require.EqualError(t, err, "type "+name+" cannot be decoded")
		} else {
			require.NoError(t, err)
		}
	}
}

func TestAlignment(t *testing.T) {
	g := checkpointtest.GGUF{Align: 64, Tensors: []checkpointtest.GGUFTensor{
		checkpointtest.Ramp("a", 3), checkpointtest.Ramp("b", 2), checkpointtest.Ramp("scalar"), checkpointtest.Ramp("none", 0),
	}}.Set("general.alignment", uint32(64))
	f, err := gguf.Parse("aligned", g.Bytes())
	require.NoError(t, err)
	dst := make([]float32, 2)
	require.NoError(t, quant.Decode(quant.F32, f.Tensors()[1].Data, dst))
	require.Equal(t, []float32{0, 1.0 / 256}, dst)
	require.Empty(t, f.Tensors()[2].Shape)
	require.Len(t, f.Tensors()[2].Data, 4)
}
