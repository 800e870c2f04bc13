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
// are calls of a runtime library.
package mlir

import (
	"fmt"
	"io"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// Emit writes m as MLIR text to w, with the weights where plan says. Errors
// name the function and the value that has no lowering or breaks the
// convention of entries: tokens i32[T], pos i32[], kcache and vcache to logits
// f32[T,V] and the two caches, updated in place.
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
	all, err := entries(m)
	if err != nil {
		return nil, "", err
	}
	e := &emitter{plan: plan, opts: opts, signatures: map[*ir.Func]*signature{}, program: program(all, plan.Size)}
	for _, entry := range all {
		if err := signatures(entry, plan, e.signatures); err != nil {
			return nil, "", fmt.Errorf("@%s: %w", entry.fn.Name, err)
		}
	}
	e.open("module @%q", m.Name)
	for _, fn := range m.Funcs {
		if s := e.signatures[fn]; s != nil {
			err = e.layer(s)
		}
		for _, entry := range all {
			if entry.fn == fn {
				err = e.entry(entry)
			}
		}
		if err != nil {
			return nil, "", fmt.Errorf("@%s: %w", fn.Name, err)
		}
	}
	e.close("")
	return e.program, e.out.String(), nil
}

// emitter writes the functions of a module.
type emitter struct {
	writer
	plan       *pack.Plan
	opts       Options
	signatures map[*ir.Func]*signature
	program    *Program
}
