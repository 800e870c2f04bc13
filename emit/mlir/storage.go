package mlir

import "github.com/lpuctl/lpuctl/ir"

// storage hands out destinations for the values of a function, and hands them
// out again after the last use of a value: deallocation happens at the end of
// a function only, which for 80 layers would be 80 residual streams.
type storage struct {
	dests   map[*ir.Value]tensor   // where results of the function go
	lastUse map[*ir.Value]*ir.Node // last use; nil for results of the function
	owned   map[*ir.Value]bool     // values in tensors of our own
	free    map[string][]tensor    // by type
}

// lastUses finds the last node that uses each value.
func lastUses(fn *ir.Func) map[*ir.Value]*ir.Node {
	last := map[*ir.Value]*ir.Node{}
	for _, n := range fn.Nodes {
		for _, a := range n.Args {
			last[a] = n
		}
	}
	for _, r := range fn.Results {
		last[r] = nil
	}
	return last
}

// dest is a tensor for v to be written to.
func (f *function) dest(v *ir.Value) tensor {
	if d, ok := f.dests[v]; ok {
		return d
	}
	f.owned[v] = true
	t := tensor{elem: elemText(v.Type.Elem), shape: v.Type.Shape}
	key := t.text()
	if free := f.free[key]; len(free) > 0 {
		f.free[key] = free[:len(free)-1]
		return free[len(free)-1]
	}
	return f.empty(t.elem, t.shape...)
}

// release frees the tensors of the values that n was the last to use.
func (f *function) release(n *ir.Node) {
	for _, a := range n.Args {
		if f.owned[a] && f.lastUse[a] == n {
			f.owned[a] = false
			key := f.tensors[a].text()
			f.free[key] = append(f.free[key], f.tensors[a])
		}
	}
}

func newStorage() storage {
	return storage{dests: map[*ir.Value]tensor{}, owned: map[*ir.Value]bool{}, free: map[string][]tensor{}}
}
