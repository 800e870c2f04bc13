package checkpoint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
)

// parts splits the tiny model in three, as gguf-split does.
func parts() []checkpointtest.GGUF {
	whole := checkpointtest.TinyGGUF()
	list := make([]checkpointtest.GGUF, 3)
	list[0].KV = whole.KV
	for i := range list {
		list[i] = list[i].Set("split.no", uint16(i)).Set("split.count", uint16(3)).Set("split.tensors.count", int32(len(whole.Tensors)))
	}
	list[0].Tensors, list[1].Tensors, list[2].Tensors = whole.Tensors[:2], whole.Tensors[2:3], whole.Tensors[3:]
	return list
}

// writeParts writes the parts to a new folder and returns the first path.
func writeParts(t *testing.T, list []checkpointtest.GGUF) string {
	t.Helper()
	dir := t.TempDir()
	path := func(i int) string { return filepath.Join(dir, fmt.Sprintf("tiny-%05d-of-00003.gguf", i+1)) }
	for i, part := range list {
		require.NoError(t, os.WriteFile(path(i), part.Bytes(), 0o644))
	}
	return path(0)
}

func TestSplitGGUF(t *testing.T) {
	c, err := checkpoint.Open(writeParts(t, parts()))
	require.NoError(t, err)
	defer c.Close()
	whole, err := checkpoint.FromGGUF("tiny", checkpointtest.TinyGGUF().Bytes())
	require.NoError(t, err)
	require.Equal(t, whole.Config(), c.Config())
	require.Equal(t, whole.Names(), c.Names())
	for _, name := range whole.Names() {
		requireSameRows(t, whole, c, name)
	}
	_, ok := c.Metadata("split.count")
	require.False(t, ok)
}

func TestSplitGGUFRefuses(t *testing.T) {
	set := func(i int, key string, value any) func(list []checkpointtest.GGUF) {
		return func(list []checkpointtest.GGUF) { list[i] = list[i].Set(key, value) }
	}
	for _, c := range []struct {
		damage func(list []checkpointtest.GGUF)
		want   string
	}{
		{set(1, "split.no", uint16(2)), "tiny-00002-of-00003.gguf: split.no is 2, want 1"},
		{set(1, "split.no", nil), "tiny-00002-of-00003.gguf: split.no is <nil>, want 1"},
		{set(2, "split.count", uint16(4)), "tiny-00003-of-00003.gguf: split.count is 4, want 3"},
		{set(0, "split.no", uint16(1)), "tiny-00001-of-00003.gguf: split.no is 1, want 0"},
		{set(0, "split.count", uint16(2)), "the name says 3 parts, split.count says 2"},
		{set(0, "split.tensors.count", int32(12)), "the parts have 11 tensors, split.tensors.count says 12"},
		{func(list []checkpointtest.GGUF) { list[2].Tensors = append(list[2].Tensors, list[0].Tensors[0]) },
			`tensor "token_embd.weight" is both in `},
		{func(list []checkpointtest.GGUF) { list[2].Version = 7 }, "part 3 of 3: gguf: "},
	} {
		list := parts()
		c.damage(list)
		_, err := checkpoint.Open(writeParts(t, list))
		require.ErrorContains(t, err, c.want)
	}
	first := writeParts(t, parts())
	_, err := checkpoint.Open(filepath.Join(filepath.Dir(first), "tiny-00002-of-00003.gguf"))
	require.ErrorContains(t, err, "this is not the first part: open ")
	require.NoError(t, os.Remove(filepath.Join(filepath.Dir(first), "tiny-00003-of-00003.gguf")))
	_, err = checkpoint.Open(first)
	require.ErrorContains(t, err, "part 3 of 3: checkpoint: stat ")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = checkpoint.FromGGUF("tiny", parts()[0].Bytes())
	require.EqualError(t, err, "gguf: tiny: split.count is 3; lpuctl supports only 1")
}
