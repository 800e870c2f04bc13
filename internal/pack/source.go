package pack

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/lpuctl/lpuctl/ir"
)

// Source fills packed arrays. Fill is called from several goroutines at once.
type Source interface {
	// Fill writes one block of each part of a weight: of a matrix, rows
	// 64*block to 64*block+63; of a stack of matrices, those of its blocks,
	// counted through the stack; of any other weight, everything. The slices
	// are the exact size of the block and hold arbitrary bytes.
	Fill(p *Placed, block int, parts [][]byte) error
}

// Blocks is the number of blocks that a Source fills one by one.
func (p *Placed) Blocks() int {
	if !p.Matrix {
		return 1
	}
	matrices, rows := matrixRows(p.Weight.Type)
	return matrices * Blocks(rows)
}

// matrixRows is the number of matrices of a matrix or a stack of them, and the
// rows of each.
func matrixRows(t ir.Type) (matrices, rows int) {
	if len(t.Shape) == 3 {
		return t.Shape[0], t.Shape[1]
	}
	return 1, t.Shape[0]
}

// blockRows are the rows of a block: the first, counted through a stack of
// matrices, and how many there are.
func blockRows(t ir.Type, block int) (first, count int) {
	_, rows := matrixRows(t)
	matrix, block := block/Blocks(rows), block%Blocks(rows)
	return matrix*rows + block*Lanes, min(Lanes, rows-block*Lanes)
}

// Bytes is the size of all parts together.
func (p *Placed) Bytes() int64 {
	var n int64
	for _, part := range p.Parts {
		n += part.Bytes()
	}
	return n
}

// blockBytes is the size of one block of part i.
func (p *Placed) blockBytes(i int) int64 { return p.Parts[i].Bytes() / int64(p.Blocks()) }

// Tensor is a packed weight in memory: the bytes of each of its parts.
type Tensor struct {
	Type   ir.Type
	Matrix bool
	Parts  [][]byte
}

// slice cuts block b out of arrays that hold the whole weight.
func (p *Placed) slice(parts [][]byte, b int) [][]byte {
	block := make([][]byte, len(parts))
	for i := range parts {
		n := p.blockBytes(i)
		block[i] = parts[i][int64(b)*n : int64(b+1)*n : int64(b+1)*n]
	}
	return block
}

// fill runs f for every block of every weight on all processors and stops at
// the first error or when ctx ends.
func fill(ctx context.Context, weights []*Placed, f func(p *Placed, block int) error) error {
	type job struct {
		p     *Placed
		block int
	}
	jobs := make(chan job)
	var group sync.WaitGroup
	var failed atomic.Pointer[error]
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for j := range jobs {
				if err := f(j.p, j.block); err != nil {
					err = fmt.Errorf("weight %q: %w", j.p.Weight.Name, err)
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	for _, p := range weights {
		for b := 0; b < p.Blocks() && failed.Load() == nil && ctx.Err() == nil; b++ {
			jobs <- job{p, b}
		}
	}
	close(jobs)
	group.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return ctx.Err()
}
