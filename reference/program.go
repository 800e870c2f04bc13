package reference

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// program is a compiled entry.
type program struct {
	body    *function
	rows    int // tokens of a full call
	vocab   int // logits of a position
	table   int // token ids are below it
	context int
	one     [1]int32 // the token of a decode
}

// function is a compiled function with the values of its one activation;
// functions do not recurse.
type function struct {
	steps   []step
	params  []*value
	results []*value
}

// step is one node: either a call or a kernel.
type step struct {
	call      *call
	result    *ir.Value // of a kernel whose result is traced
	out       *value    // of result
	opsPerRow int64
	units     func(rows int) int // independent units of work
	run       func(s *scratch, lo, hi int)
	share     *share // of a kernel
}

// call is a call of a private function.
type call struct {
	callee   *function
	path     string
	args     []*value
	results  []*value
	tied     []bool // results that are updated arguments
	width    []int  // floats of a row of the other results
	streamed []*ir.Value
}

// compiler turns functions into steps, each function once: its calls share
// its values.
type compiler struct {
	engine    *Engine
	functions map[*ir.Func]*function
	kernels   map[*ir.Op]kernel
}

func newCompiler(e *Engine) *compiler {
	return &compiler{engine: e, functions: map[*ir.Func]*function{}, kernels: kernels()}
}

// entry compiles a public function and what it calls.
func (c *compiler) entry(f *ir.Func) (*program, error) {
	p, err := newProgram(f)
	if err != nil {
		return nil, fmt.Errorf("entry @%s: %w", f.Name, err)
	}
	if p.body, err = c.function(f); err != nil {
		return nil, err
	}
	return p, nil
}

// newProgram reads the sizes of an entry from its signature and checks that
// the kernels can run it.
func newProgram(f *ir.Func) (*program, error) {
	if len(f.Params) != 4 || len(f.Results) != 3 || f.TiedParam(1) != 2 || f.TiedParam(2) != 3 {
		return nil, fmt.Errorf("want (tokens, pos, kcache, vcache) to (logits, kcache, vcache)")
	}
	tokens, logits := f.Params[0].Type, f.Results[0].Type
	if tokens.Elem != ir.I32 || len(tokens.Shape) != 1 || len(logits.Shape) != 2 || logits.Shape[0] != tokens.Shape[0] {
		return nil, fmt.Errorf("tokens %v and logits %v do not match", tokens, logits)
	}
	cache, err := ir.Cache(f.Params[2].Type, ir.LayoutK)
	if err != nil {
		return nil, err
	}
	c := checker{rows: tokens.Shape[0], context: cache.Context}
	if err := c.entry(f); err != nil {
		return nil, err
	}
	return &program{rows: c.rows, vocab: logits.Shape[1], table: c.table, context: c.context}, nil
}

func (c *compiler) function(f *ir.Func) (*function, error) {
	if done := c.functions[f]; done != nil {
		return done, nil
	}
	b := &bodyBuilder{compiler: c, values: map[*ir.Value]*value{}, prepared: map[preparedKey]*activations{}}
	b.plan(f)
	out := &function{}
	for _, p := range f.Params {
		out.params = append(out.params, b.values[p])
	}
	for _, n := range f.Nodes {
		if err := b.node(n); err != nil {
			return nil, fmt.Errorf("@%s: %%%s = %s: %w", f.Name, n.Path(), n.Op.Name, err)
		}
	}
	for _, r := range f.Results {
		out.results = append(out.results, b.value(r))
	}
	out.steps = b.steps
	for i := range out.steps {
		s := &out.steps[i]
		s.share = &share{run: s.run}
	}
	c.functions[f] = out
	return out, nil
}

// bodyBuilder compiles the nodes of one function.
type bodyBuilder struct {
	compiler *compiler
	values   map[*ir.Value]*value
	prepared map[preparedKey]*activations
	steps    []step
}

func (b *bodyBuilder) value(v *ir.Value) *value {
	if v.Kind == ir.Weight {
		return &b.compiler.engine.weights[v.Index]
	}
	return b.values[v]
}

func (b *bodyBuilder) loops() *loops { return b.compiler.engine.loops }

func (b *bodyBuilder) node(n *ir.Node) error {
	if n.Op == ir.Call {
		return b.call(n)
	}
	k := b.compiler.kernels[n.Op]
	if k == nil {
		return fmt.Errorf("the reference has no kernel for it")
	}
	s := k(b, n)
	result := n.Results[0]
	if n.Tied(0) < 0 && result.Type.Elem == ir.F32 && len(result.Type.Shape) == 2 {
		s.result, s.out = result, b.value(result)
		s.opsPerRow = n.Op.Cost(n).Ops / int64(result.Type.Shape[0])
	}
	if s.run != nil {
		b.steps = append(b.steps, s)
	}
	return nil
}

func (b *bodyBuilder) call(n *ir.Node) error {
	callee, err := b.compiler.function(n.Callee)
	if err != nil {
		return err
	}
	c := &call{callee: callee, path: n.Path()}
	for _, a := range n.Args {
		c.args = append(c.args, b.value(a))
		if a.Kind == ir.Weight && b.compiler.engine.release != nil && !b.resident(a) {
			c.streamed = append(c.streamed, a)
		}
	}
	for i, r := range n.Results {
		c.results = append(c.results, b.value(r))
		c.tied = append(c.tied, n.Tied(i) >= 0)
		c.width = append(c.width, r.Type.Shape[len(r.Type.Shape)-1])
	}
	b.steps = append(b.steps, step{call: c})
	return nil
}

// resident reports whether the engine holds the weight all the time.
func (b *bodyBuilder) resident(w *ir.Value) bool {
	v := b.value(w)
	return v.f != nil || v.ids != nil || v.matrix.k != 0
}

// Lanes of the packed layout, short for the kernels.
const lanes = pack.Lanes
