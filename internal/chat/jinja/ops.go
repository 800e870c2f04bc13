package jinja

import (
	"math"
	"math/bits"
	"strings"
)

// arithmetic is left op right of Python.
func (r *renderer) arithmetic(op string, left, right any) any {
	for _, v := range []any{left, right} {
		if u, ok := v.(*undefined); ok && !(op == "%" && v == right && isString(left)) {
			u.fail()
		}
	}
	if isNumber(left) && isNumber(right) {
		return numberArithmetic(op, left, right)
	}
	var v any
	switch op {
	case "+":
		v = r.join(left, right)
	case "*":
		v = r.multiplySequence(left, right)
	case "%":
		v = r.percent(left, right)
	}
	if v == nil {
		r.badOperands(op, left, right)
	}
	return v
}

func numberArithmetic(op string, left, right any) any {
	a, okA := integer(left)
	b, okB := integer(right)
	if okA && okB {
		return intArithmetic(op, a, b)
	}
	x, _ := number(left)
	y, _ := number(right)
	return floatArithmetic(op, x, y)
}

// multiplySequence is left * right of a sequence and an integer in any order,
// nil for other values.
func (r *renderer) multiplySequence(left, right any) any {
	if addable(right) {
		left, right = right, left
	}
	if !addable(left) {
		return nil
	}
	if n, ok := integer(right); ok {
		return r.repeat(left, n)
	}
	return nil
}

// addable reports whether a value can be joined with one of its kind and repeated.
func addable(v any) bool {
	switch v.(type) {
	case string, markup, *List, *tuple:
		return true
	}
	return false
}

func isString(v any) bool {
	_, ok := stringOf(v)
	return ok
}

func (r *renderer) badOperands(op string, left, right any) {
	switch {
	case op == "+" && addable(left):
		t := typeName(left)
		if _, ok := left.(markup); ok {
			t = "str"
		}
		fail(TypeError, `can only concatenate %s (not "%s") to %s`, t, typeName(right), t)
	case op == "*" && addable(left):
		fail(TypeError, "can't multiply sequence by non-int of type '%s'", typeName(right))
	case op == "*" && addable(right):
		fail(TypeError, "can't multiply sequence by non-int of type '%s'", typeName(left))
	case op == "**":
		op = "** or pow()"
	}
	fail(TypeError, "unsupported operand type(s) for %s: '%s' and '%s'", op, typeName(left), typeName(right))
}

// join is left + right of sequences, nil if they cannot be joined.
func (r *renderer) join(left, right any) any {
	switch a := left.(type) {
	case string:
		switch b := right.(type) {
		case string:
			r.allocate(len(a) + len(b))
			return a + b
		case markup:
			return r.escape(a) + b
		}
	case markup:
		if isString(right) {
			b := r.escape(right)
			r.allocate(len(a) + len(b))
			return a + b
		}
	case *List:
		if b, ok := right.(*List); ok {
			return &List{r.joined(a.Items, b.Items)}
		}
	case *tuple:
		if b, ok := right.(*tuple); ok {
			return newTuple(r.joined(a.items, b.items)...)
		}
	}
	return nil
}

func (r *renderer) joined(a, b []any) []any {
	r.items(len(a) + len(b))
	return append(append(make([]any, 0, len(a)+len(b)), a...), b...)
}

// repeat is v * n of a sequence, nil if v is none.
func (r *renderer) repeat(v any, n int64) any {
	n = max(n, 0)
	switch v := v.(type) {
	case string:
		return r.repeatString(v, n)
	case markup:
		return markup(r.repeatString(string(v), n))
	case *List:
		return &List{r.repeatItems(v.Items, n)}
	case *tuple:
		return newTuple(r.repeatItems(v.items, n)...)
	}
	return nil
}

func (r *renderer) repeatString(s string, n int64) string {
	r.allocate(product(len(s), n))
	return strings.Repeat(s, int(n))
}

func (r *renderer) repeatItems(items []any, n int64) []any {
	r.items(product(len(items), n))
	out := make([]any, 0, len(items)*int(n))
	for ; n > 0 && len(items) > 0; n-- {
		out = append(out, items...)
	}
	return out
}

// product is a*b, or a number above every limit. Nothing times a huge number is
// one as well: it would take as long to count.
func product(a int, b int64) int {
	if a > 0 && b > math.MaxInt32/int64(a) || b > math.MaxInt32 {
		return math.MaxInt32
	}
	return a * int(b)
}

func overflow() { fail(Unsupported, "the integer result does not fit 64 bits") }

func negate(n int64) int64 {
	if n == math.MinInt64 {
		overflow()
	}
	return -n
}

func intArithmetic(op string, a, b int64) any {
	switch op {
	case "+":
		if s := a + b; (s > a) == (b > 0) {
			return s
		}
		overflow()
	case "-":
		if d := a - b; (d < a) == (b > 0) {
			return d
		}
		overflow()
	case "*":
		return multiply(a, b)
	case "/":
		if b == 0 {
			fail(DivisionError, "division by zero")
		}
		return float64(a) / float64(b)
	case "**":
		return power(a, b)
	}
	return divide(op, a, b)
}

func multiply(a, b int64) int64 {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > math.MaxInt64 {
		overflow()
	}
	if (a < 0) != (b < 0) {
		return -int64(lo)
	}
	return int64(lo)
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func power(a, b int64) any {
	if b < 0 {
		if a == 0 {
			fail(DivisionError, "0.0 cannot be raised to a negative power")
		}
		return math.Pow(float64(a), float64(b))
	}
	if a == 0 || a == 1 || a == -1 { // b may be huge
		b = min(b, 2-b%2)
	}
	n := int64(1)
	for ; b > 0; b-- {
		n = multiply(n, a)
	}
	return n
}

// divide is // or %, rounded down.
func divide(op string, a, b int64) any {
	if b == 0 {
		fail(DivisionError, "integer %s by zero", map[string]string{"//": "division or modulo", "%": "modulo"}[op])
	}
	if a == math.MinInt64 && b == -1 {
		overflow()
	}
	q, m := a/b, a%b
	if m != 0 && (m < 0) != (b < 0) {
		q, m = q-1, m+b
	}
	if op == "%" {
		return m
	}
	return q
}

func floatArithmetic(op string, a, b float64) any {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "**":
		return floatPower(a, b)
	}
	if b == 0 {
		fail(DivisionError, "%s", map[string]string{"/": "float division by zero", "//": "float floor division by zero", "%": "float modulo"}[op])
	}
	if op == "/" {
		return a / b
	}
	m := math.Mod(a, b)
	if m != 0 && (m < 0) != (b < 0) {
		m += b
	} else if m == 0 {
		m = math.Copysign(0, b)
	}
	if op == "%" {
		return m
	}
	return math.RoundToEven((a - m) / b)
}

func floatPower(a, b float64) any {
	if a == 0 && b < 0 {
		fail(DivisionError, "0.0 cannot be raised to a negative power")
	}
	if a < 0 && b != math.Trunc(b) {
		fail(Unsupported, "complex numbers are not supported")
	}
	p := math.Pow(a, b)
	if math.IsInf(p, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		fail(OverflowError, "(34, 'Numerical result out of range')")
	}
	return p
}
