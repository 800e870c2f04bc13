package reference

import (
	"fmt"

	"github.com/lpuctl/lpuctl/ir"
)

// checker follows token ids, the position, layer indices and weights through
// an entry and all its calls, so that no kernel indexes out of range whatever
// module it is given.
type checker struct {
	rows    int // of every activation
	context int // positions of the caches
	table   int // rows of the smallest embedding table; 0 before the first
}

// fact is what is known of a value before the entry runs.
type fact uint8

const (
	computed fact = iota
	tokenIDs
	position
	constant
	weight
	expertIDs
)

func (f fact) String() string {
	return [...]string{"computed", "the token ids", "the position", "a constant", "a weight", "ids of experts"}[f]
}

// known is a fact; n is the value of a constant, or the number of experts that
// ids are of.
type known struct {
	fact fact
	n    int
}

type facts map[*ir.Value]known

func (k facts) of(v *ir.Value) known {
	if v.Kind == ir.Weight {
		return known{fact: weight}
	}
	return k[v]
}

// entry checks an entry, whose parameters are the tokens, the position and the
// caches.
func (c *checker) entry(f *ir.Func) error {
	k := facts{f.Params[0]: {fact: tokenIDs}, f.Params[1]: {fact: position}}
	if err := c.function(f, k, ""); err != nil {
		return err
	}
	if c.table == 0 {
		return fmt.Errorf("no %s reads the tokens", ir.Embed.Name)
	}
	return nil
}

func (c *checker) function(f *ir.Func, k facts, prefix string) error {
	for _, n := range f.Nodes {
		path := ir.Join(prefix, n.Path())
		if n.Op == ir.Call {
			if err := c.function(n.Callee, argumentFacts(n, k), path); err != nil {
				return err
			}
		}
		if err := c.node(n, k); err != nil {
			return fmt.Errorf("%%%s = %s: %w", path, n.Op.Name, err)
		}
	}
	return nil
}

// argumentFacts are what a callee knows of its parameters. Ids of experts stay
// in the function of their router.
func argumentFacts(call *ir.Node, k facts) facts {
	inner := facts{}
	for i, p := range call.Callee.Params {
		if arg := k.of(call.Args[i]); arg.fact != expertIDs {
			inner[p] = arg
		}
	}
	return inner
}

func (c *checker) node(n *ir.Node, k facts) error {
	for operand, want := range needs(n.Op) {
		if got := k.of(n.Args[operand]).fact; want != computed && got != want {
			return fmt.Errorf("operand %s is %v, want %v", n.Op.Operands[operand], got, want)
		}
	}
	switch n.Op {
	case ir.Const:
		k[n.Results[0]] = known{constant, n.Attrs.Int("value")}
		return nil
	case ir.RouterTopK:
		k[n.Results[1]] = known{expertIDs, n.Args[0].Type.Shape[1]}
	case ir.MoELinear:
		if ids, experts := k.of(n.Args[2]).n, n.Args[1].Type.Shape[0]; ids != experts {
			return fmt.Errorf("ids of %d experts for the weights of %d", ids, experts)
		}
		if len(n.Args) > 3 && k.of(n.Args[3]).fact != weight {
			return fmt.Errorf("operand bias is %v, want %v", k.of(n.Args[3]).fact, weight)
		}
	case ir.Embed:
		if rows := n.Args[1].Type.Shape[0]; c.table == 0 || rows < c.table {
			c.table = rows
		}
	case ir.Rope:
		if s := n.Args[1].Type.Shape[0]; s < c.context {
			return fmt.Errorf("tables of %d positions for a context of %d", s, c.context)
		}
	case ir.KVAppend:
		dims, _ := ir.Cache(n.Args[0].Type, n.Attrs.Str("layout"))
		return c.cache(dims, k.of(n.Args[2]).n)
	case ir.Attention:
		dims, _ := ir.Cache(n.Args[1].Type, ir.LayoutK)
		if err := c.cache(dims, k.of(n.Args[3]).n); err != nil {
			return err
		}
	}
	return c.results(n, k)
}

// needs lists by operand what an operation's indices and matrices must be;
// computed stands for anything.
func needs(op *ir.Op) []fact {
	switch op {
	case ir.Embed:
		return []fact{tokenIDs, weight}
	case ir.Linear:
		return []fact{computed, weight}
	case ir.Gather:
		return []fact{computed, weight}
	case ir.MoELinear:
		return []fact{computed, weight, expertIDs}
	case ir.Rope:
		return []fact{computed, weight, weight, position}
	case ir.KVAppend:
		return []fact{computed, computed, constant, position}
	case ir.Attention:
		return []fact{computed, computed, computed, constant, position}
	}
	return nil
}

func (c *checker) cache(dims ir.CacheDims, layer int) error {
	if layer < 0 || layer >= dims.Layers {
		return fmt.Errorf("layer %d of a cache of %d layers", layer, dims.Layers)
	}
	if dims.Context != c.context {
		return fmt.Errorf("a cache of %d positions, the entry has %d", dims.Context, c.context)
	}
	return nil
}

// results checks that what a node computes has one row for each token.
func (c *checker) results(n *ir.Node, k facts) error {
	for i, r := range n.Results {
		t := r.Type
		if k.of(r).fact == expertIDs {
			continue // as many rows as the weights of the experts
		}
		if n.Tied(i) < 0 && (t.Elem != ir.F32 || len(t.Shape) != 2 || t.Shape[0] != c.rows) {
			return fmt.Errorf("result is %v, want one row of f32 for each of %d tokens", t, c.rows)
		}
	}
	return nil
}
