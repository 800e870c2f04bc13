package golden

import (
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/internal/trace"
)

// BitwiseStats is what [Bitwise] counted.
type BitwiseStats struct {
	Records   int       `json:"records"`   // records compared value by value
	Values    int       `json:"values"`    // values in them
	Identical int       `json:"identical"` // of these, with equal bits
	First     *Mismatch `json:"first,omitempty"`
	Problems  []Problem `json:"problems,omitempty"`
}

// Mismatch is one value that differs between two engines.
type Mismatch struct {
	Path  string `json:"path"`
	Pos   int    `json:"position"`
	Index int    `json:"index"` // within the row of the position
	Ref   Value  `json:"reference"`
	Got   Value  `json:"got"`
	ULPs  int64  `json:"ulps"` // see [ULPs]
}

// Problem is a record that could not be compared.
type Problem struct {
	Path   string `json:"path"`
	Pos    int    `json:"position"`
	Detail string `json:"detail"` // "missing in mlir"
}

// Bitwise compares two traces value by value: equal bits, where all NaNs are equal and -0 is not +0. Records are joined by
// path and position. Differs if a value differs, or if a record is missing, extra, recorded twice, of another shape, or
// contradicts its own shape. NotChecked if both traces are empty.
func Bitwise(ref, got *trace.Trace) *Verdict {
	c := &bitwise{ref: ref, got: got, byKey: make(map[trace.Key]*trace.Record, len(got.Records))}
	c.index()
	c.compare()
	v := &Verdict{Check: "bitwise", Ref: ref.Engine, Got: got.Engine, Bitwise: &c.stats}
	v.Outcome, v.Reason = c.outcome()
	return v
}

type bitwise struct {
	ref, got *trace.Trace
	byKey    map[trace.Key]*trace.Record // of got
	stats    BitwiseStats
}

// index maps the records of got by key.
func (c *bitwise) index() {
	for i := range c.got.Records {
		r := &c.got.Records[i]
		if c.byKey[r.Key()] != nil {
			c.problem(r, "recorded twice in "+c.got.Engine)
			continue
		}
		c.byKey[r.Key()] = r
	}
}

// compare walks ref in execution order, then reports what is left of got in its own order.
func (c *bitwise) compare() {
	seen := make(map[trace.Key]bool, len(c.ref.Records))
	for i := range c.ref.Records {
		r := &c.ref.Records[i]
		if seen[r.Key()] {
			c.problem(r, "recorded twice in "+c.ref.Engine)
			continue
		}
		seen[r.Key()] = true
		c.record(r, c.byKey[r.Key()])
	}
	for i := range c.got.Records {
		if r := &c.got.Records[i]; !seen[r.Key()] {
			c.problem(r, "extra in "+c.got.Engine)
		}
	}
}

func (c *bitwise) record(ref, got *trace.Record) {
	if got == nil {
		c.problem(ref, "missing in "+c.got.Engine)
		return
	}
	if c.malformed(c.ref.Engine, ref) || c.malformed(c.got.Engine, got) {
		return
	}
	if !slices.Equal(ref.Shape, got.Shape) {
		c.problem(ref, fmt.Sprintf("shape %v in %s, %v in %s", ref.Shape, c.ref.Engine, got.Shape, c.got.Engine))
		return
	}
	c.values(ref, got)
}

func (c *bitwise) malformed(engine string, r *trace.Record) bool {
	err := r.Check()
	if err != nil {
		c.problem(r, fmt.Sprintf("malformed in %s: %v", engine, err))
	}
	return err != nil
}

func (c *bitwise) values(ref, got *trace.Record) {
	c.stats.Records++
	c.stats.Values += len(ref.Data)
	for i, want := range ref.Data {
		if sameBits(want, got.Data[i]) {
			c.stats.Identical++
		} else if c.stats.First == nil {
			c.stats.First = mismatch(ref, i, want, got.Data[i])
		}
	}
}

func mismatch(r *trace.Record, i int, ref, got float32) *Mismatch {
	w := r.Width()
	return &Mismatch{Path: r.Path, Pos: r.Pos + i/w, Index: i % w, Ref: Value(ref), Got: Value(got), ULPs: ULPs(ref, got)}
}

func (c *bitwise) problem(r *trace.Record, detail string) {
	c.stats.Problems = append(c.stats.Problems, Problem{Path: r.Path, Pos: r.Pos, Detail: detail})
}

func (c *bitwise) outcome() (Outcome, string) {
	s := &c.stats
	switch differ := s.Values - s.Identical; {
	case differ > 0 && len(s.Problems) > 0:
		return Differs, fmt.Sprintf("%d of %d values differ; records not comparable: %d", differ, s.Values, len(s.Problems))
	case differ > 0:
		return Differs, fmt.Sprintf("%d of %d values differ", differ, s.Values)
	case len(s.Problems) > 0:
		return Differs, fmt.Sprintf("records not comparable: %d", len(s.Problems))
	case s.Values == 0:
		return NotChecked, "the traces hold no values"
	}
	return Identical, ""
}
