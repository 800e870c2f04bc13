// Package reference is the CPU engine of lpuctl: it interprets an [ir.Module]
// in plain Go by the arithmetic of docs/numerics.md, so its bits are the
// definition that compiled code is held to. They are the same for any number
// of threads, and a prefill of T tokens gives the bits of T decode steps.
//
// [New] plans all memory once; a token allocates nothing. Weights are read in
// the packed layout of internal/pack, 64 outputs innermost, and streamed once
// per call. Every kernel is a plain function over slices in a file of its own,
// so that an assembly twin can stand beside it.
package reference
