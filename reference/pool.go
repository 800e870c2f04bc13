package reference

import (
	"sync"
)

// parallelOps is the work, in arithmetic operations, below which a step runs
// on the calling goroutine: waking another one costs about as much.
const parallelOps = 1 << 17

// pool shares the units of a step between goroutines. Every unit computes its
// results alone and in one order, so the split changes no bits.
type pool struct {
	workers []*worker
	group   sync.WaitGroup
}

// worker is one goroutine with its scratch memory; worker 0 is the caller's.
type worker struct {
	scratch scratch
	work    chan task
}

type task struct {
	step   *step
	lo, hi int
}

// scratch is the memory that a kernel may use while it runs.
type scratch struct {
	scores []float32                   // one per position of the context
	acc    []float32                   // 64 lanes for each row
	tile   [tileInputs * lanes]float32 // weights decoded to float32
	group  groupScratch
	block  blockScratch
	at     [4]int // first groups of rows
	sums   [16]float32
}

func newPool(threads, context, rows, groups int) *pool {
	p := &pool{workers: make([]*worker, max(threads, 1))}
	for i := range p.workers {
		w := &worker{}
		w.scratch.scores = make([]float32, context)
		w.scratch.acc = make([]float32, rows*lanes)
		w.scratch.block = newBlockScratch(groups)
		p.workers[i] = w
		if i > 0 {
			w.work = make(chan task)
			go p.serve(w)
		}
	}
	return p
}

func (p *pool) serve(w *worker) {
	for t := range w.work {
		t.step.run(&w.scratch, t.lo, t.hi)
		p.group.Done()
	}
}

func (p *pool) close() {
	for _, w := range p.workers[1:] {
		close(w.work)
	}
}

// run executes a step whose cost is for its full number of rows.
func (p *pool) run(s *step, rows int) {
	units := s.units(rows)
	n := min(len(p.workers), units)
	if s.opsPerRow*int64(rows) < parallelOps {
		n = 1
	}
	for i := 1; i < n; i++ {
		p.group.Add(1)
		p.workers[i].work <- task{s, units * i / n, units * (i + 1) / n}
	}
	s.run(&p.workers[0].scratch, 0, units/max(n, 1))
	if n > 1 {
		p.group.Wait()
	}
}
