package mlir_test

import (
	"math"

	"github.com/lpuctl/lpuctl/emit/mlir"
	"github.com/lpuctl/lpuctl/ir"
)

// oracle is docs/numerics.md written down naively: it interprets a module on
// logical weights, one scalar at a time.
type oracle struct {
	weights map[*ir.Value]*logical
	trace   []float32
	slots   []mlir.Slot
}

// value is what the oracle computes with: floats, an integer, ids or a weight.
type value struct {
	floats []float32
	scalar int
	ids    []int32
	weight *logical
}

// call runs fn and returns its results. Caches are updated in place.
func (o *oracle) call(fn *ir.Func, prefix string, args []value) []value {
	env := map[*ir.Value]value{}
	for i, p := range fn.Params {
		env[p] = args[i]
	}
	for _, n := range fn.Nodes {
		in := make([]value, len(n.Args))
		for i, a := range n.Args {
			in[i] = env[a]
			if a.Kind == ir.Weight {
				in[i] = value{weight: o.weights[a], floats: o.weights[a].floats}
			}
		}
		if n.Op == ir.Call {
			for i, r := range o.call(n.Callee, ir.Join(prefix, n.Path()), in) {
				env[n.Results[i]] = r
			}
			continue
		}
		out := o.node(n, in)
		env[n.Results[0]] = out
		if n.Op == ir.RouterTopK {
			env[n.Results[1]] = value{ids: out.ids}
		}
		if t := n.Results[0].Type; len(t.Shape) == 2 {
			o.slots = append(o.slots, mlir.Slot{Path: ir.Join(prefix, n.Path()), Offset: len(o.trace), Shape: t.Shape})
			o.trace = append(o.trace, out.floats...)
		}
	}
	results := make([]value, len(fn.Results))
	for i, r := range fn.Results {
		results[i] = env[r]
	}
	return results
}

func (o *oracle) node(n *ir.Node, in []value) value {
	switch n.Op {
	case ir.Const:
		return value{scalar: n.Attrs.Int("value")}
	case ir.Embed:
		y := oracleEmbed(in[0].ids, in[1].weight)
		if scale := float32(n.Attrs.Float("scale")); scale != 0 {
			for i := range y {
				y[i] *= scale
			}
		}
		return value{floats: y}
	case ir.RMSNorm:
		return value{floats: oracleNorm(in[0].floats, in[1].floats, float32(n.Attrs.Float("eps")))}
	case ir.Linear:
		y := oracleLinear(in[0].floats, in[1].weight, n.Attrs.Str("kind"))
		for i := range y {
			if len(in) > 2 {
				y[i] += in[2].floats[i%len(in[2].floats)]
			}
		}
		return value{floats: y}
	case ir.Rope:
		return value{floats: oracleRope(n, in)}
	case ir.KVAppend:
		oracleAppend(n, in)
		return in[0]
	case ir.Attention:
		return value{floats: oracleAttention(n, in)}
	case ir.Gather:
		order := in[1].floats
		y := make([]float32, len(in[0].floats))
		for i := range y {
			row := i / len(order) * len(order)
			y[i] = in[0].floats[row+int(order[i-row])]
		}
		return value{floats: y}
	case ir.RouterTopK:
		return oracleRoute(n, in[0].floats)
	case ir.MoELinear:
		return value{floats: oracleMoELinear(n, in)}
	case ir.MoECombine:
		return value{floats: oracleCombine(n, in)}
	}
	y := make([]float32, len(in[0].floats))
	for i, a := range in[0].floats {
		switch n.Op {
		case ir.Add:
			y[i] = a + in[1].floats[i]
		case ir.Mul:
			y[i] = a * in[1].floats[i]
		case ir.SiLU:
			y[i] = a / (1 + oracleExp(-a))
		case ir.ClampedSwiGLU:
			y[i] = oracleClamped(a, in[1].floats[i], float32(n.Attrs.Float("alpha")), float32(n.Attrs.Float("limit")))
		case ir.GELU:
			u := float32(float32(a*a)*a) * float32(0.044715)
			u = float32(a+u) * float32(0.7978845608028654)
			y[i] = a / (1 + oracleExp(-2*u))
		case ir.Softcap:
			y[i] = oracleSoftcap(a, float32(n.Attrs.Float("cap")))
		default:
			panic("oracle: no operation " + n.Op.Name)
		}
	}
	return value{floats: y}
}

