// Package mlir lowers a module to MLIR text in the func, linalg, arith, math,
// scf, tensor and bufferization dialects, as MLIR 19 and 22 both read them.
//
// Each entry of the module becomes a public function on memrefs with the C
// interface,
//
//	@decode(%tokens: memref<1xi32>, %pos: index, %weights: memref<Nxi8>,
//	        %kcache: memref<LxKVxDxSxf32>, %vcache: memref<LxSxKVxDxf32>,
//	        %logits: memref<1xVxf32>[, %trace: memref<Mxf32>])
//
// and a private core on tensors that calls one private function per layer.
// All is in destination-passing style, so that bufferization copies nothing.
// Each operation carries the graph path of its value as its location.
//
// The arithmetic is that of docs/numerics.md, with no fastmath flag. Targets
// need float16 conversions in hardware (x86-64-v3, any arm64): elsewhere they
// are calls of a runtime library. Nothing is checked at run time: callers see
// to it that token ids are below the vocabulary and that the positions of a
// call fit the caches.
package mlir

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// Emit writes the verified module m as MLIR text to w, with the weights where
// plan, made from m, says. Errors name the function and the value that has no
// lowering or breaks the convention of entries: @prefill and @decode take
// tokens i32[T], pos i32[], kcache and vcache to logits f32[T,V] and the two
// caches, updated in place; only they call private functions.
func Emit(w io.Writer, m *ir.Module, plan *pack.Plan, opts Options) (*Program, error) {
	p, text, err := emit(m, plan, opts)
	if err != nil {
		return nil, fmt.Errorf("mlir: module %q: %w", m.Name, err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		return nil, fmt.Errorf("mlir: module %q: %w", m.Name, err)
	}
	return p, nil
}

func emit(m *ir.Module, plan *pack.Plan, opts Options) (*Program, string, error) {
	if !slices.EqualFunc(m.Weights, plan.Weights, func(w *ir.Value, p pack.Placed) bool { return p.Weight == w }) {
		return nil, "", errors.New("the plan is one of other weights")
	}
	all, err := entries(m)
	if err != nil {
		return nil, "", err
	}
	e := &emitter{plan: plan, opts: opts, signatures: map[*ir.Func]*signature{}, program: program(all, plan.Size)}
	for _, x := range all {
		if err := signatures(x, plan, e.signatures); err != nil {
			return nil, "", fmt.Errorf("@%s: %w", x.fn.Name, err)
		}
	}
	e.open("module")
	for _, fn := range m.Funcs {
		if err := e.function(fn, all); err != nil {
			return nil, "", fmt.Errorf("@%s: %w", fn.Name, err)
		}
	}
	e.close("")
	return e.program, e.out.String(), nil
}

// function writes an entry, or a private function unless nobody calls it.
func (e *emitter) function(fn *ir.Func, all []*entry) error {
	if s := e.signatures[fn]; s != nil {
		return e.layer(s)
	}
	if i := slices.IndexFunc(all, func(x *entry) bool { return x.fn == fn }); i >= 0 {
		return e.entry(all[i])
	}
	return nil
}

// emitter writes the functions of a module.
type emitter struct {
	writer
	plan       *pack.Plan
	opts       Options
	signatures map[*ir.Func]*signature
	program    *Program
}
