package reference

import "github.com/lpuctl/lpuctl/internal/half"

// loops are the inner loops that take the time. Every set of them gives the
// same bits; plainLoops runs anywhere and is what the others are held against.
type loops struct {
	// mulAdd is y[i] += sum over k of x[k]*w[k*stride+i], k ascending.
	mulAdd func(y, x, w []float32, stride int)
	// integerBlock adds the products of rows of x with block i of w to the
	// accumulators [rows][64], groups ascending (rule 3).
	integerBlock func(s *scratch, acc []float32, x *activations, rows []int, w *matrix, i int)
	// widenF16 and widenBF16 convert 16-bit floats, roundF16 rounds to float16.
	widenF16, widenBF16 func(dst []float32, src []uint16)
	roundF16            func(y, x []float32)
	// dequantize4 and dequantize8 decode rows of 64 bytes, of two inputs and of one.
	dequantize4, dequantize8 func(dst []float32, q []byte, scale *[lanes]float32, zero *[lanes]int32)
	// addMinimums adds each lane's minimum to rows of decoded weights.
	addMinimums func(dst []float32, minimum *[lanes]float32)
	// softmaxExp replaces p by exp(p-m) and returns the sum (rule 4).
	softmaxExp func(s *scratch, p []float32, m float32) float32
	// rmsNorm is one norm.
	rmsNorm func(s *scratch, y, x, w []float32, eps float32)
	// silu and gelu are y = f(x).
	silu, gelu func(y, x []float32)
}

// fastLoops returns the fastest loops that this machine can run.
func fastLoops() *loops {
	if all := machineLoops(); len(all) > 0 {
		return all[0]
	}
	return plainLoops()
}

func plainLoops() *loops {
	l := &loops{
		mulAdd:      mulAdd,
		widenF16:    widenF16,
		widenBF16:   widenBF16,
		roundF16:    roundF16,
		addMinimums: addMinimums,
		dequantize4: dequantize4, dequantize8: dequantize8,
		softmaxExp: softmaxExp,
		rmsNorm:    rmsNorm,
		silu:       silu, gelu: gelu,
	}
	l.integerBlock = l.plainIntegerBlock
	return l
}

func widenF16(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = half.F16ToF32(h)
	}
}

func widenBF16(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = half.BF16ToF32(h)
	}
}