// element is weight [n,k] as float32.
func (l *logical) element(n, k int) float32 {
	if l.typ.Elem != ir.Block {
		return l.floats[n*l.typ.Shape[1]+k]
	}
	q, zero, scale := l.at(n, k)
	v := float32(float32(q-zero) * scale)
	if l.typ.Quant.Min {
		v += l.minimum(n, k)
	}
	return v
}

func oracleEmbed(ids []int32, table *logical) []float32 {
	var y []float32
	for _, id := range ids {
		for k := range table.typ.Shape[1] {
			y = append(y, table.element(int(id), k))
		}
	}
	return y
}

// laneSum adds terms in 16 lanes, then as a tree.
func laneSum(terms []float32) float32 {
	var lane [16]float32
	for i, v := range terms {
		lane[i%16] += v
	}
	for width := 8; width > 0; width /= 2 {
		for i := range width {
			lane[i] += lane[i+width]
		}
	}
	return lane[0]
}

func oracleNorm(x, w []float32, eps float32) []float32 {
	var y []float32
	for width := len(w); len(x) > 0; x = x[width:] {
		squares := make([]float32, width)
		for i, v := range x[:width] {
			squares[i] = v * v
		}
		ms := laneSum(squares)/float32(width) + eps
		r := 1 / float32(math.Sqrt(float64(ms)))
		for i, v := range x[:width] {
			y = append(y, float32(v*r)*w[i])
		}
	}
	return y
}

func oracleLinear(x []float32, w *logical, kind string) []float32 {
	outputs, k := w.typ.Shape[0], w.typ.Shape[1]
	var y []float32
	for ; len(x) > 0; x = x[k:] {
		for n := range outputs {
			switch kind {
			case ir.KindA8:
				y = append(y, oracleInteger(x[:k], w, n, 127))
			case ir.KindA15:
				y = append(y, oracleInteger(x[:k], w, n, 16319))
			default:
				y = append(y, oracleDot(x[:k], w, n, kind == ir.KindF16))
			}
		}
	}
	return y
}

func oracleDot(x []float32, w *logical, n int, half bool) float32 {
	acc := float32(0)
	for k, v := range x {
		c := w.element(n, k)
		if half {
			v, c = fromHalf(toHalf(v)), fromHalf(toHalf(c))
		}
		acc += float32(v * c)
	}
	return acc
}

// oracleInteger has the halves of a15 apart, as the definition has them.
func oracleInteger(x []float32, w *logical, n int, qmax float32) float32 {
	acc, size := float32(0), w.typ.Quant.Group
	for start := 0; start < len(x); start += size {
		q, d := oracleQuantize(x[start:min(start+size, len(x))], qmax)
		high, low, sum := int32(0), int32(0), int32(0)
		var scale float32
		for i, v := range q {
			var c, zero int
			c, zero, scale = w.at(n, start+i)
			sum += v
			if qmax == 127 {
				low += int32(c-zero) * v
				continue
			}
			h := (v + 64) >> 7
			high += int32(c-zero) * h
			low += int32(c-zero) * (v - 128*h)
		}
		acc += float32(float32(128*high+low) * float32(scale*d))
		if w.typ.Quant.Min {
			acc += float32(float32(sum) * float32(w.minimum(n, start)*d))
		}
	}
	return acc
}

func oracleQuantize(x []float32, qmax float32) (q []int32, d float32) {
	amax := float64(0)
	q = make([]int32, len(x))
	for _, v := range x {
		if v-v != 0 { // infinite or NaN
			return q, float32(math.NaN())
		}
		amax = math.Max(amax, math.Abs(float64(v)))
	}
	if amax < 0x1p-100 {
		return q, 0
	}
	d = float32(amax) / qmax
	inverse := 1 / d
	for i, v := range x {
		q[i] = int32(math.RoundToEven(float64(float32(v * inverse))))
	}
	return q, d
}

func oracleRope(n *ir.Node, in []value) []float32 {
	width, half, head := n.Args[0].Type.Shape[1], n.Args[1].Type.Shape[1], n.Attrs.Int("head")
	if head == 0 {
		head = 2 * half
	}
	x, cos, sin, pos := in[0].floats, in[1].floats, in[2].floats, in[3].scalar
	y := make([]float32, len(x))
	for i := range x {
		row, d := i/width, i%head
		at := (pos+row)*half + d%half
		if d >= 2*half {
			y[i] = x[i]
		} else if d < half {
			y[i] = float32(x[i]*cos[at]) - float32(x[i+half]*sin[at])
		} else {
			y[i] = float32(x[i]*cos[at]) + float32(x[i-half]*sin[at])
		}
	}
	return y
}

