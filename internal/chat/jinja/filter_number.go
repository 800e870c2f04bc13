package jinja

import (
	"math"
	"strconv"
	"strings"
)

// numberFilters are the filters that make numbers.
func numberFilters() map[string]builtin {
	return map[string]builtin{
		"abs":            fn("x", absolute),
		"int":            fn("value default? base?", intFilter),
		"float":          fn("value default?", floatFilter),
		"round":          fn("value precision? method?", roundFilter),
		"filesizeformat": fn("value binary?", fileSize),
	}
}

func absolute(_ *renderer, a []any) any {
	if n, ok := integer(a[0]); ok {
		if n < 0 {
			return negate(n)
		}
		return n
	}
	f, ok := a[0].(float64)
	if !ok {
		fail(TypeError, "bad operand type for abs(): '%s'", typeName(a[0]))
	}
	return math.Abs(f)
}

// parseDecimal is the value of decimal digits.
func parseDecimal(s string) any {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		fail(Unsupported, "integer %s does not fit 64 bits", s)
	}
	return n
}

// parseInt is int(s, base) of Python.
func parseInt(s string, base int64) (int64, bool) {
	s = strings.TrimFunc(s, isSpace)
	if strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") || base < 0 || base > 36 {
		return 0, false
	}
	digits := strings.ToLower(strings.ReplaceAll(s, "_", ""))
	prefix := map[int64]string{2: "0b", 8: "0o", 16: "0x"}[base]
	sign := digits[:len(digits)-len(strings.TrimLeft(digits, "+-"))]
	if prefix != "" && len(sign) <= 1 {
		digits = sign + strings.TrimPrefix(digits[len(sign):], prefix)
	}
	n, err := strconv.ParseInt(digits, int(base), 64)
	if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange {
		fail(Unsupported, "integer %s does not fit 64 bits", s)
	}
	return n, err == nil
}

// parseFloat is float(s) of Python.
func parseFloat(s string) (float64, bool) {
	s = strings.TrimFunc(s, isSpace)
	if strings.ContainsAny(s, "xXpP") || strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange {
		return f, true
	}
	return f, err == nil
}

// toFloat is float(v) of Python; false stands for a TypeError or a ValueError.
func toFloat(v any) (float64, bool) {
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	if s, ok := stringOf(v); ok {
		return parseFloat(s)
	}
	return number(v)
}

func intFilter(r *renderer, a []any) any {
	if isBig(a[0]) {
		return a[0]
	}
	if s, ok := stringOf(a[0]); ok {
		r.read(s, 16)
		if n, ok := parseInt(s, intOr(a[2], 10)); ok {
			return n
		}
	} else if n, ok := integer(a[0]); ok {
		return n
	}
	f, ok := toFloat(a[0])
	if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
		return or(a[1], int64(0))
	}
	return toInt(f)
}

func toInt(f float64) int64 {
	if math.Abs(f) >= 1<<63 {
		overflow()
	}
	return int64(f)
}

func floatFilter(r *renderer, a []any) any {
	if s, ok := stringOf(a[0]); ok {
		r.read(s, 16)
	}
	if f, ok := toFloat(a[0]); ok {
		return f
	}
	return or(a[1], 0.0)
}

func roundFilter(r *renderer, a []any) any {
	precision, method := intOr(a[1], 0), stringOr(a[2], "common")
	round := map[string]func(float64) float64{"common": nil, "ceil": math.Ceil, "floor": math.Floor}
	f, known := round[method]
	if !known {
		fail(FilterError, "method must be common, ceil or floor")
	}
	x, ok := number(a[0])
	if !ok {
		fail(TypeError, "type %s doesn't define __round__ method", typeName(a[0]))
	}
	if f != nil {
		scale := math.Pow(10, float64(precision))
		return f(x*scale) / scale
	}
	if n, ok := integer(a[0]); ok {
		return roundInt(n, precision)
	}
	r.work(int(max(min(precision, 324), 0)) / 4)
	return roundFloat(x, precision)
}

// roundInt is round(n, precision) of an int: half to even.
func roundInt(n, precision int64) any {
	if precision >= 0 {
		return n
	}
	if precision < -18 {
		return int64(0)
	}
	scale := power(10, -precision).(int64)
	q, m := divide("//", n, scale).(int64), divide("%", n, scale).(int64)
	if m > scale-m || m == scale-m && q%2 != 0 {
		q++
	}
	return multiply(q, scale)
}

// roundFloat is round(x, precision) of a float: correctly rounded, half to
// even of the exact value.
func roundFloat(x float64, precision int64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) || precision > 323 {
		return x
	}
	if precision >= 0 {
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'f', int(precision), 64), 64)
		return rounded
	}
	if precision < -308 {
		return math.Copysign(0, x)
	}
	scale := math.Pow(10, float64(-precision))
	return math.RoundToEven(x/scale) * scale
}

func fileSize(r *renderer, a []any) any {
	size, ok := toFloat(a[0])
	if !ok && !isString(a[0]) {
		fail(TypeError, "float() argument must be a string or a real number, not '%s'", typeName(a[0]))
	}
	if !ok {
		fail(ValueError, "could not convert string to float: %s", r.reprOf(a[0]))
	}
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if truthOr(a[1], false) {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case size == 1:
		return "1 Byte"
	case size < base:
		return strconv.FormatInt(toInt(size), 10) + " Bytes"
	}
	unit := base * base
	i := 0
	for ; i < len(units)-1 && size >= unit; i++ {
		unit *= base
	}
	return strconv.FormatFloat(base*size/unit, 'f', 1, 64) + " " + units[i]
}
