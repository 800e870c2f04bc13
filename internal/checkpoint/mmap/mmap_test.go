package mmap

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("contents"), 0o644))
	f, err := Open(path)
	require.NoError(t, err)
	require.Equal(t, "contents", string(f.Data()))
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	require.Empty(t, f.Data())
}

func TestOpenEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	f, err := Open(path)
	require.NoError(t, err)
	require.Empty(t, f.Data())
	require.NoError(t, f.Close())
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(dir)
	require.Error(t, err)
}