func oracleAppend(n *ir.Node, in []value) {
	dims, err := ir.Cache(n.Args[0].Type, n.Attrs.Str("layout"))
	if err != nil {
		panic(err)
	}
	width := dims.KVHeads * dims.HeadDim
	for i, v := range in[1].floats {
		pos, c := in[3].scalar+i/width, i%width
		at := (in[2].scalar*dims.Context+pos)*width + c
		if n.Attrs.Str("layout") == ir.LayoutK {
			at = (in[2].scalar*width+c)*dims.Context + pos
		}
		in[0].floats[at] = v
	}
}

func oracleAttention(n *ir.Node, in []value) []float32 {
	dims, err := ir.Cache(n.Args[1].Type, ir.LayoutK)
	if err != nil {
		panic(err)
	}
	q, layer, scale := in[0].floats, in[3].scalar, float32(n.Attrs.Float("scale"))
	limit, window := float32(n.Attrs.Float("softcap")), n.Attrs.Int("window")
	rows, heads := n.Args[0].Type.Shape[0], n.Args[0].Type.Shape[1]/dims.HeadDim
	y := make([]float32, len(q))
	for i := range rows * heads {
		h := i % heads / (heads / dims.KVHeads)
		seen, first := in[4].scalar+i/heads+1, 0
		if window > 0 && seen > window {
			first = seen - window
		}
		scores := make([]float32, seen-first)
		for s := range scores {
			for d := range dims.HeadDim {
				k := in[1].floats[((layer*dims.KVHeads+h)*dims.HeadDim+d)*dims.Context+first+s]
				scores[s] += float32(q[i*dims.HeadDim+d] * k)
			}
			scores[s] *= scale
			if limit > 0 {
				scores[s] = oracleSoftcap(scores[s], limit)
			}
		}
		var sink []float32
		if len(in) > 5 {
			sink = in[5].floats[i%heads : i%heads+1]
		}
		oracleSoftmax(scores, sink)
		for d := range dims.HeadDim {
			for s, p := range scores {
				v := in[2].floats[((layer*dims.Context+first+s)*dims.KVHeads+h)*dims.HeadDim+d]
				y[i*dims.HeadDim+d] += float32(p * v)
			}
		}
	}
	return y
}

// oracleSoftmax has at most one sink.
func oracleSoftmax(s, sink []float32) {
	largest := float32(math.Inf(-1))
	for _, v := range s {
		largest = max(largest, v)
	}
	for _, v := range sink {
		largest = max(largest, v)
	}
	for i := range s {
		s[i] = oracleExp(s[i] - largest)
	}
	sum := laneSum(s)
	for _, v := range sink {
		sum += oracleExp(v - largest)
	}
	for i := range s {
		s[i] /= sum
	}
}

func oracleSoftcap(x, limit float32) float32 { return oracleTanh(x/limit) * limit }

func oracleTanh(x float32) float32 {
	c := math.Float32frombits
	a := float32(math.Abs(float64(x)))
	y := 1 - 2/(oracleExp(2*a)+1)
	if a < 0.625 {
		z, p := float32(a*a), c(0xBBBAF0E6)
		for _, coefficient := range []uint32{0x3CA9134E, 0xBD5C1E2D, 0x3E088393, 0xBEAAAA99} {
			p = float32(p*z) + c(coefficient)
		}
		y = float32(float32(a*z)*p) + a
	}
	return float32(math.Copysign(float64(y), float64(x)))
}

func oracleExp(x float32) float32 {
	c := math.Float32frombits
	if x > 89 {
		x = 89
	}
	if x < c(0xC2AEAC4F) {
		return 0
	}
	n := math.RoundToEven(float64(float32(x * c(0x3FB8AA3B))))
	if x != x {
		return x
	}
	r := x - float32(float32(n)*c(0x3F317200))
	r -= float32(float32(n) * c(0x35BFBE8E))
	p := c(0x3AB5B722)
	for _, coefficient := range []uint32{0x3C0917C2, 0x3D2AAB44, 0x3E2AAA52, 0x3F000000} {
		p = float32(p*r) + c(coefficient)
	}
	p = float32(float32(r*r)*p) + r
	p++
	return float32(math.Ldexp(float64(p), int(n))) // one rounding, as two exact powers of two
}
