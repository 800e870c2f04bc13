package gguf_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/quant"
)

func entry(name string, typ *quant.Type, data []byte, shape ...int) gguf.Entry {
	return gguf.Entry{Name: name, Shape: shape, Type: typ, Write: func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.gguf")
	pairs := []gguf.Pair{
		{"general.architecture", "llama"}, {"u", uint32(7)}, {"f", float32(0.5)}, {"b", true},
		{"list", []string{"a", "", "é"}}, {"scores", []float32{1, -2}}, {"types", []int32{-1, 6}},
	}
	q := bytes.Repeat([]byte{3}, 2*18)
	tensors := []gguf.Entry{entry("v", quant.F32, make([]byte, 12), 3), entry("m", quant.Q4_0, q, 2, 32)}
	require.NoError(t, gguf.Write(path, pairs, tensors))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err := gguf.Parse(path, data)
	require.NoError(t, err)
	for i, key := range f.Keys() {
		value, _ := f.Value(key)
		require.Equal(t, pairs[i], gguf.Pair{Key: key, Value: value})
	}
	require.Equal(t, []gguf.Tensor{
		{Name: "v", Shape: []int{3}, Type: quant.F32, Data: make([]byte, 12)}, {Name: "m", Shape: []int{2, 32}, Type: quant.Q4_0, Data: q},
	}, f.Tensors())
	require.Zero(t, len(data)%32)

	preview, err := gguf.Preview(pairs, tensors)
	require.NoError(t, err)
	require.Equal(t, f.Keys(), preview.Keys())
	seen := f.Tensors()
	seen[1].Data = nil // only vectors have data
	require.Equal(t, seen, preview.Tensors())
}

func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.gguf")
	for want, c := range map[string]struct {
		pairs   []gguf.Pair
		tensors []gguf.Entry
	}{
		`metadata key "k" appears twice`:                   {[]gguf.Pair{{"k", true}, {"k", true}}, nil},
		`metadata key "k": a value of type int cannot`:     {[]gguf.Pair{{"k", 1}}, nil},
		`tensor "w" appears twice`:                         {nil, []gguf.Entry{entry("w", quant.F32, nil, 0), entry("w", quant.F32, nil, 0)}},
		`tensor 0 has a name of 64 bytes`:                  {nil, []gguf.Entry{entry(strings.Repeat("w", 64), quant.F32, nil, 0)}},
		`tensor "w": GGUF has no type F8_E4M3`:             {nil, []gguf.Entry{entry("w", quant.F8_E4M3, nil, 0)}},
		`rows of 33 elements are not a whole number`:       {nil, []gguf.Entry{entry("w", quant.Q8_0, nil, 1, 33)}},
		`tensor "w": 4 bytes written, but its type and`:    {nil, []gguf.Entry{entry("w", quant.F32, make([]byte, 4), 2)}},
		`tensor "w": 12 bytes written, but its type and s`: {nil, []gguf.Entry{entry("w", quant.F32, make([]byte, 12), 2)}},
	} {
		require.ErrorContains(t, gguf.Write(path, c.pairs, c.tensors), want)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
