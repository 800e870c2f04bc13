package constrain

import "math/big"

// maxExponent bounds the exponents of numbers: three digits.
const maxExponent = 999

// powers is a range of exponents, none when least > most.
type powers struct{ least, most int }

func (p powers) and(o powers) powers { return powers{max(p.least, o.least), min(p.most, o.most)} }

func (p powers) has(k int) bool { return p.least <= k && k <= p.most }

// exponents returns the exponents that make p a number of the set. They have no
// gaps: with a greater one a multiple of the step stays one.
func (d *decimals) exponents(p prefix) powers {
	digits := p.digits()
	if digits.Sign() == 0 {
		if zero := new(big.Rat); d.set.meets(numbers{lo: zero, hi: zero}) {
			return powers{-maxExponent, maxExponent}
		}
		return powers{1, 0}
	}
	all := d.within(p, digits, digits, false)
	if d.set.step != nil {
		least, ok := multiple(digits, d.set.step)
		if !ok {
			return powers{1, 0}
		}
		all.least = max(all.least, least+len(p.fraction))
	}
	return all
}

// within returns the exponents of p with which digits are below the upper bound
// and above are over the lower one, neither being 0; open says that they must
// not be at it, though the bound belongs to the set.
func (d *decimals) within(p prefix, digits, above *big.Int, open bool) powers {
	set, all := d.side(p.negative), powers{-maxExponent, maxExponent}
	if set.hi != nil {
		if set.hi.Sign() <= 0 {
			return powers{1, 0}
		}
		all.most = min(all.most, lastBelow(digits, set.hi, set.hiOpen)+len(p.fraction))
	}
	if set.lo != nil && set.lo.Sign() > 0 {
		all.least = max(all.least, lastBelow(above, set.lo, !set.loOpen && !open)+1+len(p.fraction))
	}
	return all
}

// side returns the set, mirrored for texts that begin with a minus.
func (d *decimals) side(negative bool) *numbers {
	if negative {
		return &d.mirrored
	}
	return &d.set
}

// digits returns the digits of p as an integer.
func (p prefix) digits() *big.Int {
	n, _ := new(big.Int).SetString("0"+p.whole+p.fraction, 10)
	return n
}

// lastBelow returns the greatest t for which x*10**t is below a positive bound,
// or at it unless strict.
func lastBelow(x *big.Int, bound *big.Rat, strict bool) int {
	t := magnitude(bound) - (len(x.Text(10)) - 1)
	c := power(t)
	switch c.Mul(c, new(big.Rat).SetInt(x)).Cmp(bound) {
	case -1:
		return t
	case 0:
		if !strict {
			return t
		}
	}
	return t - 1
}

// magnitude returns the exponent of a positive decimal fraction in scientific
// notation.
func magnitude(r *big.Rat) int {
	places, _ := r.FloatPrec()
	n := power(places)
	return len(n.Mul(n, r).Num().Text(10)) - 1 - places
}

// multiple returns the least t for which x*10**t is a multiple of step, if there
// is one.
func multiple(x *big.Int, step *big.Rat) (t int, ok bool) {
	q := new(big.Rat).SetInt(x)
	places, ok := q.Quo(q, step).FloatPrec()
	if !ok || places > 0 {
		return places, ok
	}
	for n, ten, rest := q.Num(), big.NewInt(10), new(big.Int); ; t-- {
		if n.QuoRem(n, ten, rest); rest.Sign() != 0 {
			return t, true
		}
	}
}

// costWithExponent returns the bytes that make p a number of the set by digits
// after the point and an exponent, or infinite. An end that writes more digits
// before the point may have a byte fewer.
func (d *decimals) costWithExponent(p prefix) int64 {
	digits := p.digits()
	if digits.Sign() == 0 {
		return d.costOfZeros(p)
	}
	above := new(big.Int).Add(digits, big.NewInt(1))
	reach, best := d.within(p, digits, above, true), infinite
	for size := 1; size <= 4 && int64(size)+1 < best; size++ {
		for _, k := range candidates(reach, size) {
			best = min(best, add(int64(size)+1, d.morePlaces(p, p.interval(k), k)))
		}
	}
	return best
}

// costOfZeros is costWithExponent of digits that are all zero, or none.
func (d *decimals) costOfZeros(p prefix) int64 {
	best, point := infinite, int64(0)
	if p.whole != "" && !p.point {
		p.point, point = true, 1
	}
	for digit := '1'; digit <= '9'; digit++ {
		next := p
		if p.point {
			next.fraction += string(digit)
		} else {
			next.whole = string(digit)
		}
		best = min(best, d.costWithExponent(next))
	}
	return add(best, 1+point)
}

// candidates returns the exponents of size bytes within reach among which the
// one is that wants the fewest digits. Those are the ends of reach, where a bound
// may cut off the numbers that begin with the digits, and between them the
// greatest of each sign: a number that is a multiple of the step stays one with
// a greater exponent, and so does the grid of its last place.
func candidates(reach powers, size int) []int {
	positive, negative := powers{0, 9}, powers{1, 0}
	if size > 1 {
		positive = powers{pow10(size - 1), pow10(size) - 1}
		negative = powers{1 - pow10(size-1), -pow10(size - 2)}
	}
	var out []int
	inner := powers{reach.least + 1, reach.most - 1}
	for _, class := range []powers{positive, negative} {
		if both := class.and(inner); both.least <= both.most {
			out = append(out, both.most)
		}
		for _, k := range []int{reach.least, reach.most} {
			if class.has(k) && reach.has(k) {
				out = append(out, k)
			}
		}
	}
	return out
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// exponent is what has been read of an exponent.
type exponent struct {
	sign   byte // 0, '+' or '-'
	digits int8
	value  int16
}

// next returns the exponent after b.
func (e exponent) next(b byte) (exponent, bool) {
	switch {
	case b == '+' || b == '-':
		ok := e == exponent{}
		e.sign = b
		return e, ok
	case b < '0' || b > '9' || e.digits == 3:
		return e, false
	}
	return exponent{e.sign, e.digits + 1, 10*e.value + int16(b-'0')}, true
}

// cost returns the fewest bytes that make e one of all.
func (e exponent) cost(all powers) int64 {
	if e == (exponent{}) {
		best := exponent{sign: '+'}.cost(all)
		return min(best, add(1, exponent{sign: '-'}.cost(all)))
	}
	if e.sign == '-' {
		all = powers{-all.most, -all.least}
	}
	for more := range 4 - int(e.digits) {
		scale := pow10(more)
		reach := powers{int(e.value) * scale, (int(e.value)+1)*scale - 1}
		if both := reach.and(all); (more > 0 || e.digits > 0) && both.least <= both.most {
			return int64(more)
		}
	}
	return infinite
}
