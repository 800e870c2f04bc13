// Package prove wires the engines to the comparisons of package golden: the
// reference against compiled MLIR bit for bit, and against recorded goldens
// within their policy. It finds the first value of the graph that differs.
package prove

import (
	"context"
	"fmt"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/build"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/sample"
	"github.com/lpuctl/lpuctl/internal/toolchain"
	"github.com/lpuctl/lpuctl/internal/trace"
	"github.com/lpuctl/lpuctl/reference"
)

// Module is an emitted folder with what compiles and runs it.
type Module struct {
	Tools    *toolchain.Toolchain
	Dir      string // model.mlir, program.json, weights.bin
	Work     string // for intermediate files
	Weights  string // path of weights.bin
	Manifest *build.Manifest
	Options  build.CompileOptions
}

// Start compiles a flavour of the module and starts it in a child process.
func (m *Module) Start(ctx context.Context, f *build.Flavour) (*engine.Compiled, *build.Compiled, error) {
	made, err := build.Compile(ctx, m.Tools, m.Dir, m.Work, f, m.Options)
	if err != nil {
		return nil, nil, err
	}
	process, err := toolchain.Start(ctx, made.Exe, m.Weights, f.ABI())
	if err != nil {
		return nil, nil, err
	}
	return engine.NewCompiled(process, f.ABI()), made, nil
}

// Greedy runs a prompt and n greedy steps after it on an engine.
func Greedy(ctx context.Context, e engine.Engine, prompt []int, n int) (*engine.Run, error) {
	pick, err := sample.New(sample.Params{})
	if err != nil {
		return nil, err
	}
	return engine.Record(ctx, e, prompt, n, pick)
}

// Equal compares the logits of every position of a run of the reference with
// those of the compiled module, which is fed the same ids.
func Equal(ctx context.Context, check string, ref *engine.Run, compiled *engine.Compiled) (*golden.Verdict, error) {
	got, err := engine.Replay(ctx, compiled, ref.IDs, ref.Prompt)
	if err != nil {
		return nil, err
	}
	v := golden.Bitwise(logitTrace("reference", ref), logitTrace("compiled MLIR", got))
	v.Check = check
	return v, nil
}

func logitTrace(name string, r *engine.Run) *trace.Trace {
	t := &trace.Trace{Engine: name}
	for pos := range r.IDs {
		t.Records = append(t.Records, trace.Record{
			Path: "logits", Pos: pos, Shape: []int{1, r.Vocab}, Data: r.Logits[pos*r.Vocab : (pos+1)*r.Vocab],
		})
	}
	return t
}

// FirstDifference runs ids on both engines with every value traced, call by
// call, and returns the verdict on the first call in which a value differs, or
// nil if none does. The first prompt ids go in chunks where they fill one.
func FirstDifference(ctx context.Context, m *Module, ref *reference.Engine, ids []int, prompt int) (*golden.Verdict, error) {
	if m.Manifest.Trace == nil {
		return nil, fmt.Errorf("%s was emitted without its trace", m.Dir)
	}
	compiled, _, err := m.Start(ctx, m.Manifest.Trace)
	if err != nil {
		return nil, err
	}
	defer compiled.Close()
	ref.Reset()
	tokens := make([]int32, len(ids))
	for i, id := range ids {
		tokens[i] = int32(id)
	}
	for pos := 0; pos < len(tokens); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := 1
		if chunk := compiled.Chunk(); prompt-pos >= chunk {
			n = chunk
		}
		v, err := traceCall(m, ref, compiled, tokens[pos:pos+n], pos)
		if err != nil || !v.OK() {
			return v, err
		}
		pos += n
	}
	return nil, nil
}

func traceCall(m *Module, ref *reference.Engine, compiled *engine.Compiled, tokens []int32, pos int) (*golden.Verdict, error) {
	want, err := engine.TraceReference(ref, tokens, pos)
	if err != nil {
		return nil, err
	}
	got, err := engine.TraceCompiled(compiled, &m.Manifest.Trace.Program, tokens, pos)
	if err != nil {
		return nil, err
	}
	v := golden.Bitwise(want, got)
	v.Check = fmt.Sprintf("values of positions %d to %d", pos, pos+len(tokens)-1)
	return v, nil
}
