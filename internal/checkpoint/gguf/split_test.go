package gguf_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
)

func TestPartPaths(t *testing.T) {
	paths, err := gguf.PartPaths("a/m-00001-of-00003.gguf", 3)
	require.NoError(t, err)
	require.Equal(t, []string{"a/m-00001-of-00003.gguf", "a/m-00002-of-00003.gguf", "a/m-00003-of-00003.gguf"}, paths)
	_, err = gguf.PartPaths("m.gguf", 3)
	require.EqualError(t, err, "gguf: m.gguf: the first of 3 parts must be named PREFIX-00001-of-00003.gguf")
	_, err = gguf.PartPaths("m-00001-of-00003.gguf", 2)
	require.EqualError(t, err, "gguf: m-00001-of-00003.gguf: the name says 3 parts, split.count says 2")
	_, err = gguf.PartPaths("m-00002-of-00003.gguf", 3)
	require.EqualError(t, err, "gguf: m-00002-of-00003.gguf: this is not the first part: open m-00001-of-00003.gguf")
}

func TestParts(t *testing.T) {
	for value, want := range map[any]string{
		uint16(2): "", "two": "split.count is two, not an integer from 1 on", uint16(0): "split.count is 0, not an integer from 1 on",
		int32(-1): "split.count is -1, not an integer from 1 on", uint64(1 << 40): "split.count is 1099511627776, not an integer from 1 on",
	} {
		f, err := gguf.Parse("f", checkpointtest.GGUF{KV: []checkpointtest.KV{{Key: "split.count", Value: value}}}.Bytes())
		require.NoError(t, err)
		n, err := f.Parts()
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, 2, n)
			continue
		}
		require.EqualError(t, err, want)
	}
}
