package reference

import "github.com/lpuctl/lpuctl/ir"

// integerBlock512 is integerBlock with exact dot products of unsigned weights
// and signed activations. A group is unpacked once for up to four vectors.
func (l *loops) integerBlock512(s *scratch, acc []float32, x *activations, rows []int, w *matrix, i int) {
	p := groupProduct{groupScratch: &s.group, x: x, dot: dotNibbles512, minimums: w.quant.Min}
	if w.quant.Bits == 8 {
		p.dot = dotBytes512
	}
	bytes := x.group * w.quant.Bits / 8 * lanes
	for p.group = range x.groups {
		at := i*x.groups + p.group
		w.readGroup(l, p.groupScratch, at)
		p.q = &w.q[at*bytes:][:bytes][0]
		if x.kind == ir.KindA8 {
			p.addA8(acc, rows)
		} else {
			p.addA15(acc, rows)
		}
	}
}

// groupProduct multiplies rows with one group of a block.
type groupProduct struct {
	*groupScratch
	x        *activations
	dot      func(sums *[4][lanes]int32, q *byte, x *[4]*int8, vectors, quads int)
	minimums bool
	group    int
	q        *byte
}

func (p *groupProduct) addA8(acc []float32, rows []int) {
	for t := 0; t < len(rows); t += 4 {
		n := min(4, len(rows)-t)
		for v, row := range rows[t : t+n] {
			p.vectors[v] = p.vector(p.x.q, row)
		}
		p.dot(&p.sums, p.q, &p.vectors, n, p.x.group/4)
		for v, row := range rows[t : t+n] {
			at := row*p.x.groups + p.group
			addGroupAVX512((*[lanes]float32)(acc[(t+v)*lanes:]), &p.sums[v], &p.zero, &p.scale, p.x.sum[at], p.x.scale[at])
			p.addMinimum(acc, t+v, at)
		}
	}
}

func (p *groupProduct) addA15(acc []float32, rows []int) {
	for t := 0; t < len(rows); t += 2 {
		n := min(2, len(rows)-t)
		for v, row := range rows[t : t+n] {
			p.vectors[2*v], p.vectors[2*v+1] = p.vector(p.x.q, row), p.vector(p.x.low, row)
		}
		p.dot(&p.sums, p.q, &p.vectors, 2*n, p.x.group/4)
		for v, row := range rows[t : t+n] {
			at := row*p.x.groups + p.group
			sums := (*[2][lanes]int32)(p.sums[2*v:])
			addGroupSplitAVX512((*[lanes]float32)(acc[(t+v)*lanes:]), sums, &p.zero, &p.scale, p.x.sum[at], p.x.scale[at])
			p.addMinimum(acc, t+v, at)
		}
	}
}

func (p *groupProduct) addMinimum(acc []float32, t, at int) {
	if p.minimums {
		addMinimumAVX512((*[lanes]float32)(acc[t*lanes:]), &p.minimum, float32(p.x.sum[at]), p.x.scale[at])
	}
}

// vector is the group of a row.
func (p *groupProduct) vector(q []int8, row int) *int8 {
	return &q[(row*p.x.groups+p.group)*p.x.group:][:p.x.group][0]
}

// dotNibbles512 sets the sums of one to four vectors; of three it sets the
// fourth too, to those of the third.
func dotNibbles512(sums *[4][lanes]int32, q *byte, x *[4]*int8, vectors, quads int) {
	switch vectors {
	case 1:
		dotNibbles1AVX512((*[1][lanes]int32)(sums[:]), q, x[0], quads)
	case 2:
		dotNibbles2AVX512((*[2][lanes]int32)(sums[:]), q, x[0], x[1], quads)
	case 3:
		dotNibbles4AVX512(sums, q, x[0], x[1], x[2], x[2], quads)
	default:
		dotNibbles4AVX512(sums, q, x[0], x[1], x[2], x[3], quads)
	}
}

func dotBytes512(sums *[4][lanes]int32, q *byte, x *[4]*int8, vectors, quads int) {
	switch vectors {
	case 1:
		dotBytes1AVX512((*[1][lanes]int32)(sums[:]), q, x[0], quads)
	case 2:
		dotBytes2AVX512((*[2][lanes]int32)(sums[:]), q, x[0], x[1], quads)
	case 3:
		dotBytes4AVX512(sums, q, x[0], x[1], x[2], x[2], quads)
	default:
		dotBytes4AVX512(sums, q, x[0], x[1], x[2], x[3], quads)
	}
}
