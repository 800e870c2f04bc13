package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	for _, text := range []string{"first", "second"} {
		require.NoError(t, Write(path, 0o644, func(f *os.File) error {
			_, err := f.WriteString(text)
			return err
		}))
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text, string(data))
	}
	failure := errors.New("disk on fire")
	err := Write(path, 0o644, func(f *os.File) error {
		f.WriteString("half")
		return failure
	})
	require.ErrorIs(t, err, failure)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "second", string(data))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}
