package reference

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd asm && go run . -out ../simd_amd64.s -stubs ../simd_stubs_amd64.go -pkg reference"

// machineLoops returns the sets of loops that this machine can run beside the
// plain ones, the fastest first.
func machineLoops() []*loops {
	var all []*loops
	x := &cpu.X86
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VNNI {
		all = append(all, avx512().loops()) // Intel since Ice Lake, AMD since Zen 4
	}
	if x.HasAVX2 && x.HasFMA { // with F16C, which no CPU with both lacks
		all = append(all, avx2().loops())
	}
	return all
}

// vectors are the kernels of simd_amd64.s for a set of instructions. They work
// on blocks of 16 numbers and rows of 64; what is left over is for the plain
// loops, which continue in the same order.
type vectors struct {
	mulAddColumns                      func(y, x, w *float32, rows, stride, blocks64, blocks16 int)
	widenF16Blocks, widenBF16Blocks    func(dst *float32, src *uint16, blocks int)
	widenZeroBlocks                    func(dst *int32, zero *int8, blocks int, offset int32)
	roundBlocks, siluBlocks            func(y, x *float32, blocks int)
	geluBlocks                         func(y, x *float32, blocks int)
	addMinimumRows                     func(dst *float32, minimum *[lanes]float32, rows int)
	dequantizeNibbles, dequantizeBytes func(dst *float32, q *byte, scale *[lanes]float32, zero *[lanes]int32, rows int)
	expBlocks                          func(p *float32, blocks int, m float32, sums *[16]float32)
	squareSums                         func(sums *[16]float32, x *float32, blocks int)
	normalizeBlocks                    func(y, x, w *float32, blocks int, r float32)
	nibblesA8, nibblesA15              integerKernels
	bytesA8, bytesA15                  integerKernels
	step                               int   // inputs of a step of integer kernels
	byteOffset                         int32 // of zero points of 8-bit weights
}

// integerKernels are those of one row and of several.
type integerKernels struct {
	one, many rowsKernel
	rows      int // of many
}

func avx512() *vectors {
	return &vectors{
		mulAddColumns:  mulAddAVX512,
		widenF16Blocks: widenF16AVX512, widenBF16Blocks: widenBF16AVX512, widenZeroBlocks: widenZerosAVX512,
		roundBlocks: roundF16AVX512, siluBlocks: siluAVX512, geluBlocks: geluAVX512,
		addMinimumRows: addMinimumsAVX512, dequantizeNibbles: dequantizeNibblesAVX512, dequantizeBytes: dequantizeBytesAVX512,
		expBlocks: softmaxExpAVX512, squareSums: squareSumsAVX512, normalizeBlocks: normalizeAVX512,
		nibblesA8:  integerKernels{nibblesA8x1AVX512, nibblesA8x4AVX512, 4},
		nibblesA15: integerKernels{nibblesA15x1AVX512, nibblesA15x2AVX512, 2},
		bytesA8:    integerKernels{bytesA8x1AVX512, bytesA8x4AVX512, 4},
		bytesA15:   integerKernels{bytesA15x1AVX512, bytesA15x2AVX512, 2},
		step:       4, byteOffset: 128,
	}
}

func avx2() *vectors {
	return &vectors{
		mulAddColumns:  mulAddAVX2,
		widenF16Blocks: widenF16AVX2, widenBF16Blocks: widenBF16AVX2, widenZeroBlocks: widenZerosAVX2,
		roundBlocks: roundF16AVX2, siluBlocks: siluAVX2, geluBlocks: geluAVX2,
		addMinimumRows: addMinimumsAVX2, dequantizeNibbles: dequantizeNibblesAVX2, dequantizeBytes: dequantizeBytesAVX2,
		expBlocks: softmaxExpAVX2, squareSums: squareSumsAVX2, normalizeBlocks: normalizeAVX2,
		nibblesA8:  integerKernels{nibblesA8x1AVX2, nibblesA8x2AVX2, 2},
		nibblesA15: integerKernels{nibblesA15x1AVX2, nibblesA15x1AVX2, 1},
		bytesA8:    integerKernels{bytesA8x1AVX2, bytesA8x2AVX2, 2},
		bytesA15:   integerKernels{bytesA15x1AVX2, bytesA15x1AVX2, 1},
		step:       16, byteOffset: 0, // it reads bytes as signed
	}
}

