package pack

import (
	"fmt"
	"path/filepath"

	"github.com/lpuctl/lpuctl/internal/mmap"
)

// Open maps dir/weights.bin, written for this plan. It compares the index with
// the plan and the file's size with the index, but no hashes; Index.CheckHashes
// does that.
func Open(dir string, plan *Plan) (*Store, error) {
	index, err := ReadIndex(filepath.Join(dir, IndexFile))
	if err != nil {
		return nil, err
	}
	if err := index.matches(plan); err != nil {
		return nil, fmt.Errorf("pack: %s: %w", filepath.Join(dir, IndexFile), err)
	}
	path := filepath.Join(dir, WeightsFile)
	f, err := mmap.Open(path)
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if n := int64(len(f.Data)); n != plan.Size {
		f.Close()
		return nil, fmt.Errorf("pack: %s has %d bytes, the index says %d", path, n, plan.Size)
	}
	return &Store{plan: plan, data: f.Data, close: f.Close}, nil
}
