// Package reference is the CPU engine of lpuctl: it interprets an [ir.Module]
// by the arithmetic of docs/numerics.md, so its bits are the definition that
// compiled code is held to. They are the same for any number
// of threads, and a prefill of T tokens gives the bits of T decode steps.
//
// [New] plans all memory once; a token allocates nothing. Weights are read in
// the packed layout of internal/pack, 64 outputs innermost, and streamed once
// per call. The inner loops are plain functions over slices. Those that take the
// time have twins in assembly, which give the same bits.
package reference
