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
	i := 0
	for ; i+8 <= len(s); i += 8 {
		var a0, a1, a2, a3, a4, a5, a6, a7 float32
		for d, v := range q {
			c := (*[8]float32)(k[d*stride+i:])
			a0 += float32(v * c[0])
			a1 += float32(v * c[1])
			a2 += float32(v * c[2])
			a3 += float32(v * c[3])
			a4 += float32(v * c[4])
			a5 += float32(v * c[5])
			a6 += float32(v * c[6])
			a7 += float32(v * c[7])
		}
		*(*[8]float32)(s[i:]) = [8]float32{
			float32(a0 * scale), float32(a1 * scale), float32(a2 * scale), float32(a3 * scale),
			float32(a4 * scale), float32(a5 * scale), float32(a6 * scale), float32(a7 * scale),
		}
	}
	for ; i < len(s); i++ {
		var a float32
		for d, v := range q {
			a += float32(v * k[d*stride+i])
		}
		s[i] = float32(a * scale)
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
	d := 0
	for ; d+8 <= len(y); d += 8 {
		var a0, a1, a2, a3, a4, a5, a6, a7 float32
		for i, w := range p {
			c := (*[8]float32)(v[i*stride+d:])
			a0 += float32(w * c[0])
			a1 += float32(w * c[1])
			a2 += float32(w * c[2])
			a3 += float32(w * c[3])
			a4 += float32(w * c[4])
			a5 += float32(w * c[5])
			a6 += float32(w * c[6])
			a7 += float32(w * c[7])
		}
		*(*[8]float32)(y[d:]) = [8]float32{a0, a1, a2, a3, a4, a5, a6, a7}
	}
	for ; d < len(y); d++ {
		var a float32
		for i, w := range p {
			a += float32(w * v[i*stride+d])
		}
		y[d] = a
	}
}
