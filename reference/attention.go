package reference

import (
	"math"

	"github.com/lpuctl/lpuctl/ir"
)

func kvAppendKernel(b *bodyBuilder, n *ir.Node) step {
	cache, x := b.value(n.Args[0]), b.value(n.Args[1])
	layer, pos := b.value(n.Args[2]), b.value(n.Args[3])
	layout := n.Attrs.Str("layout")
	dims, _ := ir.Cache(n.Args[0].Type, layout)
	width := dims.KVHeads * dims.HeadDim
	size := width * dims.Context
	store := appendV
	if layout == ir.LayoutK {
		store = appendK
	}
	return step{
		units: perRow,
		run: func(_ *scratch, lo, hi int) {
			for t := lo; t < hi; t++ {
				at := layer.n * size
				store(cache.f[at:at+size], x.f[t*width:(t+1)*width], pos.n+t)
			}
		},
	}
}

// appendK stores a row as column pos of a layer [KV,D,S].
func appendK(cache, row []float32, pos int) {
	stride := len(cache) / len(row)
	for i, v := range row {
		cache[i*stride+pos] = v
	}
}

// appendV stores a row as row pos of a layer [S,KV,D].
func appendV(cache, row []float32, pos int) {
	copy(cache[pos*len(row):], row)
}

func attentionKernel(b *bodyBuilder, n *ir.Node) step {
	q, kc, vc := b.value(n.Args[0]), b.value(n.Args[1]), b.value(n.Args[2])
	layer, pos, y := b.value(n.Args[3]), b.value(n.Args[4]), b.value(n.Results[0])
	dims, _ := ir.Cache(n.Args[1].Type, ir.LayoutK)
	d, heads := dims.HeadDim, n.Args[0].Type.Shape[1]/dims.HeadDim
	size := dims.KVHeads * d * dims.Context
	a, loops := newAttention(b, n, dims), b.loops()
	return step{
		units: func(rows int) int { return rows * heads },
		run: func(s *scratch, lo, hi int) {
			k, v := kc.f[layer.n*size:][:size], vc.f[layer.n*size:][:size]
			for u := lo; u < hi; u++ {
				t, head := u/heads, u%heads
				seen, kv := pos.n+t+1, head/(heads/dims.KVHeads)
				first := max(seen-a.window, 0)
				p := s.scores[:seen-first]
				loops.scores(p, q.f[u*d:(u+1)*d], k[kv*d*dims.Context+first:], dims.Context, a.scale)
				a.probabilities(loops, s, p, head)
				loops.weightedSum(y.f[u*d:(u+1)*d], p, v[(first*dims.KVHeads+kv)*d:], dims.KVHeads*d)
			}
		},
	}
}

// attention is what a node adds to plain attention.
type attention struct {
	scale   float32
	softcap float32 // 0 for none
	window  int     // at most the context
	sinks   *value  // nil for none
}

func newAttention(b *bodyBuilder, n *ir.Node, dims ir.CacheDims) attention {
	a := attention{
		scale:   float32(n.Attrs.Float("scale")),
		softcap: float32(n.Attrs.Float("softcap")),
		window:  dims.Context,
	}
	if w := n.Attrs.Int("window"); w > 0 {
		a.window = min(a.window, w)
	}
	if len(n.Args) > 5 {
		a.sinks = b.value(n.Args[5])
	}
	return a
}

// probabilities turns the scores of one head to probabilities.
func (a *attention) probabilities(l *loops, s *scratch, p []float32, head int) {
	if a.softcap > 0 {
		softcap(p, p, a.softcap)
	}
	if a.sinks == nil {
		l.softmax(s, p, float32(math.Inf(-1)))
		return
	}
	l.softmax(s, p, a.sinks.f[head])
}

// scores is s[i] = (sum over d of q[d]*k[d*stride+i]) * scale, d ascending.
func (l *loops) scores(s, q, k []float32, stride int, scale float32) {
	clear(s)
	l.mulAdd(s, q, k, stride)
	for i := range s {
		s[i] = float32(s[i] * scale)
	}
}

// softmax replaces scores by their softmax (rules 4 and 6) with one more score,
// the sink, which takes no value; -Inf is no sink.
func (l *loops) softmax(s *scratch, p []float32, sink float32) {
	m := sink
	for _, v := range p {
		m = max(m, v) // NaN wins
	}
	sum := l.softmaxExp(s, p, m) + exp(sink-m)
	for i := range p {
		p[i] /= sum
	}
}

func softmaxExp(s *scratch, p []float32, m float32) float32 {
	s.sums = [16]float32{}
	addExp(&s.sums, p, m)
	return tree(&s.sums)
}

// addExp replaces p by exp(p-m) and adds it to interleaved sums of what is
// before it, a multiple of 16.
func addExp(sums *[16]float32, p []float32, m float32) {
	for i, v := range p {
		e := exp(v - m)
		p[i] = e
		sums[i&15] += e
	}
}

// weightedSum is y[d] = sum over i of p[i]*v[i*stride+d], i ascending.
func (l *loops) weightedSum(y, p, v []float32, stride int) {
	clear(y)
	l.mulAdd(y, p, v, stride)
}
