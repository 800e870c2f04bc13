package mlir

// Options choose the flavour of the emitted module.
type Options struct {
	Trace bool // entries take a buffer that receives every computed value
}

// Program is what a runner must know to call the compiled entries.
type Program struct {
	Chunk          int                    // tokens of a prefill call, 0 without a prefill entry
	Vocab          int                    // logits of one row
	KCache, VCache [4]int                 // shapes: [L,KV,D,S] and [L,S,KV,D], float32
	Weights        int64                  // bytes of weights.bin
	Trace          map[string]TraceLayout // by entry name; empty unless Options.Trace
}

// TraceLayout is the content of the trace buffer of one entry.
type TraceLayout struct {
	Elements int    // float32 elements of the buffer
	Slots    []Slot // in execution order
}

// Slot is the place of one value in a trace buffer.
type Slot struct {
	Path   string // as ir.Join(path of the call, name of the value)
	Offset int    // in elements
	Shape  []int
}
