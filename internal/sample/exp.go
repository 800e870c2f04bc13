package sample

import "math"

// ln(2) in two parts, as in FDLIBM's e_exp.c and e_log.c.
const (
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
)

// exp returns e**x for x <= 0 within 1.5 ULP, and 0 where that is not a normal
// number. math.Exp has other last bits on other processors; this has not: the
// conversions keep the compiler from fusing a product into a sum.
//
// x = k*ln(2) + r with |r| <= ln(2)/2; the Taylor polynomial of degree 13 is off
// by less than 2^-57 there.
func exp(x float64) float64 {
	if x < -708 {
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := (x - float64(k*ln2High)) - float64(k*ln2Low)
	p := 1.0 / 6227020800
	p = float64(p*r) + 1.0/479001600
	p = float64(p*r) + 1.0/39916800
	p = float64(p*r) + 1.0/3628800
	p = float64(p*r) + 1.0/362880
	p = float64(p*r) + 1.0/40320
	p = float64(p*r) + 1.0/5040
	p = float64(p*r) + 1.0/720
	p = float64(p*r) + 1.0/120
	p = float64(p*r) + 1.0/24
	p = float64(p*r) + 1.0/6
	p = float64(p*r) + 1.0/2
	p = float64(p*r) + 1
	p = float64(p*r) + 1
	return math.Ldexp(p, int(k))
}

// log returns the natural logarithm of a finite x >= 1 within 2 ULP, the same on
// every processor.
//
// x = 2^k * m with m in [sqrt(1/2), sqrt(2)), and ln(m) = 2*atanh(s) with
// s = (m-1)/(m+1). |s| < 0.1716, so that the series up to s^23 is off by less
// than 2^-60 of its value.
func log(x float64) float64 {
	m, k := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, k = 2*m, k-1
	}
	s := (m - 1) / (m + 1)
	z := float64(s * s)
	p := 0.0
	for n := 23; n > 1; n -= 2 {
		p = float64(z * (p + 1/float64(n)))
	}
	// 2*atanh(s) = 2*s + 2*s*p, and 2*s is m-1 less s*(m-1): the largest term,
	// m-1, is exact.
	low := float64(2*s*p) - float64(s*(m-1))
	return float64(float64(k)*ln2High) + (m - 1 + (low + float64(float64(k)*ln2Low)))
}
