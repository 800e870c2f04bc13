package reference

import (
	"cmp"
	"fmt"
	"runtime"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/internal/trace"
	"github.com/lpuctl/lpuctl/ir"
)

// Weights hands out the packed weights of a module. If it has a method
// Release(*ir.Value), the weights that private functions take call by call are
// fetched before each call and released after it; after an error weights that
// were not fetched may be released too.
type Weights interface {
	Get(w *ir.Value) (pack.Tensor, error)
}

type releaser interface {
	Release(w *ir.Value)
}

// Options configure an engine.
type Options struct {
	// Threads is the number of goroutines that share the work; 0 means
	// GOMAXPROCS. It does not change a bit of any result.
	Threads int
	loops   *loops // of a test; nil for those of the machine
	// AfterCall, if not nil, is told the path of every call of a private
	// function, such as "layers.3", when it has run.
	AfterCall func(path string)
}

// Engine interprets one module. It holds the KV caches of one sequence and
// serves one caller at a time.
type Engine struct {
	prefill, decode *program
	weights         []value // by index in the module
	source          Weights
	release         releaser // nil if weights stay
	loops           *loops
	groups          int // most of a row that is multiplied as integers
	caches          []*value
	pool            *pool
	trace           func(*trace.Record)
	afterCall       func(string)
	rows, pos       int // of the call that runs
	err             error
}

// New compiles the entries of a module, plans their memory and fetches the
// weights. The entries are prefill (optional) and decode, with the parameters
// tokens i32[T], pos i32[], kcache and vcache, and the results logits f32[T,V]
// and the two caches.
func New(m *ir.Module, weights Weights, opts Options) (*Engine, error) {
	e := &Engine{source: weights, afterCall: opts.AfterCall, loops: cmp.Or(opts.loops, fastLoops())}
	e.release, _ = weights.(releaser)
	if opts.Threads == 0 {
		opts.Threads = runtime.GOMAXPROCS(0)
	}
	if err := e.load(m); err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	if err := e.compile(m); err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	e.pool = newPool(opts.Threads, e.Context(), e.Chunk(), e.groups)
	return e, nil
}

