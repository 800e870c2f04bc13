package reference

import "math"

// exp is the exponential of docs/numerics.md: multiplications, additions and
// comparisons of float32, each rounded, and integer additions and shifts. Its
// error is below 0.9902 ULP; results below 2^-126 are +0 by definition.
func exp(x float32) float32 {
	const (
		high    = 89.0           // and above: the scale overflows to +Inf
		low     = -0x1.5d589ep+6 // below: +0 (the bits C2AEAC4F)
		under   = -150.0         // the scale underflows to +0
		magic   = 0x1.8p23       // the low bits of x+magic are x rounded to an integer
		log2e   = 0x1.715476p+0  // 3FB8AA3B
		ln2High = 0x1.62e4p-1    // 3F317200, 15 bits: n*ln2High is exact
		ln2Low  = 0x1.7f7d1cp-20 // 35BFBE8E
		c3      = 0x1.5554a4p-3  // 3E2AAA52
		c4      = 0x1.555688p-5  // 3D2AAB44
		c5      = 0x1.122f84p-7  // 3C0917C2
		c6      = 0x1.6b6e44p-10 // 3AB5B722
	)
	if x > high { // false for NaN
		x = high
	}
	if x < low {
		x = under
	}
	t := float32(x*log2e) + magic
	n := t - magic
	r := x - float32(n*ln2High)
	r = r - float32(n*ln2Low)
	p := float32(c6*r) + c5
	p = float32(p*r) + c4
	p = float32(p*r) + c3
	p = float32(p*r) + 0.5
	p = float32(float32(r*r)*p) + r
	p = p + 1
	k := int32(math.Float32bits(t)) - 0x4B400000
	k1 := k >> 1
	k2 := k - k1
	s1 := math.Float32frombits(uint32(k1+127) << 23)
	s2 := math.Float32frombits(uint32(k2+127) << 23)
	return float32(float32(p*s1) * s2)
}
