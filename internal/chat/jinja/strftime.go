package jinja

import (
	"strings"
	"unicode/utf8"

	"github.com/ncruces/go-strftime"
)

// strftimeNow prints the time of the rendering, as datetime.now().strftime
// does: in the C locale, without a time zone, with the flags of glibc.
func strftimeNow(r *renderer, a []any) any {
	format := stringArg(a[0])
	r.allocate(64 * len(format))
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(format, "%")
		b.WriteString(before)
		if !ok || after == "" {
			b.WriteString(format[len(before):])
			return b.String()
		}
		text, n := r.directive(after)
		b.WriteString(text)
		format = after[n:]
	}
}

// directives are those of Python on Linux; others stand for themselves.
const directives = "aAbBcCdDeFfgGhHIjklmMnpPrRsStTuUVwWxXyY%"

// directive prints the directive at the start of s, which follows a "%", and
// returns its length.
func (r *renderer) directive(s string) (text string, n int) {
	flag := byte(0)
	if strings.IndexByte("-_0^", s[0]) >= 0 && len(s) > 1 {
		flag, n = s[0], 1
	}
	_, size := utf8.DecodeRuneInString(s[n:])
	n += size
	switch name := s[n-size : n]; {
	case name == "z" || name == "Z":
		return "", n
	case !strings.Contains(directives, name):
		return "%" + s[:n], n
	}
	text = strftime.Format("%"+s[n-size:n], r.now)
	switch flag {
	case '-':
		text = strings.TrimLeft(text[:len(text)-1], "0 ") + text[len(text)-1:]
	case '_':
		digits := strings.TrimLeft(text[:len(text)-1], "0")
		text = strings.Repeat(" ", len(text)-1-len(digits)) + digits + text[len(text)-1:]
	case '0':
		text = strings.ReplaceAll(text, " ", "0")
	case '^':
		text = strings.ToUpper(text)
	}
	return text, n
}
