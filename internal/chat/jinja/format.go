package jinja

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// layout is how a number or a string is laid out: what the format_spec of
// str.format and the conversions of "%" have in common.
type layout struct {
	fill      string
	align     byte // '<', '>', '^', '=' or 0
	sign      byte // '-', '+' or ' '
	alternate bool
	width     int64
	comma     string
	precision int64 // -1 if there is none
	verb      byte  // 0 if there is none
}

// aligned fills a text up to the width; otherwise is its default alignment.
func (r *renderer) aligned(l layout, sign, text string, otherwise byte) string {
	align := l.align
	if align == 0 {
		align = otherwise
	}
	missing := max(l.width-int64(utf8.RuneCountInString(sign+text)), 0)
	fill := func(n int64) string { return r.repeatString(l.fill, n) }
	switch align {
	case '<':
		return sign + text + fill(missing)
	case '^':
		return fill(missing/2) + sign + text + fill(missing-missing/2)
	case '=':
		return sign + fill(missing) + text
	}
	return fill(missing) + sign + text
}

// signed splits the sign off a number.
func (l layout) signed(negative bool) string {
	switch {
	case negative:
		return "-"
	case l.sign == '+' || l.sign == ' ':
		return string(l.sign)
	}
	return ""
}

// grouped puts l.comma between groups of three digits.
func (l layout) grouped(digits string) string {
	if l.comma == "" {
		return digits
	}
	whole, fraction := digits, ""
	if i := strings.IndexAny(digits, ".e"); i >= 0 {
		whole, fraction = digits[:i], digits[i:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + l.comma + whole[i:]
	}
	return whole + fraction
}

// formatInt lays an integer out with one of the verbs d, b, o, x, X, c.
func (r *renderer) formatInt(l layout, n int64) string {
	var digits, prefix string
	switch l.verb {
	case 'b':
		digits, prefix = strconv.FormatUint(magnitude(n), 2), "0b"
	case 'o':
		digits, prefix = strconv.FormatUint(magnitude(n), 8), "0o"
	case 'x':
		digits, prefix = strconv.FormatUint(magnitude(n), 16), "0x"
	case 'X':
		digits, prefix = strings.ToUpper(strconv.FormatUint(magnitude(n), 16)), "0X"
	default:
		digits = strconv.FormatUint(magnitude(n), 10)
	}
	if l.precision > int64(len(digits)) {
		digits = r.repeatString("0", l.precision-int64(len(digits))) + digits
	}
	if !l.alternate {
		prefix = ""
	}
	return r.aligned(l, l.signed(n < 0)+prefix, l.grouped(digits), '>')
}

// maxPrecision is the most digits that a float is printed with.
const maxPrecision = 1000

// formatFloat lays a float out with one of the verbs e, E, f, F, g, G, %.
func (r *renderer) formatFloat(l layout, x float64) string {
	precision := l.precision
	if precision < 0 {
		precision = 6
	}
	if precision > maxPrecision {
		fail(LimitError, "a float is printed with at most %d digits", maxPrecision)
	}
	digits := ""
	switch a := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		digits = floatString(a)
	case l.verb == '%':
		digits = strconv.FormatFloat(a*100, 'f', int(precision), 64)
	case l.verb|0x20 == 'g':
		digits = general(a, max(precision, 1), l.alternate)
	default:
		digits = strconv.FormatFloat(a, l.verb|0x20, int(precision), 64)
	}
	if l.verb >= 'A' && l.verb <= 'Z' {
		digits = strings.ToUpper(digits)
	}
	if l.verb == '%' {
		digits += "%"
	}
	return r.aligned(l, l.signed(math.Signbit(x) && !math.IsNaN(x)), l.grouped(digits), '>')
}

// general is the verb g: an exponent below 1e-4 and from 10**precision on, and
// no zeros at the end.
func general(x float64, precision int64, keepZeros bool) string {
	s := strconv.FormatFloat(x, 'e', int(precision)-1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	n, _ := strconv.Atoi(exponent)
	if n < -4 || int64(n) >= precision {
		return trimZeros(mantissa, keepZeros) + "e" + exponent
	}
	return trimZeros(strconv.FormatFloat(x, 'f', int(precision)-1-n, 64), keepZeros)
}

func trimZeros(s string, keep bool) string {
	if keep || !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// formatString lays a string out, cut to the precision.
func (r *renderer) formatString(l layout, s string, otherwise byte) string {
	if l.precision >= 0 {
		s = r.sliceString(s, [3]any{nil, l.precision, nil})
	}
	return r.aligned(l, "", s, otherwise)
}
