package mlir

import (
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// lowerEmbed gathers rows: row id is lane id%64 of block id/64.
func lowerEmbed(f *function, n *ir.Node) {
	table, ok := f.matrix(n)
	if !ok {
		return
	}
	dest, scale := f.dest(n.Results[0]), float32(n.Attrs.Float("scale"))
	f.set(n, f.generic("t, h", []operand{{f.arg(n, 0), "t"}}, operand{dest, "t, h"}, func(x []string) string {
		id := f.assign("arith.index_cast %s : i32 to index", x[0])
		count := f.index(pack.Lanes)
		block, lane := f.arith("divui", "index", id, count), f.arith("remui", "index", id, count)
		h := f.assign("linalg.index 1 : index")
		y := f.elementAt(table, block, h, lane)
		if scale != 0 {
			y = f.mulf(y, f.f32(scale))
		}
		return y
	}))
}

// elementAt is input h of one lane of a block, as float32.
func (f *function) elementAt(m weight, block, h, lane string) string {
	if m.typ.Elem != ir.Block {
		return f.widen(f.extractPart(m, 0, block, h, lane), elemText(m.typ.Elem))
	}
	return f.dequantizeAt(m, block, h, lane)
}

// extractPart reads one element of a part.
func (f *function) extractPart(m weight, part int, at ...string) string {
	if m.stack != "" {
		at = append([]string{m.stack}, at...)
	}
	return f.extract(m.parts[part], at...)
}

// dequantizeAt is elementAt of block-quantized weights.
func (f *function) dequantizeAt(m weight, block, h, lane string) string {
	q := m.typ.Quant
	size := f.index(q.Group)
	group, i := f.arith("divui", "index", h, size), f.arith("remui", "index", h, size)
	var v string
	if q.Bits == 8 {
		v = f.cast("extsi", f.extractPart(m, 0, block, group, i, lane), "i8", "i32")
	} else {
		two := f.index(2)
		b := f.extractPart(m, 0, block, group, f.arith("divui", "index", i, two), lane)
		v = f.nibble(b, f.arith("remui", "index", i, two))
	}
	offset := ""
	if !q.Symmetric() {
		offset = f.extractPart(m, 2, block, group, lane)
	}
	scale := f.widen(f.extractPart(m, 1, block, group, lane), elemText(q.Scale))
	return f.dequantize(q, v, offset, scale)
}
