package reference

// groupScratch is memory for one group of a block of quantized weights.
type groupScratch struct {
	scale, minimum          [lanes]float32
	zero, weights, sum, low [lanes]int32
}

// blockScratch is memory for what a block of quantized weights has besides its
// integers, for each group and lane.
type blockScratch struct {
	scale, minimum []float32
	zero           []int32
}

func newBlockScratch(groups int) blockScratch {
	n := groups * lanes
	return blockScratch{make([]float32, n), make([]float32, n), make([]int32, n)}
}

// readGroup sets the scales, the zero points and the minimums, if there are
// any, of a group; at counts groups over all blocks.
func (w *matrix) readGroup(l *loops, g *groupScratch, at int) {
	l.widenGroup(&g.scale, w.scale32, w.scale16, at)
	if w.quant.Min {
		l.widenGroup(&g.minimum, w.min32, w.min16, at)
	}
	if w.zero == nil {
		fillZeros(g.zero[:], w.zeroOffset())
		return
	}
	for l, z := range w.zero[at*lanes:][:lanes] {
		g.zero[l] = int32(z) + w.zeroOffset()
	}
}

func fillZeros(dst []int32, offset int32) {
	for l := range dst {
		dst[l] = offset
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
