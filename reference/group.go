package reference

// groupScratch is memory for one group of a block of quantized weights.
type groupScratch struct {
	scale, minimum [lanes]float32
	zero, weights  [lanes]int32
	sums           [4][lanes]int32
	vectors        [4]*int8
}

// readGroup sets the scales, the zero points and the minimums, if there are
// any, of a group; at counts groups over all blocks.
func (w *matrix) readGroup(l *loops, g *groupScratch, at int) {
	l.widenGroup(&g.scale, w.scale32, w.scale16, at)
	if w.quant.Min {
		l.widenGroup(&g.minimum, w.min32, w.min16, at)
	}
	offset := w.zeroOffset()
	if w.zero != nil {
		l.widenZeros(&g.zero, w.zero[at*lanes:][:lanes], offset)
		return
	}
	for l := range g.zero {
		g.zero[l] = offset
	}
}

func (l *loops) widenGroup(dst *[lanes]float32, f32 []float32, f16 []uint16, at int) {
	if f32 != nil {
		copy(dst[:], f32[at*lanes:])
		return
	}
	l.widenF16(dst[:], f16[at*lanes:][:lanes])
}

// zeroOffset is what a zero point of 0 is among the stored integers read as
// unsigned. Nibbles are what is stored, 8 for a symmetric zero, 0 with minimums;
// of bytes the top bit is flipped, which adds 128.
func (w *matrix) zeroOffset() int32 {
	switch {
	case w.quant.Bits == 8:
		return 128
	case w.quant.Symmetric():
		return 8
	}
	return 0
}

func widenZeros(dst *[lanes]int32, zero []int8, offset int32) {
	for l, z := range zero {
		dst[l] = int32(z) + offset
	}
}
