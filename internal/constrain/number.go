package constrain

import (
	"math/big"
	"sort"
	"strconv"
	"strings"
)

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

// decimals are the texts of the numbers of a set. The state of reading one is
// the text so far. A text may have an exponent, of at most two digits, where its
// digits alone could still become a number of the set.
type decimals struct {
	set    numbers
	digits int   // more digits before the point than any bound or step has
	places int   // digits after the point that every bound and step has
	least  int64 // bytes of the shortest number
}

func newDecimals(set numbers, b *budget) (*decimals, error) {
	d := &decimals{set: set, digits: 1}
	for _, r := range []*big.Rat{set.lo, set.hi, set.step} {
		if r != nil {
			whole := new(big.Int).Quo(r.Num(), r.Denom())
			d.digits = max(d.digits, len(whole.Text(10))+1)
			n, _ := r.FloatPrec()
			d.places = max(d.places, n)
		}
	}
	if err := b.spend(0, (d.digits+d.places)*(d.places+8)); err != nil {
		return nil, err
	}
	d.least = d.cost("")
	return d, nil
}

// leastNumber returns the bytes of the shortest number of d, where nil is any.
func leastNumber(d *decimals) int64 {
	if d == nil {
		return 1
	}
	return d.least
}

// prefix is a number text that has begun.
type prefix struct {
	negative bool
	whole    string // digits before the point
	point    bool
	fraction string
	e        bool
	exponent string // with its sign
}

func readPrefix(text string) prefix {
	var p prefix
	text, p.negative = strings.CutPrefix(text, "-")
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		text, p.exponent, p.e = text[:i], text[i+1:], true
	}
	p.whole, p.fraction, p.point = strings.Cut(text, ".")
	return p
}

// takes reports whether b may follow in a number.
func (p prefix) takes(b byte) bool {
	digit := '0' <= b && b <= '9'
	switch {
	case p.e:
		return digit || (b == '+' || b == '-') && p.exponent == ""
	case b|0x20 == 'e':
		return p.complete()
	case b == '-':
		return !p.negative && p.whole == ""
	case b == '.':
		return p.whole != "" && !p.point
	case p.point:
		return digit
	}
	return digit && p.whole != "0"
}

// complete reports whether p is a number and not only a beginning.
func (p prefix) complete() bool { return p.whole != "" && (!p.point || p.fraction != "") }

// interval returns the numbers that begin with p when more digits stand before
// the point.
func (p prefix) interval(more int) numbers {
	scale := power(more - len(p.fraction))
	digits, _ := new(big.Int).SetString("0"+p.whole+p.fraction, 10)
	lo := new(big.Rat).SetInt(digits)
	hi := new(big.Rat).Add(lo, big.NewRat(1, 1))
	lo.Mul(lo, scale)
	hi.Mul(hi, scale)
	if p.negative {
		return numbers{lo: hi.Neg(hi), loOpen: true, hi: lo.Neg(lo)}
	}
	return numbers{lo: lo, hi: hi, hiOpen: true}
}

// power returns 10**n.
func power(n int) *big.Rat {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil)
	if n < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

// cost returns the fewest bytes that make text a number of the set.
func (d *decimals) cost(text string) int64 {
	p := readPrefix(text)
	if p.e {
		return d.costOfExponent(p)
	}
	best := infinite
	if text == "" {
		best = add(d.cost("-"), 1)
	}
	from, to := d.moreDigits(p)
	for more := from; more <= to && int64(more) < best; more++ {
		interval := p.interval(more)
		if d.set.meets(interval) {
			best = min(best, add(int64(more), d.morePlaces(p, interval)))
		}
	}
	return best
}

// moreDigits returns how many digits may still come before the point.
func (d *decimals) moreDigits(p prefix) (from, to int) {
	switch {
	case p.point || p.whole == "0":
		return 0, 0
	case p.whole == "":
		return 1, d.digits + 1
	}
	return 0, max(d.digits-len(p.whole), d.digits) + 1
}

// morePlaces returns the fewest bytes that p needs from the point on to be a
// number of the set within the interval.
func (d *decimals) morePlaces(p prefix, interval numbers) int64 {
	least := len(p.fraction)
	if p.point {
		least = max(least, 1)
	}
	most := max(least, d.places) + 2
	places := least + sort.Search(most-least, func(more int) bool {
		grid := interval
		grid.step = power(-least - more)
		return d.set.meets(grid)
	})
	switch {
	case places == most:
		return infinite
	case places > 0 && !p.point:
		return int64(places + 1)
	}
	return int64(places - len(p.fraction))
}

// maxExponent bounds the exponents of numbers with bounds or steps.
const maxExponent = 99

// costOfExponent returns the fewest digits that complete an exponent.
func (d *decimals) costOfExponent(p prefix) int64 {
	best := infinite
	for k := -maxExponent; k <= maxExponent; k++ {
		missing := missingDigits(p.exponent, k)
		if missing >= best {
			continue
		}
		value := p.interval(k).lo
		if p.negative {
			value = p.interval(k).hi
		}
		if d.set.meets(numbers{lo: value, hi: value}) {
			best = missing
		}
	}
	return best
}

// missingDigits returns how many bytes make text an exponent of k.
func missingDigits(text string, k int) int64 {
	signs, digits := []string{"", "+"}, strconv.Itoa(max(k, -k))
	if k < 0 {
		signs = []string{"-"}
	} else if k == 0 {
		signs = append(signs, "-")
	}
	best := infinite
	for _, sign := range signs {
		for _, all := range []string{sign + digits, sign + "0" + digits} {
			if strings.HasPrefix(all, text) && len(all) <= len(sign)+2 {
				best = min(best, int64(len(all)-len(text)))
			}
		}
	}
	return best
}
