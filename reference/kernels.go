package reference

import (
	"math"

	"github.com/lpuctl/lpuctl/ir"
)

// kernel turns a node into a step. A kernel reads the sizes and attributes
// once; what it returns only computes.
type kernel func(b *bodyBuilder, n *ir.Node) step

// kernels has a row for each operation but call.
func kernels() map[*ir.Op]kernel {
	return map[*ir.Op]kernel{
		ir.Embed:     embedKernel,
		ir.RMSNorm:   rmsNormKernel,
		ir.Linear:    linearKernel,
		ir.Rope:      ropeKernel,
		ir.KVAppend:  kvAppendKernel,
		ir.Attention: attentionKernel,
		ir.Add:       elementwiseKernel(addRange),
		ir.Mul:       elementwiseKernel(mulRange),
		ir.SiLU:      siluKernel,
		ir.GELU:      geluKernel,
		ir.Softcap:   softcapKernel,
		ir.Gather:    gatherKernel,
		ir.Const:     constKernel,

		ir.RouterTopK:    routerTopKKernel,
		ir.MoELinear:     moeLinearKernel,
		ir.MoECombine:    moeCombineKernel,
		ir.ClampedSwiGLU: clampedSwiGLUKernel,
	}
}

// perRow splits a step by rows.
func perRow(rows int) int { return rows }

func constKernel(b *bodyBuilder, n *ir.Node) step {
	b.value(n.Results[0]).n = n.Attrs.Int("value")
	return step{}
}

// elementwiseKernel is the step of an operation of one or two operands of the
// result's type. Its units are whole rows, or 16 parts of the only row.
func elementwiseKernel(f func(y, a, b []float32)) kernel {
	return func(b *bodyBuilder, n *ir.Node) step {
		first, second := b.value(n.Args[0]), b.value(n.Args[len(n.Args)-1])
		y, width := b.value(n.Results[0]), n.Results[0].Type.Shape[1]
		return step{
			units: func(rows int) int { return rows * 16 },
			run: func(_ *scratch, lo, hi int) {
				lo, hi = lo*width/16, hi*width/16
				f(y.f[lo:hi], first.f[lo:hi], second.f[lo:hi])
			},
		}
	}
}

func addRange(y, a, b []float32) {
	for i := range y {
		y[i] = a[i] + b[i]
	}
}

func mulRange(y, a, b []float32) {
	for i := range y {
		y[i] = float32(a[i] * b[i])
	}
}

func siluKernel(b *bodyBuilder, n *ir.Node) step {
	return elementwiseKernel(func(y, x, _ []float32) { b.loops().silu(y, x) })(b, n)
}

func silu(y, x []float32) {
	for i := range y {
		y[i] = x[i] / (1 + exp(-x[i]))
	}
}

func geluKernel(b *bodyBuilder, n *ir.Node) step {
	return elementwiseKernel(func(y, x, _ []float32) { b.loops().gelu(y, x) })(b, n)
}

// gelu is x / (1 + exp(-2u)), u = sqrt(2/pi) * (x + 0.044715*x^3).
func gelu(y, x []float32) {
	const (
		cubic = 0.044715
		root  = 0.7978845608028654 // sqrt(2/pi)
	)
	for i, v := range x {
		u := float32(float32(v*v)*v) * cubic
		u = float32(float32(v+u) * root)
		y[i] = v / (1 + exp(-(u + u)))
	}
}

func softcapKernel(b *bodyBuilder, n *ir.Node) step {
	limit := float32(n.Attrs.Float("cap"))
	return elementwiseKernel(func(y, x, _ []float32) { softcap(y, x, limit) })(b, n)
}

// softcap is limit * tanh(x/limit).
func softcap(y, x []float32, limit float32) {
	for i, v := range x {
		y[i] = float32(tanh(v/limit) * limit)
	}
}

