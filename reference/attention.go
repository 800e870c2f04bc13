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
	d, width, scale := dims.HeadDim, n.Args[0].Type.Shape[1], float32(n.Attrs.Float("scale"))
	heads := width / d
	size := dims.KVHeads * d * dims.Context
	return step{
		units: func(rows int) int { return rows * heads },
		run: func(s *scratch, lo, hi int) {
			k, v := kc.f[layer.n*size:][:size], vc.f[layer.n*size:][:size]
			for u := lo; u < hi; u++ {
				t, kv := u/heads, u%heads/(heads/dims.KVHeads)
				p := s.scores[:pos.n+t+1]
				scores(p, q.f[u*d:(u+1)*d], k[kv*d*dims.Context:], dims.Context, scale)
				softmax(p)
				weightedSum(y.f[u*d:(u+1)*d], p, v[kv*d:], dims.KVHeads*d)
			}
		},
	}
}

// scores is s[i] = (sum over d of q[d]*k[d*stride+i]) * scale, d ascending.
func scores(s, q, k []float32, stride int, scale float32) {
	clear(s)
	mulAdd(s, q, k, stride)
	for i := range s {
		s[i] = float32(s[i] * scale)
	}
}

// softmax replaces scores by their softmax (rules 4 and 6).
func softmax(p []float32) {
	m := float32(math.Inf(-1))
	for _, v := range p {
		m = max(m, v) // NaN wins
	}
	var l [16]float32
	for i, v := range p {
		e := exp(v - m)
		p[i] = e
		l[i&15] += e
	}
	sum := tree(&l)
	for i := range p {
		p[i] /= sum
	}
}

// weightedSum is y[d] = sum over i of p[i]*v[i*stride+d], i ascending.
func weightedSum(y, p, v []float32, stride int) {
	clear(y)
	mulAdd(y, p, v, stride)
}
