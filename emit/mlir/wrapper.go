package mlir

import (
	"fmt"
	"strings"
)

// entry writes the core of an entry and its public wrapper, which makes
// tensors of memrefs. The generic form of to_tensor parses in MLIR 19 and 22.
func (e *emitter) entry(x *entry) error {
	f := newFunction()
	f.arrays = &arrays{plan: e.plan, first: map[arrayKey]int{}}
	results, err := e.core(f, x)
	if err != nil {
		return err
	}
	tokens := tensor{"%tokens", "i32", x.tokens.Type.Shape}
	kcache := tensor{"%kcache", "f32", x.kcache.Type.Shape}
	vcache := tensor{"%vcache", "f32", x.vcache.Type.Shape}
	logits := tensor{"%logits", "f32", x.logits.Type.Shape}
	outputs := []tensor{kcache, vcache, logits}
	returned := []tensor{logits, kcache, vcache}
	if e.opts.Trace {
		outputs, returned = append(outputs, traceBuffer(x.fn)), append(returned, traceBuffer(x.fn))
	}
	blob := typeText("memref", "i8", []int{int(e.plan.Size)})
	h := header{tokens.name + ": " + tokens.memref(), "%pos: index", "%weights: " + blob}
	for _, o := range outputs {
		h.add(o.name, o.memref())
	}
	e.open("func.func @%s(%s) attributes {llvm.emit_c_interface}", x.fn.Name, strings.Join(h, ", "))
	results = e.call(coreName(x), e.coreArguments(tokens, outputs, f.arrays.list, blob), results)
	for i, to := range returned {
		e.line("bufferization.materialize_in_destination %s in restrict writable %s : (%s, %s) -> ()",
			results[i].name, to.name, to.text(), to.memref())
	}
	e.line("return")
	e.close("")
	return nil
}

// coreArguments writes the tensors of an entry's memrefs.
func (w *writer) coreArguments(tokens tensor, outputs []tensor, weights []array, blob string) arguments {
	var args arguments
	args.tensor(w.toTensor(tokens, "restrict"))
	args.add("%pos", "index")
	for _, o := range outputs {
		args.tensor(w.toTensor(o, "restrict, writable"))
	}
	for _, a := range weights {
		args.tensor(w.view(a, blob))
	}
	return args
}

func (t tensor) memref() string { return typeText("memref", t.elem, t.shape) }

// toTensor reads the memref of that name as a tensor.
func (w *writer) toTensor(t tensor, attrs string) tensor {
	name := w.assign(`"bufferization.to_tensor"(%s) {%s} : (%s) -> %s`, t.name, attrs, t.memref(), t.text())
	return tensor{name, t.elem, t.shape}
}

// view is one array of the weights.
func (w *writer) view(a array, blob string) tensor {
	offset := w.constant(fmt.Sprint(a.offset), "index")
	a.name = w.assign("memref.view %%weights[%s][] : %s to %s", offset, blob, a.memref())
	return w.toTensor(a.tensor, "restrict")
}
