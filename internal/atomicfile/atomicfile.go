// Package atomicfile writes files that are either whole or not there.
package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
)

// Write calls write with a temporary file beside path and renames it to path
// when write has succeeded. Otherwise nothing is left behind, and a file that
// was at path before is untouched. The file gets the mode.
func Write(path string, mode os.FileMode, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once the file is renamed
	err = errors.Join(write(f), f.Chmod(mode), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