func embedKernel(b *bodyBuilder, n *ir.Node) step {
	ids, table, y := b.value(n.Args[0]), b.value(n.Args[1]), b.value(n.Results[0])
	width, scale, loops := n.Results[0].Type.Shape[1], float32(n.Attrs.Float("scale")), b.loops()
	return step{
		units: perRow,
		run: func(s *scratch, lo, hi int) {
			for t := lo; t < hi; t++ {
				row := y.f[t*width : (t+1)*width]
				table.matrix.row(loops, &s.group, int(ids.ids[t]), row)
				if scale != 0 {
					scaleRange(row, scale)
				}
			}
		},
	}
}

// scaleRange is y = y * scale.
func scaleRange(y []float32, scale float32) {
	for i, v := range y {
		y[i] = float32(v * scale)
	}
}

func rmsNormKernel(b *bodyBuilder, n *ir.Node) step {
	x, w, y := b.value(n.Args[0]), b.value(n.Args[1]), b.value(n.Results[0])
	width, eps, loops := n.Results[0].Type.Shape[1], float32(n.Attrs.Float("eps")), b.loops()
	return step{
		units: perRow,
		run: func(s *scratch, lo, hi int) {
			for at := lo * width; at < hi*width; at += len(w.f) {
				loops.rmsNorm(s, y.f[at:at+len(w.f)], x.f[at:at+len(w.f)], w.f, eps)
			}
		},
	}
}

// rmsNorm is one norm: y = (x * (1/sqrt(ss/N + eps))) * w (numerics rules 4 and 5).
func rmsNorm(s *scratch, y, x, w []float32, eps float32) {
	s.sums = [16]float32{}
	normalize(y, x, w, normFactor(&s.sums, x, len(x), eps))
}

// normFactor is 1/sqrt(ss/width + eps), where x adds its squares to the sums of
// numbers before it, a multiple of 16.
func normFactor(sums *[16]float32, x []float32, width int, eps float32) float32 {
	for i, v := range x {
		sums[i&15] += float32(v * v)
	}
	ms := tree(sums) / float32(width)
	return 1 / float32(math.Sqrt(float64(ms+eps))) // correctly rounded: binary64 has 2*24+2 bits
}

func normalize(y, x, w []float32, r float32) {
	for i, v := range x {
		y[i] = float32(float32(v*r) * w[i])
	}
}

// tree adds 16 interleaved partial sums in the order 8-4-2-1 (rule 4).
func tree(l *[16]float32) float32 {
	for w := 8; w > 0; w >>= 1 {
		for i := range w {
			l[i] += l[i+w]
		}
	}
	return l[0]
}

func ropeKernel(b *bodyBuilder, n *ir.Node) step {
	x, cos, sin, pos := b.value(n.Args[0]), b.value(n.Args[1]), b.value(n.Args[2]), b.value(n.Args[3])
	y, width, half := b.value(n.Results[0]), n.Results[0].Type.Shape[1], n.Args[1].Type.Shape[1]
	head, _ := ir.RopeDims(n)
	return step{
		units: perRow,
		run: func(_ *scratch, lo, hi int) {
			for t := lo; t < hi; t++ {
				at := (pos.n + t) * half
				rope(y.f[t*width:(t+1)*width], x.f[t*width:(t+1)*width], cos.f[at:at+half], sin.f[at:at+half], head)
			}
		},
	}
}

// rope rotates the pairs (i, i+R/2) of every head of a row and copies the rest
// of the head; c and s hold the R/2 cosines and sines of its position.
func rope(y, x, c, s []float32, head int) {
	half := len(c)
	for h := 0; h < len(x); h += head {
		copy(y[h+2*half:h+head], x[h+2*half:h+head])
		x1, x2 := x[h:h+half], x[h+half:h+2*half]
		y1, y2 := y[h:h+half], y[h+half:h+2*half]
		for i, a := range x1 {
			b := x2[i]
			y1[i] = float32(a*c[i]) - float32(b*s[i])
			y2[i] = float32(b*c[i]) + float32(a*s[i])
		}
	}
}
