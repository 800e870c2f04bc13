package reference

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallelOps is the work, in arithmetic operations, below which a step runs
// on the calling goroutine: waking another one costs about as much.
const parallelOps = 1 << 17

// pool shares the units of a step between goroutines. Every unit computes its
// results alone and in one order, so who takes it changes no bits.
//
// A token has hundreds of steps of a few microseconds. So a worker without work
// looks for the next step for a while before it sleeps, and takes units as it
// gets to them.
type pool struct {
	workers []*worker
	group   sync.WaitGroup // of the goroutines

	// of the step that runs
	step  *step
	units int64
	take  int64        // units at a time
	taken atomic.Int64 // units, and beyond

	steps   atomic.Uint32 // that were begun, and the end of the pool
	working atomic.Int32  // workers that are not done with the step
	closed  bool
}

// worker is one goroutine with its scratch memory; worker 0 is the caller's.
type worker struct {
	scratch scratch
	asleep  atomic.Bool
	wake    chan struct{}
}

// A worker looks for a step spins times, about a tenth of a millisecond, and
// lets other goroutines run every yields times.
const (
	spins  = 1 << 17
	yields = 1 << 11
)

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
		w := &worker{wake: make(chan struct{}, 1)}
		w.scratch.scores = make([]float32, context)
		w.scratch.acc = make([]float32, rows*lanes)
		w.scratch.block = newBlockScratch(groups)
		p.workers[i] = w
		if i > 0 {
			p.group.Go(func() { p.serve(w) })
		}
	}
	return p
}

// serve works on each step until the pool is closed.
func (p *pool) serve(w *worker) {
	for seen := uint32(0); ; seen++ {
		p.await(w, seen)
		if p.closed {
			return
		}
		p.work(w)
		p.working.Add(-1)
	}
}

// await returns when more steps than seen were begun.
func (p *pool) await(w *worker, seen uint32) {
	for i := 1; p.steps.Load() == seen; i++ {
		switch {
		case i%yields == 0:
			runtime.Gosched()
		case i > spins:
			w.asleep.Store(true)
			if p.steps.Load() == seen || !w.asleep.CompareAndSwap(true, false) {
				<-w.wake
			}
			return
		}
	}
}

// work takes units of the step until there are none.
func (p *pool) work(w *worker) {
	for {
		hi := p.taken.Add(p.take)
		lo := hi - p.take
		if lo >= p.units {
			return
		}
		p.step.run(&w.scratch, int(lo), int(min(hi, p.units)))
	}
}

// begin lets the workers see what was set before it.
func (p *pool) begin() {
	p.steps.Add(1)
	for _, w := range p.workers[1:] {
		if w.asleep.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
	}
}

func (p *pool) close() {
	p.closed = true
	p.begin()
	p.group.Wait()
}

// run executes a step whose cost is for its full number of rows.
func (p *pool) run(s *step, rows int) {
	units := s.units(rows)
	if n := len(p.workers); n == 1 || units == 1 || s.opsPerRow*int64(rows) < parallelOps {
		s.run(&p.workers[0].scratch, 0, units)
		return
	}
	p.step, p.units = s, int64(units)
	p.take = max(1, p.units/int64(8*len(p.workers)))
	p.taken.Store(0)
	p.working.Store(int32(len(p.workers) - 1))
	p.begin()
	p.work(p.workers[0])
	for i := 1; p.working.Load() > 0; i++ {
		if i%yields == 0 {
			runtime.Gosched()
		}
	}
}
