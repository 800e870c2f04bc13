package toolchain

import (
	"fmt"
	"math"
)

// ABI is the shape of a compiled module's entries, fixed when it was emitted:
//
//	prefill(tokens: memref<Pxi32>, pos: index, weights: memref<Nxi8>,
//	        kcache: memref<LxKVxDxSxf32>, vcache: memref<LxSxKVxDxf32>,
//	        logits: memref<PxVxf32>[, trace: memref<Mxf32>])
//	decode  the same with P = 1 and its own M
//
// They are called through MLIR's C interface (attribute
// llvm.emit_c_interface): _mlir_ciface_prefill and _mlir_ciface_decode take a
// pointer to a descriptor for each memref and an int64 for each index.
type ABI struct {
	Chunk        int    // P, tokens of a prefill call; 0: the module has no prefill
	Vocab        int    // V, logits of a position
	KCache       [4]int // layers, KV heads, head dimension, positions
	VCache       [4]int // layers, positions, KV heads, head dimension
	Weights      int64  // N, bytes of the weights file
	TracePrefill int    // M of prefill in float32 elements; 0: not traced
	TraceDecode  int    // M of decode in float32 elements; 0: not traced
}

// maxElements bounds each buffer, in elements, so that sizes in bytes and their
// sums stay far inside an int64.
const maxElements = 1 << 48

// Positions returns how many positions the KV caches hold.
func (a ABI) Positions() int { return a.KCache[3] }

// check reports what makes the ABI impossible.
func (a ABI) check() error {
	k, v := a.KCache, a.VCache
	switch {
	case a.Chunk < 0 || a.Chunk > a.Positions():
		return fmt.Errorf("toolchain: ABI: chunk of %d tokens for %d positions", a.Chunk, a.Positions())
	case a.Vocab <= 0 || a.Vocab > math.MaxInt32:
		return fmt.Errorf("toolchain: ABI: vocabulary of %d", a.Vocab)
	case elements(k[:]...) == 0 || elements(a.Chunk+1, a.Vocab) == 0:
		return fmt.Errorf("toolchain: ABI: K cache %v or logits %d x %d not in 1..%d elements", k, a.Chunk, a.Vocab, int64(maxElements))
	case k != [4]int{v[0], v[2], v[3], v[1]}:
		return fmt.Errorf("toolchain: ABI: K cache %v [L KV D S] does not match V cache %v [L S KV D]", k, v)
	case a.Weights <= 0:
		return fmt.Errorf("toolchain: ABI: weights of %d bytes", a.Weights)
	}
	return a.checkTrace()
}

// checkTrace holds the two trace sizes against each other: both entries are
// traced or none is.
func (a ABI) checkTrace() error {
	p, d := a.TracePrefill, a.TraceDecode
	if p < 0 || d < 0 || p > maxElements || d > maxElements || (a.Chunk > 0 && (p > 0) != (d > 0)) || (a.Chunk == 0 && p > 0) {
		return fmt.Errorf("toolchain: ABI: traces of %d (prefill) and %d (decode) elements, chunk %d", p, d, a.Chunk)
	}
	return nil
}

// elements multiplies dimensions; 0 when one is not positive or the product
// exceeds maxElements.
func elements(dims ...int) int64 {
	n := int64(1)
	for _, d := range dims {
		if d <= 0 || int64(d) > maxElements/n {
			return 0
		}
		n *= int64(d)
	}
	return n
}

// words returns the ABI as the driver greets with it, and macros as the driver
// is compiled with it, in one order.
func (a ABI) words() [13]int64 {
	k, v := a.KCache, a.VCache
	return [13]int64{
		int64(a.Chunk), int64(a.Vocab),
		int64(k[0]), int64(k[1]), int64(k[2]), int64(k[3]),
		int64(v[0]), int64(v[1]), int64(v[2]), int64(v[3]),
		a.Weights, int64(a.TracePrefill), int64(a.TraceDecode),
	}
}

// macros returns the compiler's -D flags that bind the driver to the ABI.
func (a ABI) macros() []string {
	names := [13]string{"CHUNK", "VOCAB", "K0", "K1", "K2", "K3", "V0", "V1", "V2", "V3", "WEIGHTS", "TRACE_PREFILL", "TRACE_DECODE"}
	var flags []string
	for i, n := range a.words() {
		flags = append(flags, fmt.Sprintf("-DLPUCTL_%s=%d", names[i], n))
	}
	if a.TraceDecode > 0 {
		flags = append(flags, "-DLPUCTL_TRACED")
	}
	return flags
}
