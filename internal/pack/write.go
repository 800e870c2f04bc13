package pack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lpuctl/lpuctl/internal/atomicfile"
)

// The files that Write makes in a folder.
const (
	WeightsFile = "weights.bin"
	IndexFile   = "weights.json"
)

// Write packs all weights of a plan into dir/weights.bin and writes the index
// dir/weights.json. Both appear only when they are whole. progress, if not
// nil, is called from several goroutines with the bytes written since its last
// call.
func Write(ctx context.Context, dir string, plan *Plan, src Source, progress func(n int64)) (*Index, error) {
	index := newIndex(plan)
	err := atomicfile.Write(filepath.Join(dir, WeightsFile), 0o644, func(f *os.File) error {
		if err := writeArrays(ctx, f, plan, src, progress); err != nil {
			return err
		}
		return index.setHashes(ctx, f)
	})
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	err = atomicfile.Write(filepath.Join(dir, IndexFile), 0o644, func(f *os.File) error {
		enc := json.NewEncoder(f)
		enc.SetIndent("", " ")
		return enc.Encode(index)
	})
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return index, nil
}

// setHashes reads the arrays back.
func (x *Index) setHashes(ctx context.Context, f *os.File) error {
	for i := range x.Tensors {
		if err := ctx.Err(); err != nil {
			return err
		}
		sum, err := x.Tensors[i].hash(f)
		if err != nil {
			return err
		}
		x.Tensors[i].SHA256 = sum
	}
	return nil
}

func writeArrays(ctx context.Context, f *os.File, plan *Plan, src Source, progress func(int64)) error {
	if err := f.Truncate(plan.Size); err != nil {
		return err
	}
	return fill(ctx, plan.placed(), func(p *Placed, b int) error {
		parts := make([][]byte, len(p.Parts))
		for i := range parts {
			parts[i] = make([]byte, p.blockBytes(i))
		}
		if err := src.Fill(p, b, parts); err != nil {
			return err
		}
		for i, part := range parts {
			if _, err := f.WriteAt(part, p.Offset[i]+int64(b)*int64(len(part))); err != nil {
				return err
			}
			if progress != nil {
				progress(int64(len(part)))
			}
		}
		return nil
	})
}
