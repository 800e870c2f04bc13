package constrain

import "math/big"

// narrow keeps the numbers that are also in o.
func (n *numbers) narrow(o numbers) {
	if o.lo != nil {
		if n.lo == nil || o.lo.Cmp(n.lo) > 0 {
			n.lo, n.loOpen = o.lo, o.loOpen
		} else if o.lo.Cmp(n.lo) == 0 {
			n.loOpen = n.loOpen || o.loOpen
		}
	}
	if o.hi != nil {
		if n.hi == nil || o.hi.Cmp(n.hi) < 0 {
			n.hi, n.hiOpen = o.hi, o.hiOpen
		} else if o.hi.Cmp(n.hi) == 0 {
			n.hiOpen = n.hiOpen || o.hiOpen
		}
	}
	n.step = commonMultiple(n.step, o.step)
}

// commonMultiple returns the least common multiple of two steps; nil is the
// step of all numbers.
func commonMultiple(a, b *big.Rat) *big.Rat {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	x := new(big.Int).Mul(a.Num(), b.Denom())
	y := new(big.Int).Mul(b.Num(), a.Denom())
	gcd := new(big.Int).GCD(nil, nil, x, y)
	lcm := x.Mul(x, y)
	lcm.Quo(lcm, gcd)
	return new(big.Rat).SetFrac(lcm, new(big.Int).Mul(a.Denom(), b.Denom()))
}

// any reports whether every number is in n.
func (n *numbers) any() bool { return n.lo == nil && n.hi == nil && n.step == nil }

// has reports whether n has a number.
func (n *numbers) has() bool {
	if n.lo == nil || n.hi == nil {
		return true
	}
	if n.step == nil {
		c := n.lo.Cmp(n.hi)
		return c < 0 || c == 0 && !n.loOpen && !n.hiOpen
	}
	first := n.firstMultiple()
	c := first.Cmp(n.hi)
	return c < 0 || c == 0 && !n.hiOpen
}

// firstMultiple returns the least multiple of step that lo admits.
func (n *numbers) firstMultiple() *big.Rat {
	q := new(big.Rat).Quo(n.lo, n.step)
	k, rest := new(big.Int).DivMod(q.Num(), q.Denom(), new(big.Int)) // k rounded down
	if rest.Sign() > 0 || n.loOpen {
		k.Add(k, big.NewInt(1))
	}
	return q.Mul(new(big.Rat).SetInt(k), n.step)
}

// meets reports whether n has a number of the interval.
func (n *numbers) meets(o numbers) bool {
	both := *n
	both.narrow(o)
	return both.has()
}

// negated returns the numbers whose negatives are in n.
func (n numbers) negated() numbers {
	out := numbers{loOpen: n.hiOpen, hiOpen: n.loOpen, step: n.step}
	if n.hi != nil {
		out.lo = new(big.Rat).Neg(n.hi)
	}
	if n.lo != nil {
		out.hi = new(big.Rat).Neg(n.lo)
	}
	return out
}
