// Package mmap maps files into memory, read-only.
package mmap

import (
	"fmt"
	"os"
)

// File is a mapped file. Data must not be used after Close. A file that is
// truncated by someone else while it is mapped ends the process when the lost
// part is read: the operating system offers no error there.
type File struct {
	Data  []byte
	unmap func() error
}

// Open maps a whole regular file. An empty file has nil Data.
func Open(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe would wait for its writer
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the mapping stays
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	size := info.Size()
	if size == 0 {
		return &File{}, nil
	}
	if int64(int(size)) != size {
		return nil, fmt.Errorf("%s: %d bytes do not fit the address space", path, size)
	}
	data, unmap, err := mapFile(f, int(size))
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return &File{data, unmap}, nil
}

// Close unmaps the file. It may be called again.
func (f *File) Close() error {
	if f.unmap == nil {
		return nil
	}
	unmap := f.unmap
	f.Data, f.unmap = nil, nil
	return unmap()
}
