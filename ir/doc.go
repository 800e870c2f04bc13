// Package ir is the graph of a transformer: the one description that every
// engine of lpuctl interprets, lowers or costs.
//
// A [Module] holds weights by name and functions. Private functions are the
// layers, called once per layer with that layer's weights; public functions are
// the entries, prefill (a static chunk of P tokens) and decode (one token).
// Shapes are static, and KV caches are arguments updated in place: the result
// of an operation that updates one is tied to its operand.
//
// An operation is a value (see [Op]) that holds its documentation, its
// attributes, the types of its results and its cost. The exact arithmetic of
// each is in docs/numerics.md; engines agree on all of them bit for bit.
//
// Modules are made with a [Builder], checked with [Verify], printed with
// [Module.String] and read back with [Parse].
package ir