// loops returns the kernels as loops.
func (v *vectors) loops() *loops {
	return &loops{
		mulAdd:   v.mulAdd,
		widenF16: v.widenF16, widenBF16: v.widenBF16, roundF16: v.roundF16,
		addMinimums: v.addMinimums, dequantize4: v.dequantize4, dequantize8: v.dequantize8,
		softmaxExp: v.softmaxExp, rmsNorm: v.rmsNorm, silu: v.silu, gelu: v.gelu,
		integerBlock: v.integerBlock,
	}
}

const block = 16

func (v *vectors) mulAdd(y, x, w []float32, stride int) {
	if len(x) == 0 {
		return
	}
	n := len(y) / block * block
	if n > 0 {
		_ = w[(len(x)-1)*stride+n-1]
		v.mulAddColumns(&y[0], &x[0], &w[0], len(x), stride, n/lanes, n%lanes/block)
	}
	if n < len(y) {
		mulAdd(y[n:], x, w[n:], stride)
	}
}

// unary runs a kernel on whole blocks and a plain loop on the rest.
func unary[T any](y []float32, x []T, blocks func(y *float32, x *T, blocks int), rest func(y []float32, x []T)) {
	n := len(x) / block * block
	if n > 0 {
		_ = y[n-1]
		blocks(&y[0], &x[0], n/block)
	}
	rest(y[n:], x[n:])
}

func (v *vectors) widenF16(dst []float32, src []uint16) { unary(dst, src, v.widenF16Blocks, widenF16) }
func (v *vectors) widenBF16(dst []float32, src []uint16) {
	unary(dst, src, v.widenBF16Blocks, widenBF16)
}

func (v *vectors) roundF16(y, x []float32) { unary(y, x, v.roundBlocks, roundF16) }
func (v *vectors) silu(y, x []float32)     { unary(y, x, v.siluBlocks, silu) }
func (v *vectors) gelu(y, x []float32)     { unary(y, x, v.geluBlocks, gelu) }

func (v *vectors) addMinimums(dst []float32, minimum *[lanes]float32) {
	if rows := len(dst) / lanes; rows > 0 {
		v.addMinimumRows(&dst[0], minimum, rows)
	}
}

func (v *vectors) dequantize4(dst []float32, q []byte, scale *[lanes]float32, zero *[lanes]int32) {
	rows := len(dst) / (2 * lanes)
	if rows > 0 {
		_ = q[rows*lanes-1]
		v.dequantizeNibbles(&dst[0], &q[0], scale, zero, rows)
	}
	dequantize4(dst[rows*2*lanes:], q[rows*lanes:], scale, zero)
}

func (v *vectors) dequantize8(dst []float32, q []byte, scale *[lanes]float32, zero *[lanes]int32) {
	if rows := len(dst) / lanes; rows > 0 {
		_ = q[rows*lanes-1]
		v.dequantizeBytes(&dst[0], &q[0], scale, zero, rows)
	}
}

func (v *vectors) softmaxExp(s *scratch, p []float32, m float32) float32 {
	s.sums = [16]float32{}
	n := len(p) / block * block
	if n > 0 {
		v.expBlocks(&p[0], n/block, m, &s.sums)
	}
	addExp(&s.sums, p[n:], m)
	return tree(&s.sums)
}

func (v *vectors) rmsNorm(s *scratch, y, x, w []float32, eps float32) {
	n := len(x) / block * block
	if n == 0 {
		rmsNorm(s, y, x, w, eps)
		return
	}
	_, _ = y[n-1], w[n-1]
	v.squareSums(&s.sums, &x[0], n/block)
	r := normFactor(&s.sums, x[n:], len(x), eps)
	v.normalizeBlocks(&y[0], &x[0], &w[0], n/block, r)
	normalize(y[n:], x[n:], w[n:], r)
}