// load fetches the weights that stay for the life of the engine.
func (e *Engine) load(m *ir.Module) error {
	e.weights = make([]value, len(m.Weights))
	streamed := map[*ir.Value]bool{}
	if e.release != nil {
		streamed = streamedWeights(m)
	}
	for i, w := range m.Weights {
		if streamed[w] {
			continue
		}
		if err := e.fetch(i, w); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) fetch(i int, w *ir.Value) error {
	t, err := e.source.Get(w)
	if err != nil {
		return err
	}
	if e.weights[i], err = newWeight(t); err != nil {
		return fmt.Errorf("weight @%s: %w", w.Name, err)
	}
	return nil
}

// streamedWeights are those that a private function takes anew at each call
// and that nothing else reads.
func streamedWeights(m *ir.Module) map[*ir.Value]bool {
	streamed := map[*ir.Value]bool{}
	for _, f := range m.Funcs {
		for _, g := range pack.Calls(f) {
			for _, b := range g.Params {
				for _, w := range b.Stack {
					streamed[w] = true
				}
			}
		}
	}
	for _, f := range m.Funcs {
		for _, n := range f.Nodes {
			for _, a := range n.Args {
				if n.Op != ir.Call {
					delete(streamed, a)
				}
			}
		}
	}
	return streamed
}

func (e *Engine) compile(m *ir.Module) error {
	decode := m.Func("decode")
	if decode == nil {
		return fmt.Errorf("module %q has no entry @decode", m.Name)
	}
	compiler := newCompiler(e)
	var err error
	if e.decode, err = compiler.entry(decode); err != nil {
		return err
	}
	if e.decode.rows != 1 {
		return fmt.Errorf("entry @decode takes %d tokens, want 1", e.decode.rows)
	}
	for _, p := range decode.Params[2:] {
		e.caches = append(e.caches, &value{f: make([]float32, p.Type.Elements())})
	}
	f := m.Func("prefill")
	if f == nil {
		return nil
	}
	if e.prefill, err = compiler.entry(f); err != nil {
		return err
	}
	return sameSignature(f, decode)
}

// sameSignature checks that two entries work on the same caches and give
// logits of the same vocabulary.
func sameSignature(prefill, decode *ir.Func) error {
	for i := 2; i < 4; i++ {
		if p, d := prefill.Params[i].Type, decode.Params[i].Type; !p.Equal(d) {
			return fmt.Errorf("cache %%%s is %v in @prefill, %v in @decode", prefill.Params[i].Name, p, d)
		}
	}
	if p, d := prefill.Results[0].Type.Shape[1], decode.Results[0].Type.Shape[1]; p != d {
		return fmt.Errorf("%d logits in @prefill, %d in @decode", p, d)
	}
	return nil
}

// Chunk is the most tokens that one call of Prefill takes: 1 without a prefill
// entry.
func (e *Engine) Chunk() int {
	if e.prefill == nil {
		return 1
	}
	return e.prefill.rows
}

// Context is the number of positions that the KV caches hold.
func (e *Engine) Context() int { return e.decode.context }

// Vocab is the number of logits of a position.
func (e *Engine) Vocab() int { return e.decode.vocab }

// Trace sets a function that is called with every value that a node computes,
// in execution order, or nil. The record's data is valid during the call only.
func (e *Engine) Trace(f func(*trace.Record)) { e.trace = f }

// Reset forgets the sequence: the caches are zeroed.
func (e *Engine) Reset() {
	for _, c := range e.caches {
		clear(c.f)
	}
}

// Close ends the engine's goroutines.
func (e *Engine) Close() { e.pool.close() }

// Prefill runs 1 to Chunk tokens at positions pos, pos+1, … and returns their
// logits [len(tokens), Vocab], which the next call overwrites.
func (e *Engine) Prefill(tokens []int32, pos int) ([]float32, error) {
	if len(tokens) == 1 || e.prefill == nil {
		return e.run(e.decode, tokens, pos)
	}
	return e.run(e.prefill, tokens, pos)
}

// Decode runs one token at position pos and returns its logits [Vocab], which
// the next call overwrites.
func (e *Engine) Decode(token int32, pos int) ([]float32, error) {
	e.decode.one[0] = token
	return e.run(e.decode, e.decode.one[:], pos)
}

func (e *Engine) run(p *program, tokens []int32, pos int) ([]float32, error) {
	if len(tokens) < 1 || len(tokens) > p.rows {
		return nil, fmt.Errorf("reference: %d tokens, want 1 to %d", len(tokens), p.rows)
	}
	if pos < 0 || pos > p.context-len(tokens) {
		return nil, fmt.Errorf("reference: positions %d to %d are outside the context of %d",
			pos, pos+len(tokens)-1, p.context)
	}
	for _, t := range tokens {
		if t < 0 || int(t) >= p.table {
			return nil, fmt.Errorf("reference: token %d is outside the vocabulary of %d", t, p.table)
		}
	}
	params := p.body.params
	params[0].ids = tokens
	params[1].n = pos
	*params[2], *params[3] = *e.caches[0], *e.caches[1]
	e.rows, e.pos, e.err = len(tokens), pos, nil
	e.exec(p.body, "")
	if e.err != nil {
		return nil, fmt.Errorf("reference: %w", e.err)
	}
	return p.body.results[0].f[:len(tokens)*p.vocab], nil
}

// exec runs the steps of a function until one fails. prefix is the path of the
// call that the function runs in.
func (e *Engine) exec(f *function, prefix string) {
	for i := range f.steps {
		s := &f.steps[i]
		switch {
		case s.call != nil:
			e.call(s.call)
		default:
			e.pool.run(s, e.rows)
			if e.trace != nil && s.out != nil {
				e.record(s, prefix)
			}
		}
		if e.err != nil {
			return
		}
	}
}

func (e *Engine) record(s *step, prefix string) {
	width := s.result.Type.Shape[1]
	e.trace(&trace.Record{
		Path:  ir.Join(prefix, s.result.Name),
		Pos:   e.pos,
		Shape: []int{e.rows, width},
		Data:  s.out.f[:e.rows*width],
	})
}

// call binds arguments to the callee's parameters, runs it, and takes over its
// results: caches as they are, activations by copy, since the callee's memory
// is used again by the next call.
func (e *Engine) call(c *call) {
	if e.release != nil {
		defer e.releaseAll(c.streamed)
		if e.err = e.fetchAll(c.streamed); e.err != nil {
			return
		}
	}
	for i, a := range c.args {
		*c.callee.params[i] = *a
	}
	e.exec(c.callee, c.path)
	for i, r := range c.results {
		if c.tied[i] {
			*r = *c.callee.results[i]
		} else {
			copy(r.f, c.callee.results[i].f[:e.rows*c.width[i]])
		}
	}
	if e.afterCall != nil && e.err == nil {
		e.afterCall(c.path)
	}
}

func (e *Engine) fetchAll(weights []*ir.Value) error {
	for _, w := range weights {
		if err := e.fetch(w.Index, w); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) releaseAll(weights []*ir.Value) {
	for _, w := range weights {
		e.release.Release(w)
	}
}
