package mlir

import (
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/ir"
)

// The names of the entries.
const (
	prefillName = "prefill"
	decodeName  = "decode"
)

// entry is a public function with what its parameters mean.
type entry struct {
	fn                          *ir.Func
	tokens, pos, kcache, vcache *ir.Value
	logits                      *ir.Value
}

// newEntry checks the convention of entries: tokens i32[T], pos i32[], the two
// caches to logits f32[T,V] and the caches, updated in place.
func newEntry(fn *ir.Func) (*entry, error) {
	if fn.Name != prefillName && fn.Name != decodeName {
		return nil, fmt.Errorf("public function is neither @%s nor @%s", prefillName, decodeName)
	}
	if len(fn.Params) != 4 || len(fn.Results) != 3 {
		return nil, fmt.Errorf("%d parameters and %d results, want (tokens, pos, kcache, vcache) and (logits, kcache, vcache)",
			len(fn.Params), len(fn.Results))
	}
	e := &entry{
		fn: fn, tokens: fn.Params[0], pos: fn.Params[1], kcache: fn.Params[2], vcache: fn.Params[3],
		logits: fn.Results[0],
	}
	for i, want := range []int{-1, 2, 3} {
		if got := fn.TiedParam(i); got != want {
			return nil, fmt.Errorf("result %d %v is tied to parameter %d, want %d (-1 is none)", i, fn.Results[i], got, want)
		}
	}
	return e, e.checkTypes()
}

func (e *entry) checkTypes() error {
	for _, c := range []struct {
		v    *ir.Value
		elem ir.Elem
		rank int
	}{{e.tokens, ir.I32, 1}, {e.pos, ir.I32, 0}, {e.kcache, ir.F32, 4}, {e.vcache, ir.F32, 4}, {e.logits, ir.F32, 2}} {
		if c.v.Type.Elem != c.elem || len(c.v.Type.Shape) != c.rank {
			return fmt.Errorf("%v is %v, want %v of rank %d", c.v, c.v.Type, c.elem, c.rank)
		}
	}
	k, _ := ir.Cache(e.kcache.Type, ir.LayoutK)
	v, _ := ir.Cache(e.vcache.Type, ir.LayoutV)
	if k != v {
		return fmt.Errorf("caches %v and %v are of different sizes", e.kcache.Type, e.vcache.Type)
	}
	if rows := e.tokens.Type.Shape[0]; e.logits.Type.Shape[0] != rows || e.fn.Name == decodeName && rows != 1 {
		return fmt.Errorf("%d tokens and logits %v, want one row for each token and one token in @%s", rows, e.logits.Type, decodeName)
	}
	return nil
}

// entries finds the public functions and checks that they fit each other.
func entries(m *ir.Module) ([]*entry, error) {
	var all []*entry
	for _, fn := range m.Funcs {
		if fn.Private {
			continue
		}
		e, err := newEntry(fn)
		if err != nil {
			return nil, fmt.Errorf("@%s: %w", fn.Name, err)
		}
		if m.Func(coreName(e)) != nil {
			return nil, fmt.Errorf("@%s: the name is taken by the core of @%s", coreName(e), fn.Name)
		}
		all = append(all, e)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no @%s and no @%s", prefillName, decodeName)
	}
	for _, e := range all[1:] {
		if first := all[0]; !e.kcache.Type.Equal(first.kcache.Type) || e.vocab() != first.vocab() {
			return nil, fmt.Errorf("@%s and @%s differ in caches (%v, %v) or vocabulary (%d, %d)",
				first.fn.Name, e.fn.Name, first.kcache.Type, e.kcache.Type, first.vocab(), e.vocab())
		}
	}
	return all, nil
}

func (e *entry) rows() int  { return e.logits.Type.Shape[0] }
func (e *entry) vocab() int { return e.logits.Type.Shape[1] }

// program describes the entries to a runner.
func program(all []*entry, weights int64) *Program {
	p := &Program{
		Vocab:  all[0].vocab(),
		KCache: [4]int(all[0].kcache.Type.Shape), VCache: [4]int(all[0].vcache.Type.Shape),
		Weights: weights, Trace: map[string]TraceLayout{},
	}
	if i := slices.IndexFunc(all, func(e *entry) bool { return e.fn.Name == prefillName }); i >= 0 {
		p.Chunk = all[i].rows()
	}
	return p
}
