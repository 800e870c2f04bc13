package reference

import "math"

// tanh is the hyperbolic tangent of docs/numerics.md: an odd polynomial near
// zero, where 1 - 2/(exp(2x)+1) would lose digits. Its error is below 1.34 ULP.
func tanh(x float32) float32 {
	const (
		near = 0.625
		t5   = -0x1.75e1ccp-8 // BBBAF0E6
		t4   = 0x1.52269cp-6  // 3CA9134E
		t3   = -0x1.b83c5ap-5 // BD5C1E2D
		t2   = 0x1.110726p-3  // 3E088393
		t1   = -0x1.555532p-2 // BEAAAA99
	)
	bits := math.Float32bits(x)
	a := math.Float32frombits(bits & 0x7FFFFFFF)
	var y float32
	if a < near {
		z := float32(a * a)
		p := float32(t5*z) + t4
		p = float32(p*z) + t3
		p = float32(p*z) + t2
		p = float32(p*z) + t1
		y = float32(float32(a*z)*p) + a
	} else { // NaN too
		y = 1 - 2/(exp(a+a)+1)
	}
	return math.Float32frombits(math.Float32bits(y) | bits&0x80000000)
}
