package pack

import (
	"context"
	"fmt"

	"github.com/lpuctl/lpuctl/ir"
)

// Store is packed weights that stay in memory, or a mapping of weights.bin.
type Store struct {
	plan  *Plan
	data  []byte
	close func() error
}

// Build packs all weights of a plan into memory. progress, if not nil, is called
// from several goroutines with the bytes packed since its last call.
func Build(ctx context.Context, plan *Plan, src Source, progress func(n int64)) (*Store, error) {
	s := &Store{plan: plan, data: alignedBytes(plan.Size)}
	err := fill(ctx, plan.placed(), func(p *Placed, b int) error {
		if progress != nil {
			defer progress(p.Bytes() / int64(p.Blocks()))
		}
		return src.Fill(p, b, p.slice(s.parts(p), b))
	})
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return s, nil
}

// Get returns a weight of the plan's module.
func (s *Store) Get(w *ir.Value) (Tensor, error) {
	p, err := s.plan.find(w)
	if err != nil {
		return Tensor{}, fmt.Errorf("pack: %w", err)
	}
	return Tensor{w.Type, p.Matrix, s.parts(p)}, nil
}

// Close releases the mapping, if there is one.
func (s *Store) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

func (s *Store) parts(p *Placed) [][]byte {
	parts := make([][]byte, len(p.Parts))
	for i, part := range p.Parts {
		end := p.Offset[i] + part.Bytes()
		parts[i] = s.data[p.Offset[i]:end:end]
	}
	return parts
}
