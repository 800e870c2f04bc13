package engine

import (
	"slices"

	"github.com/lpuctl/lpuctl/emit/mlir"
	"github.com/lpuctl/lpuctl/internal/trace"
	"github.com/lpuctl/lpuctl/reference"
)

// TraceReference runs tokens at positions pos on the reference, in one call,
// and returns every value that a node computed.
func TraceReference(e *reference.Engine, tokens []int32, pos int) (*trace.Trace, error) {
	t := &trace.Trace{Engine: "reference"}
	e.Trace(func(r *trace.Record) {
		kept := *r
		kept.Data = slices.Clone(r.Data)
		t.Records = append(t.Records, kept)
	})
	defer e.Trace(nil)
	_, err := e.Prefill(tokens, pos)
	return t, err
}

// TraceCompiled does the same on a module compiled with its trace.
func TraceCompiled(c *Compiled, program *mlir.Program, tokens []int32, pos int) (*trace.Trace, error) {
	entry := "decode"
	if len(tokens) > 1 {
		entry = "prefill"
	}
	if _, err := c.Prefill(tokens, pos); err != nil {
		return nil, err
	}
	t := &trace.Trace{Engine: "compiled MLIR"}
	values := c.Trace()
	for _, slot := range program.Trace[entry].Slots {
		r := trace.Record{Path: slot.Path, Pos: pos, Shape: slot.Shape}
		r.Data = values[slot.Offset : slot.Offset+slot.Shape[0]*slot.Shape[1]]
		t.Records = append(t.Records, r)
	}
	return t, nil
}
