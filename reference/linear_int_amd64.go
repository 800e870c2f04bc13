package reference

import "github.com/lpuctl/lpuctl/ir"

// rowsKernel adds the products of some rows of activations with a block of
// weights to acc[row][64]. Scale, minimum (nil for none) and zero hold 64
// numbers a group, zeroStep bytes apart for zero. high and low are the integers
// of all activations, xsum and d their sums and scales for each group; at[row]
// is the first group of a row. A group has steps times [vectors].step inputs.
type rowsKernel func(acc *float32, q *byte, scale, minimum *float32, zero *int32, zeroStep int,
	high, low *int8, xsum *int32, d *float32, at *[4]int, groups, steps int)

// integerBlock is that of loops: exact dot products, several rows at a time.
func (v *vectors) integerBlock(s *scratch, acc []float32, x *activations, rows []int, w *matrix, i int) {
	k := v.integerKernels(w.quant.Bits, x.kind)
	b := v.blockData(w, &s.block, i, x.groups)
	low := &x.q[0]
	if x.kind == ir.KindA15 {
		low = &x.low[0]
	}
	for t := 0; t < len(rows); {
		n, kernel := 1, k.one
		if len(rows)-t >= k.rows {
			n, kernel = k.rows, k.many
		}
		for j, row := range rows[t : t+n] {
			s.at[j] = row * x.groups
			_ = x.scale[s.at[j] : s.at[j]+x.groups]
		}
		kernel(&acc[t*lanes : (t+n)*lanes][0], b.q, b.scale, b.minimum, b.zero, b.zeroStep,
			&x.q[0], low, &x.sum[0], &x.scale[0], &s.at, x.groups, x.group/v.step)
		t += n
	}
}

func (v *vectors) integerKernels(bits int, kind string) *integerKernels {
	switch {
	case bits == 4 && kind == ir.KindA8:
		return &v.nibblesA8
	case bits == 4:
		return &v.nibblesA15
	case kind == ir.KindA8:
		return &v.bytesA8
	}
	return &v.bytesA15
}

// blockData is a block of weights as the kernels read it.
type blockData struct {
	q              *byte
	scale, minimum *float32
	zero           *int32
	zeroStep       int // bytes from the zero points of a group to the next
}

func (v *vectors) blockData(w *matrix, s *blockScratch, i, groups int) blockData {
	at, n := i*groups*lanes, groups*lanes
	size := n * w.quant.Group * w.quant.Bits / 8
	b := blockData{q: &w.q[i*size:][:size][0], scale: v.widened(s.scale[:n], w.scale32, w.scale16, at)}
	if w.quant.Min {
		b.minimum = v.widened(s.minimum[:n], w.min32, w.min16, at)
	}
	offset := w.zeroOffset()
	if w.quant.Bits == 8 {
		offset = v.byteOffset
	}
	b.zero = &s.zero[0]
	if w.zero == nil {
		fillZeros(s.zero[:lanes], offset)
		return b
	}
	b.zeroStep = 4 * lanes
	_, _ = s.zero[n-1], w.zero[at+n-1]
	v.widenZeroBlocks(b.zero, &w.zero[at], n/block, offset)
	return b
}

// widened returns numbers as float32, in dst if they are not stored so.
func (v *vectors) widened(dst, f32 []float32, f16 []uint16, at int) *float32 {
	if f32 != nil {
		return &f32[at : at+len(dst)][0]
	}
	v.widenF16(dst, f16[at:at+len(dst)])
	return &dst[0]
}
