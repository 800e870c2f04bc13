package mlir

import (
	"fmt"
	"strings"

	"github.com/lpuctl/lpuctl/ir"
)

// arguments collects the names and types of the arguments of a call or the
// parameters of a function.
type arguments struct{ names, types []string }

func (a *arguments) add(name, typ string) {
	a.names, a.types = append(a.names, name), append(a.types, typ)
}

func (a *arguments) tensor(t tensor) { a.add(t.name, t.text()) }

// call writes func.call and returns the results, whose types are given.
func (w *writer) call(callee string, args arguments, results []tensor) []tensor {
	name := w.name()
	types := make([]string, len(results))
	for i := range results {
		types[i] = results[i].text()
		results[i].name = fmt.Sprintf("%s#%d", name, i)
	}
	w.line("%s:%d = func.call %s(%s) : (%s) -> (%s)", name, len(results), symbol(callee),
		strings.Join(args.names, ", "), strings.Join(args.types, ", "), strings.Join(types, ", "))
	return results
}

// lowerCall calls a private function with whole stacks of weights, the index
// of the call, and destinations of the results that are not tied to operands.
func lowerCall(f *function, n *ir.Node) {
	s := f.signatures[n.Callee]
	if s == nil {
		f.fail(n, "only entries may call @%s", n.Callee.Name)
		return
	}
	call := f.index(f.calls[n.Callee])
	f.calls[n.Callee]++
	args := f.callArguments(s, n)
	args.add(call, "index")
	results := make([]tensor, len(n.Results))
	for i, r := range n.Results {
		results[i] = tensor{elem: elemText(r.Type.Elem), shape: r.Type.Shape}
		if n.Tied(i) < 0 {
			args.tensor(f.dest(r))
		}
	}
	if f.trace != nil {
		args.tensor(f.trace.buffer)
		args.add(f.index(f.trace.next), "index")
		results = append(results, f.trace.buffer)
		f.trace.enter(n)
	}
	results = f.call(n.Callee.Name, args, results)
	for i, r := range n.Results {
		f.tensors[r] = results[i]
	}
	if f.trace != nil {
		f.trace.buffer = results[len(n.Results)]
	}
}

func (f *function) callArguments(s *signature, n *ir.Node) arguments {
	var args arguments
	for i, p := range s.params {
		a := n.Args[i]
		index, scalar := f.indices[a]
		value, known := f.tensors[a]
		switch {
		case p.weight != nil:
			for _, t := range f.arrays.add(p.weight, len(p.stack)) {
				args.tensor(t)
			}
		case scalar:
			args.add(index, "index")
		case known:
			args.tensor(value)
		default:
			f.fail(n, "argument %v is a weight where the first call of @%s passes a value", a, n.Callee.Name)
		}
	}
	return args
}
