package mlir

// Options choose the flavour of the emitted module.
type Options struct {
	Trace bool // entries take a buffer that receives every computed value
}

// Program is what a runner must know to call the compiled entries. The cache
// shapes are [L,KV,D,S] and [L,S,KV,D], float32.
type Program struct {
	Chunk   int                    `json:"chunk"` // tokens of a prefill call, 0 without a prefill entry
	Vocab   int                    `json:"vocab"` // logits of one row
	KCache  [4]int                 `json:"kcache"`
	VCache  [4]int                 `json:"vcache"`
	Weights int64                  `json:"weights"`         // bytes of weights.bin
	Trace   map[string]TraceLayout `json:"trace,omitempty"` // by entry name; empty unless Options.Trace
}

// TraceLayout is the content of the trace buffer of one entry.
type TraceLayout struct {
	Elements int    `json:"elements"` // float32 elements of the buffer
	Slots    []Slot `json:"slots"`    // in execution order
}

// Slot is the place of one value in a trace buffer.
type Slot struct {
	Path   string `json:"path"`   // as ir.Join(path of the call, name of the value)
	Offset int    `json:"offset"` // in elements
	Shape  []int  `json:"shape"`
}
