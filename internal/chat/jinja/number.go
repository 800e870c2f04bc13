package jinja

import (
	"cmp"
	"math"
	"math/big"
)

// bigInteger are the digits of an integer that does not fit 64 bits. It can be
// printed and compared; what calculates with it fails.
type bigInteger string

// orderNumbers compares two numbers by their exact values, as Python does. NaN
// is not ordered.
func (r *renderer) orderNumbers(left, right any) (order int, ordered bool) {
	x, floatX := left.(float64)
	y, floatY := right.(float64)
	switch {
	case math.IsNaN(x) || math.IsNaN(y):
		return 0, false
	case floatX && floatY:
		return cmp.Compare(x, y), true
	case !floatX && !floatY && !isBig(left) && !isBig(right):
		a, _ := integer(left)
		b, _ := integer(right)
		return cmp.Compare(a, b), true
	}
	return r.exact(left).Cmp(r.exact(right)), true
}

func isBig(v any) bool {
	_, ok := v.(bigInteger)
	return ok
}

// exact is the value of a number but NaN, without rounding.
func (r *renderer) exact(v any) *big.Float {
	switch v := v.(type) {
	case float64:
		return big.NewFloat(v)
	case bigInteger:
		r.work(len(v))
		n, _ := new(big.Int).SetString(string(v), 10)
		return new(big.Float).SetInt(n)
	}
	n, _ := integer(v)
	return new(big.Float).SetInt64(n)
}
