// Package mmap maps files into memory for reading.
//
// A mapping shows the file as it is now, not as it was when it was opened. If
// another process shortens the file, touching the lost pages ends this process
// with SIGBUS (on Windows an open mapping keeps the file from being shortened).
// Formats therefore check the sizes they find against len(Data), which is the
// size at the time of opening, and nobody should truncate a checkpoint in use.
package mmap

import (
	"fmt"
	"math"
	"os"
)

// File is a file mapped for reading.
type File struct {
	data []byte
}

// Open maps the whole of a regular file. The mapping outlives the descriptor,
// which is closed. An empty file gives empty data.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", path)
	case info.Size() == 0:
		return &File{}, nil
	case info.Size() > math.MaxInt:
		return nil, fmt.Errorf("%s: %d bytes do not fit the address space", path, info.Size())
	}
	data, err := mapFile(f, int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s: map %d bytes: %w", path, info.Size(), err)
	}
	return &File{data}, nil
}

// Data returns the bytes of the file. They must not be written to, nor used
// after Close: both end the process.
func (f *File) Data() []byte { return f.data }

// Close removes the mapping. Closing twice is harmless.
func (f *File) Close() error {
	data := f.data
	f.data = nil
	if data == nil {
		return nil
	}
	return unmap(data)
}
