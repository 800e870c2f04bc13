package reference

import (
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// linearKernel is the matrix product of every compute kind. Its units are the
// 64-row blocks of the weight: each is streamed once and serves all rows.
func linearKernel(b *bodyBuilder, n *ir.Node) step {
	kind, w, y := n.Attrs.Str("kind"), b.value(n.Args[1]), b.value(n.Results[0])
	outputs := n.Results[0].Type.Shape[1]
	x := b.prepare(n.Args[0], kind, n.Args[1].Type.Quant.Group)
	engine, bias := b.compiler.engine, &value{}
	if len(n.Args) > 2 {
		bias = b.value(n.Args[2])
	}
	block := floatBlock
	if kind == ir.KindA8 || kind == ir.KindA15 {
		block = integerBlock
	}
	return step{
		units: func(int) int { return pack.Blocks(outputs) },
		run: func(s *scratch, lo, hi int) {
			for i := lo; i < hi; i++ {
				acc := s.acc[:engine.rows*lanes]
				clear(acc)
				block(s, acc, x, &w.matrix, i)
				storeBlock(y.f, acc, bias.f, outputs, i)
			}
		},
	}
}

// storeBlock copies the lanes of block i that are outputs, row by row, and adds
// the bias, which may be nil.
func storeBlock(y, acc, bias []float32, outputs, i int) {
	first := i * lanes
	n := min(lanes, outputs-first)
	for t := 0; t*lanes < len(acc); t++ {
		row := y[t*outputs+first:][:n]
		copy(row, acc[t*lanes:])
		if bias != nil {
			addRange(row, row, bias[first:first+n])
		}
	}
}

// activations are the rows of x in the form that a kind of linear multiplies.
type activations struct {
	kind   string
	width  int       // inputs
	groups int       // groups of a row, of a8 and a15
	group  int       // inputs of a group
	f      *value    // kind f32: x itself; f16: x rounded to float16
	q      []uint8   // a8: q+128; a15: hi+128; padded to whole groups
	low    []uint8   // a15: lo+128
	sum    []int32   // sum of each group's integers (a15: of 128*hi+lo)
	scale  []float32 // d of each group
}

// preparedKey tells which linears share prepared activations.
type preparedKey struct {
	x     *ir.Value
	kind  string
	group int
}

// prepare returns x in the form of a kind, adding the step that makes it when
// no linear before has done so.
func (b *bodyBuilder) prepare(x *ir.Value, kind string, group int) *activations {
	if kind == ir.KindF32 || kind == ir.KindF16 {
		group = 0
	}
	key := preparedKey{x, kind, group}
	if a := b.prepared[key]; a != nil {
		return a
	}
	rows, width := x.Type.Shape[0], x.Type.Shape[1]
	from := b.value(x)
	a := &activations{kind: kind, width: width, group: group, f: from}
	b.prepared[key] = a
	switch kind {
	case ir.KindF16:
		a.f = &value{f: make([]float32, rows*width)}
		b.addPrepare(int64(4*width), func(t int) {
			roundF16(a.f.f[t*width:(t+1)*width], from.f[t*width:(t+1)*width])
		})
	case ir.KindA8, ir.KindA15:
		a.alloc(rows)
		b.addPrepare(int64(8*width), func(t int) { a.quantize(t, from.f[t*width:(t+1)*width]) })
	}
	return a
}

// addPrepare adds a step that works row by row.
func (b *bodyBuilder) addPrepare(opsPerRow int64, row func(t int)) {
	b.steps = append(b.steps, step{
		opsPerRow: opsPerRow,
		units:     perRow,
		run: func(_ *scratch, lo, hi int) {
			for t := lo; t < hi; t++ {
				row(t)
			}
		},
	})
}
