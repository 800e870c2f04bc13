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
// looks for the next step for a while before it sleeps. Workers take units as
// they get to them, and nobody waits for one that has none: where other
// programs use the processors, the caller does the work of those that do not run.
type pool struct {
	workers []*worker
	group   sync.WaitGroup // of the goroutines

	current atomic.Pointer[share]
	begun   atomic.Uint32 // steps, and the end of the pool
	closed  atomic.Bool

	waiting  atomic.Bool // the caller sleeps until the step is done
	finished chan struct{}
}

// share is what is left of a step that runs, from the last unit to the first.
// Left alone says which units someone takes: a worker that comes late, even into
// another run of the step, takes what is there then, or nothing.
type share struct {
	run     func(s *scratch, lo, hi int)
	size    atomic.Int64 // units taken at a time
	left    atomic.Int64 // units that nobody has taken; with none, 0 or less
	pending atomic.Int64 // units that are not done
}

// worker is one goroutine with its scratch memory; worker 0 is the caller's.
type worker struct {
	scratch scratch
	asleep  atomic.Bool
	wake    chan struct{}
}

// A worker looks for a step spins times, about a tenth of a millisecond, and the
// caller for the end of one; they let other goroutines run every yields times.
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
	p := &pool{workers: make([]*worker, max(threads, 1)), finished: make(chan struct{}, 1)}
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

// serve works on steps until the pool is closed.
func (p *pool) serve(w *worker) {
	seen := uint32(0)
	for !p.closed.Load() {
		if s := p.current.Load(); s != nil && p.work(w, s) && p.waiting.CompareAndSwap(true, false) {
			p.finished <- struct{}{}
		}
		seen = p.await(w, seen)
	}
}

// await returns when more steps than seen were begun, and how many.
func (p *pool) await(w *worker, seen uint32) uint32 {
	for i := 1; ; i++ {
		begun := p.begun.Load()
		switch {
		case begun != seen:
			return begun
		case i%yields == 0:
			runtime.Gosched()
		case i > spins:
			w.asleep.Store(true)
			if p.begun.Load() == seen || !w.asleep.CompareAndSwap(true, false) {
				<-w.wake
			}
			i = 0
		}
	}
}

// work takes units of a step until there are none, and reports whether it did
// the last.
func (p *pool) work(w *worker, s *share) (last bool) {
	for {
		size := s.size.Load()
		lo := s.left.Add(-size)
		hi := lo + size
		if hi <= 0 {
			return last
		}
		lo = max(lo, 0)
		s.run(&w.scratch, int(lo), int(hi))
		last = s.pending.Add(lo-hi) == 0
	}
}

// begin tells the workers that there is something new.
func (p *pool) begin() {
	p.begun.Add(1)
	for _, w := range p.workers[1:] {
		if w.asleep.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
	}
}

func (p *pool) close() {
	p.closed.Store(true)
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
	share := s.share
	share.size.Store(max(1, int64(units/(8*len(p.workers)))))
	share.pending.Store(int64(units))
	share.left.Store(int64(units))
	p.current.Store(share)
	p.begin()
	if !p.work(p.workers[0], share) {
		p.finish(share)
	}
}

// finish waits until all units of a step are done.
func (p *pool) finish(s *share) {
	for i := 1; s.pending.Load() > 0; i++ {
		switch {
		case i%yields == 0:
			runtime.Gosched()
		case i > spins:
			p.waiting.Store(true)
			if s.pending.Load() > 0 || !p.waiting.CompareAndSwap(true, false) {
				<-p.finished // or an earlier step's: look again
			}
			i = 0
		}
	}
}
