package reference

import "github.com/lpuctl/lpuctl/ir"

// rowsKernel adds the products of one, two or four rows with a block.
type rowsKernel func(acc *float32, q *byte, scale, minimum *float32, zero *int32, zeroStep int,
	high, low *int8, xsum *int32, d *float32, at *[4]int, groups, quads int)

// integerKernels are those of one row and of several.
type integerKernels struct {
	one, many rowsKernel
	rows      int // of many
}

func integerKernels512(bits int, kind string) integerKernels {
	switch {
	case bits == 4 && kind == ir.KindA8:
		return integerKernels{nibblesA8x1AVX512, nibblesA8x4AVX512, 4}
	case bits == 4:
		return integerKernels{nibblesA15x1AVX512, nibblesA15x2AVX512, 2}
	case kind == ir.KindA8:
		return integerKernels{bytesA8x1AVX512, bytesA8x4AVX512, 4}
	}
	return integerKernels{bytesA15x1AVX512, bytesA15x2AVX512, 2}
}

// integerBlock512 is integerBlock with exact dot products of unsigned weights
// and signed activations.
func (l *loops) integerBlock512(s *scratch, acc []float32, x *activations, rows []int, w *matrix, i int) {
	k := integerKernels512(w.quant.Bits, x.kind)
	b := w.blockData(l, &s.block, i, x.groups)
	low := &x.q[0]
	if x.kind == ir.KindA15 {
		low = &x.low[0]
	}
	for t := 0; t < len(rows); {
		n, kernel := 1, k.one
		if len(rows)-t >= k.rows {
			n, kernel = k.rows, k.many
		}
		for v, row := range rows[t : t+n] {
			s.at[v] = row * x.groups
			_ = x.scale[s.at[v] : s.at[v]+x.groups]
		}
		kernel(&acc[t*lanes : (t+n)*lanes][0], b.q, b.scale, b.minimum, b.zero, b.zeroStep,
			&x.q[0], low, &x.sum[0], &x.scale[0], &s.at, x.groups, x.group/4)
		t += n
	}
}

// blockData is a block of weights as the kernels read it.
type blockData struct {
	q              *byte
	scale, minimum *float32
	zero           *int32
	zeroStep       int // bytes from the zero points of a group to the next
}

func (w *matrix) blockData(l *loops, s *blockScratch, i, groups int) blockData {
	at, n := i*groups*lanes, groups*lanes
	size := n * w.quant.Group * w.quant.Bits / 8
	b := blockData{q: &w.q[i*size:][:size][0], scale: l.widened(s.scale[:n], w.scale32, w.scale16, at)}
	if w.quant.Min {
		b.minimum = l.widened(s.minimum[:n], w.min32, w.min16, at)
	}
	n = lanes
	if w.zero != nil {
		n, b.zeroStep = groups*lanes, 4*lanes
		widenZeros512(s.zero[:n], w.zero[at:at+n], w.zeroOffset())
	} else {
		fillZeros(s.zero[:n], w.zeroOffset())
	}
	b.zero = &s.zero[0]
	return b
}

// widened returns numbers as float32, in dst if they are not stored so.
func (l *loops) widened(dst, f32 []float32, f16 []uint16, at int) *float32 {
	if f32 != nil {
		return &f32[at : at+len(dst)][0]
	}
	l.widenF16(dst, f16[at:at+len(dst)])
	return &dst[0]
}
