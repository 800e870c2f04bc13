package safetensors

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// build puts a header and n bytes of data together.
func build(header string, n int) []byte {
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(data, header...), make([]byte, n)...)
}

// TestSmall reads what Hugging Face's library wrote (testdata/record.py) and
// writes the same bytes.
func TestSmall(t *testing.T) {
	path := filepath.Join("testdata", "small.safetensors")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err := Parse(path, data)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"format": "np <&>"}, f.Metadata())
	byName := map[string]Tensor{}
	for _, tensor := range f.Tensors() {
		byName[tensor.Name] = tensor
	}
	require.Len(t, byName, 9)
	require.Equal(t, []int{2, 3}, byName["b.weight"].Shape)
	require.Equal(t, []float32{0, 1, 2, 3, 4, 5}, floats(t, byName["b.weight"]))
	require.Equal(t, []float32{1.5, -2}, floats(t, byName["a.weight"]))
	require.Equal(t, []float32{0.5, 65504, float32(math.Copysign(0, -1))}, floats(t, byName["half"]))
	require.Equal(t, []float32{3}, floats(t, byName["scalar"]))
	require.Empty(t, byName["scalar"].Shape)
	require.Empty(t, floats(t, byName["empty"]))
	require.Equal(t, I64, byName["ids"].Type)
	require.Equal(t, []byte{1, 2, 3, 4, 5}, byName["bytes"].Data)

	again := filepath.Join(t.TempDir(), "again.safetensors")
	require.NoError(t, Write(again, f.Tensors(), f.Metadata()))
	written, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, string(data), string(written))
}

func floats(t *testing.T, tensor Tensor) []float32 {
	n := len(tensor.Data) / tensor.Type.Bytes
	dst := make([]float32, n)
	require.NoError(t, quant.Decode(tensor.Type, tensor.Data, dst))
	return dst
}

// TestRefuses: Hugging Face's library 0.8.0 refuses these files as well, but for
// the leading space, which only the README of the format forbids, and the rank,
// which is our own limit.
func TestRefuses(t *testing.T) {
	const w = `{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"too short", make([]byte, 7), "7 bytes: too short for the length of a header"},
		{"header of 100 MB", binary.LittleEndian.AppendUint64(nil, 100_000_001), "header of 100000001 bytes, more than 100000000"},
		{"header beyond the file", build(w, 0)[:60], "header of 54 bytes ends after the file (60 bytes)"},
		{"UTF-8", build("{\"\xff\":1}", 0), "the header is not valid UTF-8"},
		{"no header", build("", 0), "the header does not start with {"},
		{"leading space", build(" {}", 0), "the header does not start with {"},
		{"array", build("[]", 0), "the header does not start with {"},
		{"not JSON", build(`{"w"}`, 0), "header: jsontext: invalid character '}' after object name (expecting ':') within \"/w\" after offset 4"},
		{"two values", build("{}{}", 0), "header: something follows the JSON object"},
		{"duplicate tensor", build(`{"w":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}`, 2),
			"header: jsontext: duplicate object member name \"w\""},
		{"duplicate key", build(`{"w":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 1),
			"header: jsontext: duplicate object member name \"dtype\" within \"/w\""},
		{"tensor not an object", build(`{"w":1}`, 0), "header: /w is not an object"},
		{"metadata not strings", build(`{"__metadata__":{"k":1}}`, 0), "header: /__metadata__/k is not a string"},
		{"metadata a string", build(`{"__metadata__":"v"}`, 0), "header: /__metadata__ is not an object"},
		{"unknown dtype", build(`{"w":{"dtype":"F31","shape":[],"data_offsets":[0,4]}}`, 4), `header: /w/dtype: dtype "F31" does not exist`},
		{"dtype of other case", build(`{"w":{"DType":"F32","shape":[],"data_offsets":[0,4]}}`, 4), `header: tensor "w": no dtype`},
		{"no shape", build(`{"w":{"dtype":"F32","data_offsets":[0,4]}}`, 4), `header: tensor "w": no shape`},
		{"null shape", build(`{"w":{"dtype":"F32","shape":null,"data_offsets":[0,4]}}`, 4), "header: /w/shape is not an array"},
		{"negative", build(`{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), "header: /w/shape/0 is not an integer from 0 to 2^63-1"},
		{"fraction", build(`{"w":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, 4), "header: /w/shape/0 is not an integer from 0 to 2^63-1"},
		{"string", build(`{"w":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}`, 4), "header: /w/shape/0 is not an integer from 0 to 2^63-1"},
		{"rank", build(`{"w":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, 4), "header: /w/shape/16: more than 16 numbers"},
		{"one offset", build(`{"w":{"dtype":"F32","shape":[],"data_offsets":[0]}}`, 4), `header: tensor "w": data_offsets are not 2 numbers`},
		{"three offsets", build(`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}`, 4), "header: /w/data_offsets/2: more than 2 numbers"},
		{"hole at the start", build(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12), `tensor "w": data_offsets [4, 12], but the tensors before it end at 0`},
		{"hole", build(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3),
			`tensor "b": data_offsets [2, 3], but the tensors before it end at 1`},
		{"overlap", build(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3),
			`tensor "b": data_offsets [1, 3], but the tensors before it end at 2`},
		{"same bytes twice", build(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2),
			`tensor "b": data_offsets [0, 2], but the tensors before it end at 2`},
		{"backwards", build(`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[],"data_offsets":[4,0]}}`, 4),
			`tensor "x": data_offsets [4, 0], but the tensors before it end at 4`},
		{"product overflow", build(`{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}`, 4), `tensor "w": the product of shape [4294967296 4294967296] overflows`},
		{"bytes overflow", build(`{"w":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}}`, 4),
			`tensor "w": quant: the bytes of 4611686018427387904 elements of type F32 overflow`},
		{"misaligned", build(`{"w":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}`, 2), `tensor "w": quant: 3 elements are not a whole number of F4 blocks of 2`},
		{"size", build(`{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), `tensor "w": F32 of shape [3] takes 12 bytes, but data_offsets [0, 8] hold 8`},
		{"trailing bytes", build(w, 9), "the tensors take 8 bytes, but 9 follow the header"},
		{"missing bytes", build(w, 7), "the tensors take 8 bytes, but 7 follow the header"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("hostile.safetensors", c.data)
			require.EqualError(t, err, "safetensors: hostile.safetensors: "+c.want)
		})
	}
}

