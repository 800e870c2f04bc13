package prove

import (
	"strings"

	"github.com/lpuctl/lpuctl/internal/trace"
)

// hiddenStates collects the residual stream from a trace: the embeddings, then
// the output of every layer, each [positions, size].
type hiddenStates struct {
	positions, size int
	layers          [][]float32
	byPath          map[string]int
}

func newHiddenStates(positions, size int) *hiddenStates {
	return &hiddenStates{positions: positions, size: size, byPath: map[string]int{}}
}

// record keeps a value that is part of the residual stream.
func (h *hiddenStates) record(r *trace.Record) {
	if r.Path != "embed" && !strings.HasSuffix(r.Path, ".mlp.residual") {
		return
	}
	if r.Width() != h.size || r.Pos+r.Shape[0] > h.positions {
		return // of another shape than the golden: its comparison says so
	}
	i, ok := h.byPath[r.Path]
	if !ok {
		i = len(h.layers)
		h.byPath[r.Path] = i
		h.layers = append(h.layers, make([]float32, h.positions*h.size))
	}
	copy(h.layers[i][r.Pos*h.size:], r.Data)
}

// states is the layout of golden.Recorded: [layers+1, positions, size].
func (h *hiddenStates) states() []float32 {
	var all []float32
	for _, l := range h.layers {
		all = append(all, l...)
	}
	return all
}
