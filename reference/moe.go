package reference

import (
	"math"
	"slices"

	"github.com/lpuctl/lpuctl/ir"
)

// routes are the experts that a router selected for the tokens of a call: slot
// t*k+j is expert j of token t.
type routes struct {
	ids        []int32 // by slot
	k, experts int
	sorted     bool // the function has a step that fills what follows
	// Slots sorted by expert, in ascending order for each.
	slots  []int
	tokens []int // slot/k of each
	start  []int // of each expert in slots, and the end
}

// of returns the slots that want an expert, and their tokens. A token selects an
// expert once at most, so that there are no more slots than tokens.
func (r *routes) of(expert int) (slots, tokens []int) {
	lo, hi := r.start[expert], r.start[expert+1]
	return r.slots[lo:hi], r.tokens[lo:hi]
}

// sort fills the lists for that many tokens, by counting.
func (r *routes) sort(tokens int) {
	clear(r.start)
	ids := r.ids[:tokens*r.k]
	for _, e := range ids {
		r.start[e+1]++
	}
	for e := range r.experts {
		r.start[e+1] += r.start[e]
	}
	for slot, e := range ids {
		at := r.start[e]
		r.slots[at], r.tokens[at] = slot, slot/r.k
		r.start[e]++
	}
	copy(r.start[1:], r.start) // each start has become its end
	r.start[0] = 0
}

// routes returns the routes of ids, adding the step that sorts them when no
// node before has done so.
func (b *bodyBuilder) routes(ids *ir.Value) *routes {
	r, engine := b.value(ids).routes, b.compiler.engine
	if !r.sorted {
		r.sorted = true
		b.steps = append(b.steps, step{
			units: func(int) int { return 1 },
			run:   func(*scratch, int, int) { r.sort(engine.rows) },
		})
	}
	return r
}

func newRoutes(t ir.Type, experts int) *routes {
	n := t.Elements()
	return &routes{
		ids: make([]int32, n), k: t.Shape[1], experts: experts,
		slots: make([]int, n), tokens: make([]int, n), start: make([]int, experts+1),
	}
}

func routerTopKKernel(b *bodyBuilder, n *ir.Node) step {
	logits, weights := b.value(n.Args[0]), b.value(n.Results[0])
	k, experts := n.Attrs.Int("k"), n.Args[0].Type.Shape[1]
	r := newRoutes(n.Results[1].Type, experts)
	b.value(n.Results[1]).routes = r
	noSink, loops := float32(math.Inf(-1)), b.loops()
	var space []float32
	if n.Attrs.Str("softmax") == ir.RouteAll {
		space = make([]float32, n.Args[0].Type.Elements())
	}
	return step{
		units: perRow,
		run: func(s *scratch, lo, hi int) {
			for t := lo; t < hi; t++ {
				x, p, ids := logits.f[t*experts:(t+1)*experts], weights.f[t*k:(t+1)*k], r.ids[t*k:(t+1)*k]
				topK(ids, x)
				if space == nil {
					gather(p, x, ids)
					loops.softmax(s, p, noSink)
					continue
				}
				all := space[t*experts : (t+1)*experts]
				copy(all, x)
				loops.softmax(s, all, noSink)
				gather(p, all, ids)
			}
		},
	}
}

// topK finds the largest of x in descending order, the lower index first among
// equals, and NaN before all numbers.
func topK(ids []int32, x []float32) {
	for j := range ids {
		best := int32(-1)
		for i, v := range x {
			id := int32(i)
			if (best < 0 || orderKey(v) > orderKey(x[best])) && !slices.Contains(ids[:j], id) {
				best = id
			}
		}
		ids[j] = best
	}
}

// orderKey is an integer in the order of floats: -0 below +0, NaN the largest.
func orderKey(v float32) int32 {
	bits := int32(math.Float32bits(v))
	switch {
	case v != v:
		return math.MaxInt32
	case bits < 0:
		return bits ^ math.MaxInt32
	}
	return bits
}

func gather(dst, src []float32, ids []int32) {
	for j, id := range ids {
		dst[j] = src[id]
	}
}

// moeLinearKernel is the matrix product with the selected experts. Its units
// are 64-row blocks, of all experts at once: the block of an expert is streamed
// once and serves all tokens that selected it.
func moeLinearKernel(b *bodyBuilder, n *ir.Node) step {
	p := b.product(n, n.Args[1].Type.Expert())
	r := b.routes(n.Args[2])
	shared := n.Args[0].Type.Shape[1] == p.x.width
	return step{
		units: func(int) int { return p.blocks },
		run: func(s *scratch, lo, hi int) {
			for i := lo; i < hi; i++ {
				for e := range r.experts {
					slots, inputs := r.of(e)
					if !shared {
						inputs = slots
					}
					p.block(s, e, i, inputs, slots)
				}
			}
		},
	}
}

func moeCombineKernel(b *bodyBuilder, n *ir.Node) step {
	x, weights, y := b.value(n.Args[0]), b.value(n.Args[1]), b.value(n.Results[0])
	width, k, loops := n.Results[0].Type.Shape[1], n.Args[1].Type.Shape[1], b.loops()
	return step{
		units: perRow,
		run: func(_ *scratch, lo, hi int) {
			for t := lo; t < hi; t++ {
				row := y.f[t*width : (t+1)*width]
				clear(row)
				loops.mulAdd(row, weights.f[t*k:(t+1)*k], x.f[t*k*width:], width)
			}
		},
	}
}

func clampedSwiGLUKernel(b *bodyBuilder, n *ir.Node) step {
	alpha, limit := float32(n.Attrs.Float("alpha")), float32(n.Attrs.Float("limit"))
	return elementwiseKernel(func(y, gate, up []float32) {
		for i, g := range gate {
			y[i] = clampedSwiGLU(g, up[i], alpha, limit)
		}
	})(b, n)
}

// clampedSwiGLU is (up+1) * gate*sigmoid(alpha*gate); comparisons let NaN pass.
func clampedSwiGLU(gate, up, alpha, limit float32) float32 {
	if gate > limit {
		gate = limit
	}
	if up > limit {
		up = limit
	}
	if up < -limit {
		up = -limit
	}
	return float32((up + 1) * (gate / (1 + exp(-float32(gate*alpha)))))
}
