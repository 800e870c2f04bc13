package reference

import (
	"math"
	"slices"

	"github.com/x448/float16"

	"github.com/lpuctl/lpuctl/internal/trace"
	"github.com/lpuctl/lpuctl/ir"
)

// oracle interprets a module by the definitions of docs/numerics.md, in the
// plainest form: over logical weights, one result at a time, without packing,
// tiles, threads or a memory plan. It shares no code with the kernels.
type oracle struct {
	module  *ir.Module
	weights logicals
	keys    cache
	values  cache
	trace   []trace.Record
	pos     int
}

// cache is [layer][position][KV head][dimension].
type cache [][][][]float32

// operand is what a value of the graph is.
type operand struct {
	rows  [][]float32
	ids   []int32
	n     int
	cache cache
	w     *logical

	experts [][]int // of each token
}

type environment map[*ir.Value]operand

// run runs an entry and returns its logits, row by row.
func (o *oracle) run(entry string, tokens []int32, pos int) [][]float32 {
	f := o.module.Func(entry)
	k, _ := ir.Cache(f.Params[2].Type, ir.LayoutK)
	if o.keys == nil {
		o.keys, o.values = newCache(k), newCache(k)
	}
	o.pos, o.trace = pos, nil
	args := []operand{{ids: tokens}, {n: pos}, {cache: o.keys}, {cache: o.values}}
	return o.function(f, args, "")[0].rows
}

// newCache is full of NaN: a kernel that reads what was not written shows it.
func newCache(d ir.CacheDims) cache {
	c := make(cache, d.Layers)
	for l := range c {
		c[l] = make([][][]float32, d.Context)
		for s := range c[l] {
			for range d.KVHeads {
				row := make([]float32, d.HeadDim)
				for i := range row {
					row[i] = float32(math.NaN())
				}
				c[l][s] = append(c[l][s], row)
			}
		}
	}
	return c
}

func (o *oracle) function(f *ir.Func, args []operand, prefix string) []operand {
	env := environment{}
	for i, p := range f.Params {
		env[p] = args[i]
	}
	get := func(v *ir.Value) operand {
		if v.Kind == ir.Weight {
			w := o.weights[v.Name]
			return operand{rows: w.floats, w: w}
		}
		return env[v]
	}
	for _, n := range f.Nodes {
		in := make([]operand, len(n.Args))
		for i, a := range n.Args {
			in[i] = get(a)
		}
		if n.Op == ir.Call {
			for i, r := range o.function(n.Callee, in, ir.Join(prefix, n.Path())) {
				env[n.Results[i]] = r
			}
			continue
		}
		out := o.node(n, in)
		env[n.Results[0]] = out
		if n.Op == ir.RouterTopK {
			env[n.Results[1]] = operand{experts: out.experts}
		}
		if !n.Op.InPlace && out.rows != nil {
			o.record(ir.Join(prefix, n.Path()), out.rows)
		}
	}
	var results []operand
	for _, r := range f.Results {
		results = append(results, get(r))
	}
	return results
}

func (o *oracle) record(path string, rows [][]float32) {
	r := trace.Record{Path: path, Pos: o.pos, Shape: []int{len(rows), len(rows[0])}}
	for _, row := range rows {
		r.Data = append(r.Data, row...)
	}
	o.trace = append(o.trace, r)
}

func (o *oracle) node(n *ir.Node, in []operand) operand {
	switch n.Op {
	case ir.Const:
		return operand{n: n.Attrs.Int("value")}
	case ir.Embed:
		return operand{rows: naiveEmbed(in[0].ids, in[1].w, float32(n.Attrs.Float("scale")))}
	case ir.KVAppend:
		naiveAppend(in[0].cache[in[2].n], in[1].rows, in[3].n)
		return in[0]
	case ir.Linear:
		return mapRows(in[0].rows, func(_ int, x []float32) []float32 {
			y := naiveLinear(n.Attrs.Str("kind"), x, in[1].w)
			if len(in) > 2 {
				y = naiveAdd(y, in[2].rows[0])
			}
			return y
		})
	case ir.Gather:
		return mapRows(in[0].rows, func(_ int, x []float32) []float32 {
			y := make([]float32, len(x))
			for k := range y {
				y[k] = x[int(in[1].rows[0][k])]
			}
			return y
		})
	case ir.RouterTopK, ir.MoELinear, ir.MoECombine:
		return naiveMoE(n, in)
	case ir.RMSNorm:
		return mapRows(in[0].rows, func(_ int, x []float32) []float32 {
			var y []float32
			for w := in[1].rows[0]; len(x) > 0; x = x[len(w):] {
				y = append(y, naiveRMSNorm(x[:len(w)], w, float32(n.Attrs.Float("eps")))...)
			}
			return y
		})
	case ir.Rope:
		return mapRows(in[0].rows, func(t int, x []float32) []float32 {
			return naiveRope(x, in[1].rows[in[3].n+t], in[2].rows[in[3].n+t], n.Attrs.Int("head"))
		})
	case ir.Attention:
		return mapRows(in[0].rows, func(t int, q []float32) []float32 {
			layer, first, seen := in[3].n, 0, in[4].n+t+1
			if w := n.Attrs.Int("window"); w > 0 && seen > w {
				first = seen - w
			}
			var sinks []float32
			if len(in) > 5 {
				sinks = in[5].rows[0]
			}
			return naiveAttention(n, q, in[1].cache[layer][first:seen], in[2].cache[layer][first:seen], sinks)
		})
	case ir.Softcap:
		return mapRows(in[0].rows, func(_ int, x []float32) []float32 {
			return naiveSoftcap(x, float32(n.Attrs.Float("cap")))
		})
	}
	return mapRows(in[0].rows, func(t int, x []float32) []float32 {
		return naiveElementwise(n, x, in[len(in)-1].rows[t])
	})
}

