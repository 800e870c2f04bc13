package reference

import (
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// linearKernel is the matrix product of every compute kind. Its units are the
// 64-row blocks of the weight: each is streamed once and serves all rows.
func linearKernel(b *bodyBuilder, n *ir.Node) step {
	p := b.product(n, n.Args[1].Type)
	rows := make([]int, n.Results[0].Type.Shape[0])
	for t := range rows {
		rows[t] = t
	}
	engine := b.compiler.engine
	return step{
		units: func(int) int { return p.blocks },
		run: func(s *scratch, lo, hi int) {
			for i := lo; i < hi; i++ {
				p.block(s, 0, i, rows[:engine.rows], rows[:engine.rows])
			}
		},
	}
}

// product multiplies rows of x with a matrix, or with those of a stack.
type product struct {
	x       *activations
	w, y    *value
	bias    *value // nil if there is none
	outputs int    // of a matrix, and of a row of y
	blocks  int    // of 64 outputs
	add     func(s *scratch, acc []float32, x *activations, rows []int, w *matrix, i int)
}

// product is that of a linear or moe_linear with matrices of that type.
func (b *bodyBuilder) product(n *ir.Node, matrix ir.Type) *product {
	kind, outputs, loops := n.Attrs.Str("kind"), matrix.Shape[0], b.loops()
	p := &product{
		x: b.prepare(n.Args[0], matrix.Shape[1], kind, matrix.Quant.Group),
		w: b.value(n.Args[1]), y: b.value(n.Results[0]), outputs: outputs, blocks: pack.Blocks(outputs), add: loops.floatBlock,
	}
	if kind == ir.KindA8 || kind == ir.KindA15 {
		p.add = loops.integerBlock
		engine := b.compiler.engine
		engine.groups = max(engine.groups, p.x.groups)
	}
	if last := len(n.Op.Operands) - 1; last < len(n.Args) {
		p.bias = b.value(n.Args[last])
	}
	return p
}

// block multiplies the rows of x that from lists with block i of a matrix, given
// by its place in the stack, and adds the bias. The results are the outputs of
// the block in the rows of y that to lists.
func (p *product) block(s *scratch, matrix, i int, from, to []int) {
	if len(from) == 0 {
		return
	}
	acc := s.acc[:len(from)*lanes]
	clear(acc)
	p.add(s, acc, p.x, from, &p.w.matrix, matrix*p.blocks+i)
	first := i * lanes
	n := min(lanes, p.outputs-first)
	for t, row := range to {
		y := p.y.f[row*p.outputs+first:][:n]
		copy(y, acc[t*lanes:])
		if p.bias != nil {
			addRange(y, y, p.bias.f[matrix*p.outputs+first:][:n])
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
	q      []int8    // a8: q; a15: hi; padded to whole groups
	low    []int8    // a15: lo
	sum    []int32   // sum of each group's integers (a15: of 128*hi+lo)
	scale  []float32 // d of each group
}

// preparedKey tells which linears share prepared activations.
type preparedKey struct {
	x     *ir.Value
	width int
	kind  string
	group int
}

// prepare returns x in the form of a kind, adding the step that makes it when
// no linear before has done so. A row of x holds one or several vectors of that
// width, which count as rows of their own.
func (b *bodyBuilder) prepare(x *ir.Value, width int, kind string, group int) *activations {
	if kind == ir.KindF32 || kind == ir.KindF16 {
		group = 0
	}
	key := preparedKey{x, width, kind, group}
	if a := b.prepared[key]; a != nil {
		return a
	}
	rows, vectors := x.Type.Elements()/width, x.Type.Shape[1]/width
	from := b.value(x)
	a := &activations{kind: kind, width: width, group: group, f: from}
	b.prepared[key] = a
	switch kind {
	case ir.KindF16:
		loops := b.loops()
		a.f = &value{f: make([]float32, rows*width)}
		b.addPrepare(vectors, int64(4*width), func(t int) {
			loops.roundF16(a.f.f[t*width:(t+1)*width], from.f[t*width:(t+1)*width])
		})
	case ir.KindA8, ir.KindA15:
		a.alloc(rows)
		b.addPrepare(vectors, int64(8*width), func(t int) { a.quantize(t, from.f[t*width:(t+1)*width]) })
	}
	return a
}

// addPrepare adds a step that works vector by vector.
func (b *bodyBuilder) addPrepare(vectors int, ops int64, vector func(t int)) {
	b.steps = append(b.steps, step{
		opsPerRow: ops * int64(vectors),
		units:     func(rows int) int { return rows * vectors },
		run: func(_ *scratch, lo, hi int) {
			for t := lo; t < hi; t++ {
				vector(t)
			}
		},
	})
}
