// Package trace holds what an engine computed: the values of the graph, in the order in which they were computed.
//
// Every engine writes a [Trace] and package golden compares two of them, so the package knows no engine and no
// operation. Two values are the same value of the graph when their [Key] is the same.
package trace

import "fmt"

// Trace is the run of one engine.
type Trace struct {
	Engine  string   // "reference", "mlir", ...; the name reports use
	Records []Record // in execution order
}

// Record is one value of the graph as one engine computed it.
type Record struct {
	Path  string    // path in the graph, "layers.3.attn.q"
	Pos   int       // position in the sequence of row 0
	Shape []int     // positions first: row i belongs to position Pos+i
	Data  []float32 // row-major, as many values as Shape says
}

// Key names a value across engines.
type Key struct {
	Path string
	Pos  int
}

// String returns "layers.3.attn.q at position 5".
func (k Key) String() string { return fmt.Sprintf("%s at position %d", k.Path, k.Pos) }

// Key returns the name of the value.
func (r *Record) Key() Key { return Key{r.Path, r.Pos} }

// Width returns the number of values in one row: the product of every dimension but the first.
func (r *Record) Width() int {
	n := 1
	for _, d := range r.Shape[1:] {
		n *= d
	}
	return n
}

// Check returns an error if the record has no dimension for its positions, a negative dimension, or another number
// of values than its shape says.
func (r *Record) Check() error {
	if len(r.Shape) == 0 {
		return fmt.Errorf("trace: %s: no dimensions, want positions first", r.Key())
	}
	for _, d := range r.Shape {
		if d < 0 {
			return fmt.Errorf("trace: %s: negative dimension in shape %v", r.Key(), r.Shape)
		}
	}
	if n := r.Shape[0] * r.Width(); n != len(r.Data) {
		return fmt.Errorf("trace: %s: shape %v holds %d values, data has %d", r.Key(), r.Shape, n, len(r.Data))
	}
	return nil
}
