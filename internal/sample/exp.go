package sample

import "math"

// exp returns e**x for x <= 0 within 1.5 ULP, and 0 where that is not a normal
// number. math.Exp has other last bits on other processors; this has not: the
// conversions keep the compiler from fusing a product into a sum.
//
// x = k*ln(2) + r with |r| <= ln(2)/2, ln(2) in two parts as in FDLIBM's
// e_exp.c; the Taylor polynomial of degree 13 is off by less than 2^-57 there.
func exp(x float64) float64 {
	const (
		ln2High = 6.93147180369123816490e-01
		ln2Low  = 1.90821492927058770002e-10
	)
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
