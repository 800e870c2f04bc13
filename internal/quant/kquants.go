package quant

// The K-quants have super-blocks of 256 elements in runs of 16 or 32, whose
// own scales (and minima) are small integers times float16 numbers of the block.

// decodeQ2_K: 16 bytes of scales (low nibble) and minima (high nibble), one a
// run of 16; 64 bytes of 2-bit integers; float16 d and dmin; q*(d*sc) - dmin*m.
func decodeQ2_K(src []byte, dst []float32) {
	for ; len(dst) > 0; src, dst = src[84:], dst[256:] {
		d, dmin := f16(src[80:]), f16(src[82:])
		for run, s := range src[:16] {
			scale, minimum := d*float32(s&15), dmin*float32(s>>4)
			half, shift, at := run/8, run%8/2*2, run%2*16
			y := dst[16*run:][:16]
			for l, b := range src[16+32*half+at:][:16] {
				y[l] = float32(scale*float32(b>>shift&3)) - minimum
			}
		}
	}
}

// splitQ2_K takes the integers apart: the scale of a run is d*sc, its minimum
// -dmin*m, each rounded to float32.
func splitQ2_K(src []byte, q []uint8, scale []float32) {
	for n := len(scale) / 2; len(q) > 0; src, q, scale = src[84:], q[256:], scale[16:] {
		d, dmin := f16(src[80:]), f16(src[82:])
		for run, s := range src[:16] {
			scale[run], scale[n+run] = d*float32(s&15), -(dmin * float32(s>>4))
			half, shift, at := run/8, run%8/2*2, run%2*16
			for l, b := range src[16+32*half+at:][:16] {
				q[16*run+l] = b >> shift & 3
			}
		}
	}
}

// decodeQ3_K: 32 bytes of high bits, 64 bytes of low 2 bits, 12 bytes of 6-bit
// scales, float16 d; (q - 4)*(d*(sc - 32)), where the high bit counts 4.
func decodeQ3_K(src []byte, dst []float32) {
	var q [256]uint8
	var scale [16]float32
	for ; len(dst) > 0; src, dst = src[110:], dst[256:] {
		splitQ3_K(src[:110], q[:], scale[:])
		for i, v := range q {
			dst[i] = scale[i/16] * float32(int(v)-8)
		}
	}
}

// splitQ3_K adds 4 to the integers, so that 8 stands for 0.
func splitQ3_K(src []byte, q []uint8, scale []float32) {
	for ; len(q) > 0; src, q, scale = src[110:], q[256:], scale[16:] {
		high, low, scales, d := src[:32], src[32:96], src[96:108], f16(src[108:])
		for run := range 16 {
			sc := scales[run%8]>>(run/8*4)&15 | scales[8+run%4]>>(run/4*2)&3<<4
			scale[run] = d * float32(int(sc)-32)
			half, shift, at := run/8, run%8/2*2, run%2*16
			for l := range 16 {
				q[16*run+l] = low[32*half+at+l]>>shift&3 + high[at+l]>>(run/2)&1<<2 + 4
			}
		}
	}
}

// scaleMin takes the 6-bit scale and minimum of run i (of 8) out of the 12
// bytes that Q4_K and Q5_K have for them.
func scaleMin(b []byte, i int) (scale, minimum float32) {
	if i < 4 {
		return float32(b[i] & 63), float32(b[i+4] & 63)
	}
	return float32(b[i+4]&15 | b[i-4]>>6<<4), float32(b[i+4]>>4 | b[i]>>6<<4)
}

// decodeQ4_K: float16 d and dmin, 12 bytes of scales and minima, 128 bytes of
// nibbles: of each 32 bytes the low ones are one run, the high ones the next.
func decodeQ4_K(src []byte, dst []float32) {
	for ; len(dst) > 0; src, dst = src[144:], dst[256:] {
		d, dmin := f16(src), f16(src[2:])
		for run := range 8 {
			sc, m := scaleMin(src[4:16], run)
			scale, minimum := d*sc, dmin*m
			shift := run % 2 * 4
			y := dst[32*run:][:32]
			for l, b := range src[16+run/2*32:][:32] {
				y[l] = float32(scale*float32(b>>shift&15)) - minimum
			}
		}
	}
}

// decodeQ5_K: as Q4_K, with 32 bytes of fifth bits (bit i for run i) before the
// nibbles.
func decodeQ5_K(src []byte, dst []float32) {
	for ; len(dst) > 0; src, dst = src[176:], dst[256:] {
		d, dmin, high := f16(src), f16(src[2:]), src[16:48]
		for run := range 8 {
			sc, m := scaleMin(src[4:16], run)
			scale, minimum := d*sc, dmin*m
			shift := run % 2 * 4
			y := dst[32*run:][:32]
			for l, b := range src[48+run/2*32:][:32] {
				y[l] = float32(scale*float32(b>>shift&15|high[l]>>run&1<<4)) - minimum
			}
		}
	}
}

// splitQ4_K takes the integers apart: the scale of a run is d*sc, its minimum
// -dmin*m, each rounded to float32.
func splitQ4_K(src []byte, q []uint8, scale []float32) {
	for n := len(scale) / 2; len(q) > 0; src, q, scale = src[144:], q[256:], scale[8:] {
		runScales(src, scale, n)
		for run := range 8 {
			shift := run % 2 * 4
			for l, b := range src[16+run/2*32:][:32] {
				q[32*run+l] = b >> shift & 15
			}
		}
	}
}

// splitQ5_K: as splitQ4_K.
func splitQ5_K(src []byte, q []uint8, scale []float32) {
	for n := len(scale) / 2; len(q) > 0; src, q, scale = src[176:], q[256:], scale[8:] {
		runScales(src, scale, n)
		for run := range 8 {
			shift := run % 2 * 4
			for l, b := range src[48+run/2*32:][:32] {
				q[32*run+l] = b>>shift&15 | src[16+l]>>run&1<<4
			}
		}
	}
}

// runScales writes the scales of a block of Q4_K or Q5_K, and n further on its
// minimums.
func runScales(src []byte, scale []float32, n int) {
	d, dmin := f16(src), f16(src[2:])
	for run := range 8 {
		sc, m := scaleMin(src[4:16], run)
		scale[run], scale[n+run] = d*sc, -(dmin * m)
	}
}

// decodeQ6_K: 128 bytes of low nibbles, 64 bytes of high 2 bits, 16 int8 scales,
// one a run of 16, float16 d; (q - 32)*(d*sc).
func decodeQ6_K(src []byte, dst []float32) {
	var q [256]uint8
	var scale [16]float32
	for ; len(dst) > 0; src, dst = src[210:], dst[256:] {
		splitQ6_K(src[:210], q[:], scale[:])
		for i, v := range q {
			dst[i] = scale[i/16] * float32(int8(v))
		}
	}
}

// splitQ6_K takes the integers minus 32 apart. Each half of a block takes 64
// bytes of low nibbles and 32 of high bits; its quarters of 32 elements are the
// low nibbles of the two halves of the bytes, then the high ones.
func splitQ6_K(src []byte, q []uint8, scale []float32) {
	for ; len(q) > 0; src, q, scale = src[210:], q[256:], scale[16:] {
		d := f16(src[208:])
		for run, sc := range src[192:208] {
			scale[run] = d * float32(int8(sc))
			half, quarter, at := run/8, run%8/2, run%2*16
			low, high := src[64*half+quarter%2*32+at:][:16], src[128+32*half+at:][:16]
			for l, b := range low {
				q[16*run+l] = (b>>(quarter/2*4)&15 | high[l]>>(2*quarter)&3<<4) - 32
			}
		}
	}
}
