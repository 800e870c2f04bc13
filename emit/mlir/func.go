package mlir

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lpuctl/lpuctl/ir"
)

// header is the parameter list of a function, as it is collected.
type header []string

func (h *header) add(name, typ string) { *h = append(*h, name+": "+typ) }

func (h *header) tensor(t tensor) tensor {
	h.add(t.name, t.text())
	return t
}

// readOnly adds a tensor that bufferization must not write to.
func (h *header) readOnly(t tensor) { h.add(t.name, t.text()+" {bufferization.writable = false}") }

// symbol is the name of a function with its sigil, quoted where MLIR asks for it.
func symbol(name string) string {
	if strings.Contains(name, "-") || strings.IndexAny(name, "0123456789.") == 0 {
		return "@" + strconv.Quote(name)
	}
	return "@" + name
}

func newFunction() *function {
	return &function{
		writer:  &writer{depth: 2},
		tensors: map[*ir.Value]tensor{}, indices: map[*ir.Value]string{}, weights: map[*ir.Value]weight{},
		storage: newStorage(), rounded: map[activationKey]tensor{}, quantized: map[activationKey]quantized{},
		calls: map[*ir.Func]int{},
	}
}

// layer writes a private function of the module. After the ir function's
// parameters it takes the index of the call, the destinations, and for a trace
// the buffer with the offset of the call.
func (e *emitter) layer(s *signature) error {
	f, h := newFunction(), header{}
	for _, p := range s.params {
		f.bind(p, &h)
	}
	h.add("%call", "index")
	if err := f.destinations(s.fn, &h); err != nil {
		return err
	}
	if e.opts.Trace {
		f.trace = &tracer{buffer: h.tensor(traceBuffer(s.caller)), base: "%base"}
		h.add("%base", "index")
	}
	_, err := e.finish(f, s.fn, s.fn.Name, h)
	return err
}

// core writes the tensor function of an entry: its parameters, destination,
// trace buffer and weights. It returns the results.
func (e *emitter) core(f *function, x *entry) ([]tensor, error) {
	h := header{}
	for _, v := range x.fn.Params {
		f.bind(parameter{value: v}, &h)
	}
	if err := f.destinations(x.fn, &h); err != nil {
		return nil, err
	}
	if e.opts.Trace {
		f.trace = &tracer{buffer: h.tensor(traceBuffer(x.fn))}
	}
	f.signatures = e.signatures
	f.collectArrays(x.fn)
	for _, a := range f.arrays.list {
		h.readOnly(a.tensor)
	}
	results, err := e.finish(f, x.fn, coreName(x), h)
	if err == nil && f.trace != nil {
		e.program.Trace[x.fn.Name] = TraceLayout{f.trace.next, f.trace.slots}
	}
	return results, err
}

func coreName(x *entry) string { return x.fn.Name + "_core" }

// bind makes a parameter of the ir function one or several of the function.
func (f *function) bind(p parameter, h *header) {
	t := p.value.Type
	switch {
	case p.weight != nil:
		m := weight{typ: t}
		if p.stack != nil {
			m.stack = "%call"
		}
		for i, part := range p.parts {
			arg := partTensor(part, len(p.stack))
			arg.name = [...]string{"%data.", "%scale.", "%zero."}[i] + p.value.Name
			h.readOnly(arg)
			m.parts = append(m.parts, arg)
		}
		f.weights[p.value] = m
	case t.Elem == ir.I32 && len(t.Shape) == 0:
		f.indices[p.value] = "%in." + p.value.Name
		h.add(f.indices[p.value], "index")
	default:
		f.tensors[p.value] = h.tensor(tensor{"%in." + p.value.Name, elemText(t.Elem), t.Shape})
	}
}

// destinations adds a parameter for each result that updates no parameter.
func (f *function) destinations(fn *ir.Func, h *header) error {
	for i, r := range fn.Results {
		if r.Type.Elem != ir.F32 {
			return fmt.Errorf("result %v is %v, want f32", r, r.Type)
		}
		if slices.Contains(fn.Results[:i], r) {
			return fmt.Errorf("%v is returned twice", r)
		}
		if fn.TiedParam(i) < 0 {
			f.dests[r] = h.tensor(tensor{"%out." + r.Name, "f32", r.Type.Shape})
		}
	}
	return nil
}

// collectArrays makes the weights that an entry uses arguments of its core.
func (f *function) collectArrays(fn *ir.Func) {
	for _, n := range fn.Nodes {
		if s := f.signatures[n.Callee]; s != nil {
			for _, p := range s.params {
				if p.weight != nil {
					f.arrays.add(p.weight, len(p.stack))
				}
			}
			continue
		}
		for _, a := range n.Args {
			if a.Kind == ir.Weight {
				f.weights[a] = weight{typ: a.Type, parts: f.arrays.add(a, 0)}
			}
		}
	}
}

// finish lowers the nodes and writes the whole function, whose parameters are
// bound. It returns the results.
func (e *emitter) finish(f *function, fn *ir.Func, name string, h header) ([]tensor, error) {
	if err := f.lower(fn); err != nil {
		return nil, err
	}
	var results arguments
	var tensors []tensor
	for _, r := range fn.Results {
		tensors = append(tensors, f.tensors[r])
	}
	if f.trace != nil {
		tensors = append(tensors, f.trace.buffer)
	}
	for _, t := range tensors {
		results.tensor(t)
	}
	types := strings.Join(results.types, ", ")
	f.line("return %s : %s", strings.Join(results.names, ", "), types)
	e.open("func.func private %s(%s) -> (%s)", symbol(name), strings.Join(h, ", "), types)
	e.out.WriteString(f.out.String())
	e.close("")
	return tensors, nil
}