// TestAccepts: so does Hugging Face's library 0.8.0.
func TestAccepts(t *testing.T) {
	for name, data := range map[string][]byte{
		"no tensors":   build("{}", 0),
		"padding":      build("{}      ", 0),
		"no metadata":  build(`{"__metadata__":null}`, 0),
		"unknown key":  build(`{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"more":{"a":[1]}}}`, 0),
		"below a byte": build(`{"w":{"dtype":"F6_E2M3","shape":[2,4],"data_offsets":[0,6]},"x":{"dtype":"F4","shape":[2],"data_offsets":[6,7]}}`, 7),
	} {
		_, err := Parse(name, data)
		require.NoError(t, err)
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.safetensors")
	tensors := []Tensor{
		{"z", []int{2}, quant.F32, make([]byte, 8)},
		{"ids", []int{1}, I64, make([]byte, 8)},
		{"a", nil, quant.F32, make([]byte, 4)},
	}
	require.NoError(t, Write(path, tensors, map[string]string{"b": "2", "a": "1"}))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	n := binary.LittleEndian.Uint64(data)
	require.Zero(t, n%8)
	require.Equal(t, `{"__metadata__":{"a":"1","b":"2"},"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},`+
		`"a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"z":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}`,
		strings.TrimRight(string(data[8:8+n]), " "))
	require.Equal(t, "z", tensors[0].Name, "the argument keeps its order")
}

func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.safetensors")
	for want, tensors := range map[string][]Tensor{
		`0 bytes written, but its type and shape take 8`: {{"w", []int{2}, quant.F32, nil}},
		`duplicate object member name "w"`:               {{"w", []int{0}, quant.F32, nil}, {"w", []int{0}, quant.F32, nil}},
		`the name is reserved`:                           {{"__metadata__", []int{0}, quant.F32, nil}},
		`type Q4_0 does not exist`:                       {{"w", []int{0}, quant.Q4_0, nil}},
		`shape [-1] is negative`:                         {{"w", []int{-1}, quant.F32, nil}},
	} {
		err := Write(path, tensors, nil)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "safetensors: write "+path+": ")
	}
	require.Error(t, Write(filepath.Join(dir, "absent", "out"), nil, nil))
	require.NoError(t, os.Mkdir(path, 0o755))
	require.Error(t, Write(path, nil, nil), "a folder is in the way")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file is left")
}

func FuzzSafetensors(f *testing.F) {
	f.Add(build("{}", 0))
	f.Add(build(`{"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	f.Add(build(`{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2))
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := Parse("fuzz", data)
		if err != nil {
			return
		}
		total := 8 + int(binary.LittleEndian.Uint64(data))
		for _, tensor := range parsed.Tensors() {
			total += len(tensor.Data)
		}
		require.Equal(t, len(data), total, "every byte belongs to one tensor")
	})
}
