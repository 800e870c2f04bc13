package mlir

import "github.com/lpuctl/lpuctl/ir"

// tracer copies values into the trace buffer, one flat tensor that passes
// through the functions like a cache.
type tracer struct {
	buffer tensor
	base   string // of a layer: the offset of the call, an index value
	next   int    // offset of the next value; in a layer from base on
	slots  []Slot // of an entry
}

// traced says whether the result of n is copied: float values of rank 2, but
// not what a call returns, which the callee has copied.
func traced(n *ir.Node) bool {
	t := n.Results[0].Type
	return n.Op != ir.Call && t.Elem == ir.F32 && len(t.Shape) == 2
}

// record copies the result of n.
func (f *function) record(n *ir.Node) {
	if !traced(n) {
		return
	}
	v, t := n.Results[0], f.trace
	f.trace.slots = append(t.slots, Slot{v.Name, t.next, v.Type.Shape})
	count := v.Type.Elements()
	var offset any = t.next
	if t.base != "" {
		offset = f.arith("addi", "index", t.base, f.index(t.next))
	}
	at := window{sizes{offset}, sizes{count}, 0}
	src := f.collapse(f.tensors[v], "[[0, 1]]", count)
	t.buffer = f.insert(f.copyTo(src, f.slice(t.buffer, at)), t.buffer, at)
	t.next += count
}

// enter adds the slots of a call.
func (t *tracer) enter(n *ir.Node) {
	for _, inner := range n.Callee.Nodes {
		if traced(inner) {
			v := inner.Results[0]
			t.slots = append(t.slots, Slot{ir.Join(n.Path(), v.Name), t.next, v.Type.Shape})
			t.next += v.Type.Elements()
		}
	}
}

// traceElements is the size of the trace buffer of an entry.
func traceElements(fn *ir.Func) int {
	size := 0
	for _, n := range fn.Nodes {
		switch {
		case n.Callee != nil:
			size += traceElements(n.Callee)
		case traced(n):
			size += n.Results[0].Type.Elements()
		}
	}
	return size
}

// traceBuffer is the buffer of an entry.
func traceBuffer(fn *ir.Func) tensor { return tensor{"%trace", "f32", []int{traceElements(fn)}} }
