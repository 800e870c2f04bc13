package reference

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd asm && go run . -out ../simd_amd64.s -stubs ../simd_stubs_amd64.go -pkg reference"

// fastLoops returns the loops for this machine: those of simd_amd64.s where it
// has AVX-512 with VNNI (Intel since Ice Lake, AMD since Zen 4).
func fastLoops() *loops {
	x := &cpu.X86
	if !x.HasAVX512F || !x.HasAVX512BW || !x.HasAVX512DQ || !x.HasAVX512VL || !x.HasAVX512VNNI {
		return plainLoops()
	}
	l := &loops{
		mulAdd:      mulAdd512,
		widenF16:    widenF16x512,
		widenBF16:   widenBF16x512,
		roundF16:    roundF16x512,
		addMinimums: addMinimums512,
		dequantize4: dequantize4x512, dequantize8: dequantize8x512,
		softmaxExp: softmaxExp512,
		rmsNorm:    rmsNorm512,
		silu:       silu512, gelu: gelu512,
	}
	l.integerBlock = l.integerBlock512
	return l
}

// The kernels work on blocks of 16 numbers; what is left over is for the plain
// loops, which continue in the same order.
const block = 16

func mulAdd512(y, x, w []float32, stride int) {
	n := len(y) / block * block
	if n > 0 && len(x) > 0 {
		_ = w[(len(x)-1)*stride+n-1]
		mulAddAVX512(&y[0], &x[0], &w[0], len(x), stride, n/lanes, n%lanes/block)
	}
	if n < len(y) && len(x) > 0 {
		mulAdd(y[n:], x, w[n:], stride)
	}
}

func widenF16x512(dst []float32, src []uint16) {
	n := len(src) / block * block
	if n > 0 {
		_ = dst[n-1]
		widenF16AVX512(&dst[0], &src[0], n/block)
	}
	widenF16(dst[n:], src[n:])
}

func dequantize4x512(dst []float32, q []byte, scale *[lanes]float32, zero *[lanes]int32) {
	rows := len(dst) / (2 * lanes)
	if rows > 0 {
		_ = q[rows*lanes-1]
		dequantizeNibblesAVX512(&dst[0], &q[0], scale, zero, rows)
	}
	dequantize4(dst[rows*2*lanes:], q[rows*lanes:], scale, zero)
}

func dequantize8x512(dst []float32, q []byte, scale *[lanes]float32, zero *[lanes]int32) {
	if rows := len(dst) / lanes; rows > 0 {
		_ = q[rows*lanes-1]
		dequantizeBytesAVX512(&dst[0], &q[0], scale, zero, rows)
	}
}

func widenBF16x512(dst []float32, src []uint16) {
	n := len(src) / block * block
	if n > 0 {
		_ = dst[n-1]
		widenBF16AVX512(&dst[0], &src[0], n/block)
	}
	widenBF16(dst[n:], src[n:])
}

func roundF16x512(y, x []float32) {
	n := len(x) / block * block
	if n > 0 {
		_ = y[n-1]
		roundF16AVX512(&y[0], &x[0], n/block)
	}
	roundF16(y[n:], x[n:])
}

func addMinimums512(dst []float32, minimum *[lanes]float32) {
	if rows := len(dst) / lanes; rows > 0 {
		addMinimumsAVX512(&dst[0], minimum, rows)
	}
}

// widenZeros512 is dst = zero + offset for whole blocks.
func widenZeros512(dst []int32, zero []int8, offset int32) {
	_ = zero[len(dst)-1]
	widenZerosAVX512(&dst[0], &zero[0], len(dst)/block, offset)
}

func softmaxExp512(p []float32, m float32) float32 {
	var sums [16]float32
	n := len(p) / block * block
	if n > 0 {
		softmaxExpAVX512(&p[0], n/block, m, &sums)
	}
	addExp(&sums, p[n:], m)
	return tree(&sums)
}

func rmsNorm512(y, x, w []float32, eps float32) {
	n := len(x) / block * block
	if n == 0 {
		rmsNorm(y, x, w, eps)
		return
	}
	_, _ = y[n-1], w[n-1]
	var sums [16]float32
	squareSumsAVX512(&sums, &x[0], n/block)
	r := normFactor(&sums, x[n:], len(x), eps)
	normalizeAVX512(&y[0], &x[0], &w[0], n/block, r)
	normalize(y[n:], x[n:], w[n:], r)
}

func silu512(y, x []float32) {
	n := len(x) / block * block
	if n > 0 {
		_ = y[n-1]
		siluAVX512(&y[0], &x[0], n/block)
	}
	silu(y[n:], x[n:])
}

func gelu512(y, x []float32) {
	n := len(x) / block * block
	if n > 0 {
		_ = y[n-1]
		geluAVX512(&y[0], &x[0], n/block)
	}
	gelu(y[n:], x[n:])
}