func mapRows(rows [][]float32, f func(t int, x []float32) []float32) operand {
	var out [][]float32
	for t, x := range rows {
		out = append(out, f(t, x))
	}
	return operand{rows: out}
}

func naiveSoftcap(x []float32, limit float32) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = naiveTanh(v/limit) * limit
	}
	return y
}

// naiveTanh is tanh with its constants as bits.
func naiveTanh(x float32) float32 {
	c := math.Float32frombits
	a := float32(math.Abs(float64(x)))
	z := a * a
	p := c(0xBBBAF0E6)
	for _, next := range []uint32{0x3CA9134E, 0xBD5C1E2D, 0x3E088393, 0xBEAAAA99} {
		p = float32(p*z) + c(next)
	}
	y := a + float32(float32(a*z)*p)
	if !(a < 0.625) {
		y = 1 - 2/(naiveExp(2*a)+1)
	}
	return float32(math.Copysign(float64(y), float64(x)))
}

func naiveEmbed(ids []int32, table *logical, scale float32) [][]float32 {
	var rows [][]float32
	for _, id := range ids {
		row := make([]float32, table.typ.Shape[1])
		for k := range row {
			row[k] = table.at(int(id), k)
			if scale != 0 {
				row[k] *= scale
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func naiveAppend(layer [][][]float32, x [][]float32, pos int) {
	for t, row := range x {
		for h, head := range layer[pos+t] {
			copy(head, row[h*len(head):])
		}
	}
}

func naiveLinear(kind string, x []float32, w *logical) []float32 {
	return naiveRows(kind, x, w, 0, w.typ.Shape[0])
}

// naiveRows are the products of x with count rows of w, or of a stack, from
// first on.
func naiveRows(kind string, x []float32, w *logical, first, count int) []float32 {
	y := make([]float32, count)
	for n := range y {
		switch kind {
		case ir.KindF32, ir.KindF16:
			y[n] = floatDot(kind, x, w, first+n)
		default:
			y[n] = integerDot(kind, x, w, first+n)
		}
	}
	return y
}

func floatDot(kind string, x []float32, w *logical, n int) float32 {
	var acc float32
	for k, v := range x {
		weight := w.at(n, k)
		if kind == ir.KindF16 {
			v, weight = float16.Fromfloat32(v).Float32(), float16.Fromfloat32(weight).Float32()
		}
		acc = acc + float32(v*weight)
	}
	return acc
}

func integerDot(kind string, x []float32, w *logical, n int) float32 {
	var acc float32
	group := w.typ.Quant.Group
	for from := 0; from < len(x); from += group {
		part := x[from:min(from+group, len(x))]
		q, d := naiveQuantize(kind, part)
		var isum, xsum int64
		for i := range part {
			isum += int64(w.integer(n, from+i)) * q[i]
			xsum += q[i]
		}
		acc = acc + float32(float32(isum)*float32(w.scale[n][from/group]*d))
		if w.typ.Quant.Min {
			acc = acc + float32(float32(xsum)*float32(w.minimum[n][from/group]*d))
		}
	}
	return acc
}

// naiveQuantize rounds a group of activations to integers with a scale.
func naiveQuantize(kind string, x []float32) ([]int64, float32) {
	qmax := map[string]float32{ir.KindA8: 127, ir.KindA15: 16319}[kind]
	var bits uint32
	for _, v := range x {
		bits = max(bits, math.Float32bits(v)&0x7FFFFFFF)
	}
	amax := math.Float32frombits(bits)
	q := make([]int64, len(x))
	switch {
	case bits >= 0x7F800000:
		return q, float32(math.NaN())
	case amax < 0x1p-100:
		return q, 0
	}
	d := amax / qmax
	inverse := 1 / d
	for i, v := range x {
		q[i] = int64(math.RoundToEven(float64(float32(v * inverse))))
	}
	return q, d
}

// sum16 adds by rule 4: 16 interleaved sums, then halves.
func sum16(x []float32) float32 {
	lanes := make([]float32, 16)
	for i, v := range x {
		lanes[i%16] = lanes[i%16] + v
	}
	for len(lanes) > 1 {
		half := len(lanes) / 2
		for i := range half {
			lanes[i] = lanes[i] + lanes[i+half]
		}
		lanes = lanes[:half]
	}
	return lanes[0]
}

func naiveRMSNorm(x, w []float32, eps float32) []float32 {
	squares := make([]float32, len(x))
	for i, v := range x {
		squares[i] = v * v
	}
	r := 1 / float32(math.Sqrt(float64(float32(sum16(squares)/float32(len(x))+eps))))
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v*r) * w[i]
	}
	return y
}

// naiveRope rotates the leading elements of heads of that dimension, 0 for
// all of them.
func naiveRope(x, cos, sin []float32, head int) []float32 {
	y := make([]float32, len(x))
	half := len(cos)
	if head == 0 {
		head = 2 * half
	}
	for i := range x {
		j := i % head
		if j >= 2*half {
			y[i] = x[i]
		} else if j < half {
			y[i] = float32(x[i]*cos[j]) - float32(x[i+half]*sin[j])
		} else {
			y[i] = float32(x[i]*cos[j-half]) + float32(x[i-half]*sin[j-half])
		}
	}
	return y
}

// naiveAttention is one row; k and v are [position][KV head][dimension] of the
// positions that it sees. sinks is nil for none.
func naiveAttention(n *ir.Node, q []float32, k, v [][][]float32, sinks []float32) []float32 {
	scale, limit := float32(n.Attrs.Float("scale")), float32(n.Attrs.Float("softcap"))
	kvHeads, d := len(k[0]), len(k[0][0])
	heads := len(q) / d
	y := make([]float32, len(q))
	for h := range heads {
		kv := h / (heads / kvHeads)
		scores := make([]float32, len(k))
		for s := range scores {
			var dot float32
			for i := range d {
				dot = dot + float32(q[h*d+i]*k[s][kv][i])
			}
			scores[s] = dot * scale
		}
		if limit > 0 {
			scores = naiveSoftcap(scores, limit)
		}
		p := naiveSoftmax(scores, sinks[min(h, len(sinks)):min(h+1, len(sinks))])
		for i := range d {
			var mix float32
			for s := range p {
				mix = mix + float32(p[s]*v[s][kv][i])
			}
			y[h*d+i] = mix
		}
	}
	return y
}

// naiveSoftmax has at most one sink.
func naiveSoftmax(scores, sink []float32) []float32 {
	largest := scores[0]
	for _, s := range slices.Concat(sink, scores) {
		if s > largest || s != s {
			largest = s
		}
	}
	e := make([]float32, len(scores))
	for i, s := range scores {
		e[i] = naiveExp(s - largest)
	}
	sum := sum16(e)
	for _, s := range sink {
		sum = sum + naiveExp(s-largest)
	}
	for i := range e {
		e[i] /= sum
	}
	return e
}

// naiveExp is the exponential of rule 5 with its constants as bits.
func naiveExp(x float32) float32 {
	c := math.Float32frombits
	if x > c(0x42B20000) {
		x = c(0x42B20000)
	}
	if x < c(0xC2AEAC4F) {
		x = c(0xC3160000)
	}
	t := float32(x*c(0x3FB8AA3B)) + c(0x4B400000)
	n := t - c(0x4B400000)
	r := x - float32(n*c(0x3F317200))
	r = r - float32(n*c(0x35BFBE8E))
	p := c(0x3AB5B722)
	for _, next := range []uint32{0x3C0917C2, 0x3D2AAB44, 0x3E2AAA52, 0x3F000000} {
		p = float32(p*r) + c(next)
	}
	p = float32(float32(r*r)*p) + r
	p = p + 1
	k := int(int32(math.Float32bits(t)) - 0x4B400000)
	k1 := k >> 1
	return float32(p*c(uint32(k1+127)<<23)) * c(uint32(k-k1+127)<<23)
}
