package mmap

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	content := make([]byte, 3*os.Getpagesize()+7) // the last page is not full
	for i := range content {
		content[i] = byte(i * 7)
	}
	require.NoError(t, os.WriteFile(path, content, 0o600))
	f, err := Open(path)
	require.NoError(t, err)
	require.Equal(t, content, f.Data)
	require.NoError(t, f.Close())
	require.Nil(t, f.Data)
	require.NoError(t, f.Close())
}

func TestOpenEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	f, err := Open(path)
	require.NoError(t, err)
	require.Empty(t, f.Data)
	require.NoError(t, f.Close())
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(dir)
	require.EqualError(t, err, dir+" is not a regular file")
}
