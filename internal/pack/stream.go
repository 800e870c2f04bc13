package pack

import (
	"context"
	"fmt"
	"sync"

	"github.com/lpuctl/lpuctl/ir"
)

// Stream hands out the weights of a model that is larger than memory: a weight
// exists from Get to Release, and its storage is used again.
type Stream struct {
	ctx  context.Context
	plan *Plan
	src  Source

	mu   sync.Mutex
	free map[int64][][]byte // released arrays by size
	live map[*ir.Value]Tensor
}

// NewStream streams the weights of a plan; Get fails when ctx has ended.
func NewStream(ctx context.Context, plan *Plan, src Source) *Stream {
	return &Stream{ctx: ctx, plan: plan, src: src, free: map[int64][][]byte{}, live: map[*ir.Value]Tensor{}}
}

// Get packs a weight.
func (s *Stream) Get(w *ir.Value) (Tensor, error) {
	p, err := s.plan.find(w)
	if err != nil {
		return Tensor{}, fmt.Errorf("pack: %w", err)
	}
	t := s.alloc(p)
	err = fill(s.ctx, []*Placed{p}, func(p *Placed, b int) error {
		return s.src.Fill(p, b, p.slice(t.Parts, b))
	})
	if err != nil {
		s.Release(w)
		return Tensor{}, fmt.Errorf("pack: %w", err)
	}
	return t, nil
}

// Release gives the storage of a weight back; of one that is not out it does
// nothing.
func (s *Stream) Release(w *ir.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, part := range s.live[w].Parts {
		s.free[int64(len(part))] = append(s.free[int64(len(part))], part)
	}
	delete(s.live, w)
}

// alloc makes room for a weight, in released arrays where there are some.
func (s *Stream) alloc(p *Placed) Tensor {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := Tensor{Type: p.Weight.Type, Matrix: p.Matrix}
	for _, part := range p.Parts {
		n := part.Bytes()
		if list := s.free[n]; len(list) > 0 {
			s.free[n] = list[:len(list)-1]
			t.Parts = append(t.Parts, list[len(list)-1])
		} else {
			t.Parts = append(t.Parts, alignedBytes(n))
		}
	}
	s.live[p.Weight] = t
	return t
}
