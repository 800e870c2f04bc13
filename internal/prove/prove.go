// Package prove wires the engines to the comparisons of package golden: the
// reference against compiled MLIR bit for bit, and a run against a recorded
// golden within its policy. It finds the first value of the graph that differs.
package prove

import (
	"context"
	"fmt"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/sample"
	"github.com/lpuctl/lpuctl/internal/trace"
	"github.com/lpuctl/lpuctl/reference"
)

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
func Equal(ctx context.Context, check string, ref *engine.Run, compiled engine.Engine) (*golden.Verdict, error) {
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
		return golden.Skip("first differing value", m.Dir+" was emitted without --trace"), nil
	}
	compiled, _, err := m.Start(ctx, m.Manifest.Trace)
	if err != nil {
		return nil, err
	}
	defer compiled.Close()
	ref.Reset()
	tokens := engine.Tokens(ids)
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

// Within runs the golden's prompt and as many greedy steps as it has on the
// reference, and compares logits and, if the golden has them, the hidden states
// after every layer.
func Within(ctx context.Context, policy golden.Policy, e *reference.Engine, recorded *golden.Recorded) ([]*golden.Verdict, error) {
	if err := recorded.Check(); err != nil {
		return []*golden.Verdict{golden.Skip("recorded logits", err.Error())}, nil
	}
	e.Reset()
	hidden := newHiddenStates(len(recorded.IDs), recorded.HiddenSize)
	if len(recorded.Hidden) > 0 {
		e.Trace(hidden.record)
		defer e.Trace(nil)
	}
	run, err := Greedy(ctx, e, recorded.IDs[:recorded.Prompt], len(recorded.IDs)-recorded.Prompt)
	if err != nil {
		return nil, err
	}
	got := &golden.Recorded{
		Engine: "reference", IDs: run.IDs, Prompt: run.Prompt, Logits: run.Logits, Vocab: run.Vocab,
		Hidden: hidden.states(), HiddenSize: recorded.HiddenSize,
	}
	verdicts := []*golden.Verdict{golden.Logits(policy, recorded, got)}
	if len(recorded.Hidden) > 0 {
		verdicts = append(verdicts, golden.Hidden(policy, recorded, got))
	}
	return verdicts, nil
}
