package reference

// mulAdd is y[i] += sum over k of x[k]*w[k*stride+i], k ascending, for each i
// one accumulator: the inner loop of linears of float weights, of scores and
// of the weighted sum of values. Four k at a time, y stays in registers between
// the additions, and neighbouring i hide the latency of each other.
func mulAdd(y, x, w []float32, stride int) {
	k := 0
	for ; k+4 <= len(x); k += 4 {
		x0, x1, x2, x3 := x[k], x[k+1], x[k+2], x[k+3]
		w0, w1 := w[k*stride:][:len(y)], w[(k+1)*stride:][:len(y)]
		w2, w3 := w[(k+2)*stride:][:len(y)], w[(k+3)*stride:][:len(y)]
		for i, a := range y {
			a += float32(x0 * w0[i])
			a += float32(x1 * w1[i])
			a += float32(x2 * w2[i])
			y[i] = a + float32(x3*w3[i])
		}
	}
	for ; k < len(x); k++ {
		v, row := x[k], w[k*stride:][:len(y)]
		for i := range y {
			y[i] += float32(v * row[i])
		}
	}
}
