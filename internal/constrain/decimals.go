package constrain

import (
	"math/big"
	"sort"
	"strings"
)

// decimals are the texts of the numbers of a set. The state of reading one is
// the text so far, and from its exponent on what may still be an exponent.
type decimals struct {
	set      numbers
	mirrored numbers // the set of the negatives
	digits   int     // more digits before the point than any bound or step has
	places   int     // digits after the point that every bound and step has
	grid     int     // digits after the point that every number has without zeros at its end, or -1
	least    int64   // bytes of the shortest number
}

func newDecimals(set numbers, b *budget) (*decimals, error) {
	d := &decimals{set: set, mirrored: set.negated(), digits: 1, grid: -1}
	for _, r := range []*big.Rat{set.lo, set.hi, set.step} {
		if r != nil {
			whole := new(big.Int).Quo(r.Num(), r.Denom())
			d.digits = max(d.digits, len(whole.Text(10))+1)
			n, _ := r.FloatPrec()
			d.places = max(d.places, n)
		}
	}
	if set.step != nil {
		d.grid, _ = set.step.FloatPrec()
	} else if set.lo != nil && set.hi != nil && set.lo.Cmp(set.hi) == 0 {
		d.grid, _ = set.lo.FloatPrec()
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

// prefix is a number text that has begun, before its exponent.
type prefix struct {
	negative bool
	whole    string // digits before the point
	point    bool
	fraction string
}

func readPrefix(text string) prefix {
	var p prefix
	text, p.negative = strings.CutPrefix(text, "-")
	p.whole, p.fraction, p.point = strings.Cut(text, ".")
	return p
}

// takes reports whether b may follow before an exponent.
func (p prefix) takes(b byte) bool {
	digit := '0' <= b && b <= '9'
	switch {
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

// cost returns the fewest bytes that make text a number of the set: the digits
// that are missing, or fewer with an exponent.
func (d *decimals) cost(text string) int64 {
	p := readPrefix(text)
	best := d.costOfDigits(p)
	if text == "" {
		best = min(best, add(1, d.cost("-")))
	}
	if best <= int64(len("e1")) {
		return best
	}
	return min(best, d.costWithExponent(p))
}

// costOfDigits returns the fewest digits that make p a number of the set.
func (d *decimals) costOfDigits(p prefix) int64 {
	best := infinite
	from, to := d.moreDigits(p)
	for more := from; more <= to && int64(more) < best; more++ {
		interval := p.interval(more)
		if d.past(p.negative, interval) {
			break
		}
		if d.set.meets(interval) {
			best = min(best, add(int64(more), d.morePlaces(p, interval, 0)))
		}
	}
	return best
}

// past reports whether an interval is farther from zero than the set, as all
// with more digits are then.
func (d *decimals) past(negative bool, interval numbers) bool {
	if negative {
		return d.set.lo != nil && interval.hi.Cmp(d.set.lo) < 0
	}
	return d.set.hi != nil && interval.lo.Cmp(d.set.hi) > 0
}

// odd reports whether text is a beginning that leads to numbers as nobody writes
// them: only an exponent can still make it valid, or zeros end its fraction.
func (d *decimals) odd(text string) bool {
	p := readPrefix(text)
	if d.grid >= 0 && p.point && (d.grid == 0 || len(p.fraction) > d.grid) {
		return true
	}
	return d.costOfDigits(p) >= infinite
}

// moreDigits returns how many digits may still come before the point, without
// numbers that are too near to zero.
func (d *decimals) moreDigits(p prefix) (from, to int) {
	side := d.side(p.negative)
	switch {
	case p.point || p.whole == "0":
		return 0, 0
	case p.whole == "":
		return max(1, wholeDigits(side.lo)), d.digits + 1
	}
	least := max(wholeDigits(side.lo), wholeDigits(side.step))
	return max(0, least-len(p.whole)), max(d.digits-len(p.whole), d.digits) + 1
}

// wholeDigits returns the digits before the point of a positive bound, at least
// 0; nil is no bound.
func wholeDigits(bound *big.Rat) int {
	if bound == nil || bound.Sign() <= 0 {
		return 0
	}
	return max(0, magnitude(bound)+1)
}

// morePlaces returns the fewest bytes that p needs from the point on to be a
// number of the set within the interval, if an exponent of k follows.
func (d *decimals) morePlaces(p prefix, interval numbers, k int) int64 {
	least := len(p.fraction)
	if p.point {
		least = max(least, 1)
	}
	most := max(least, k+d.places) + 2
	places := least + sort.Search(most-least, func(more int) bool {
		grid := interval
		grid.step = power(k - least - more)
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
