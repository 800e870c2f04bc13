package jinja

import (
	"math"
	"strings"
	"unicode/utf8"
)

// formatFilter is the filter format.
func formatFilter(r *renderer, a []any) any {
	rest := a[1].(arguments)
	if len(rest.positional) > 0 && len(rest.names) > 0 {
		fail(FilterError, "can't handle positional and keyword arguments at the same time")
	}
	value := stringFilter(r, a)
	if len(rest.names) == 0 {
		return r.percent(value, newTuple(rest.positional...))
	}
	d := &Dict{}
	for i, name := range rest.names {
		d.Set(name, rest.named[i])
	}
	return r.percent(value, d)
}

// percent is left % right of a string; nil if left is none.
func (r *renderer) percent(left, right any) any {
	s, ok := stringOf(left)
	if !ok {
		return nil
	}
	p := &percentFormat{r: r, source: s, rest: s, argument: right}
	if _, isMarkup := left.(markup); isMarkup {
		p.escape = true
		return markup(p.run())
	}
	return p.run()
}

// percentFormat is one formatting with "%".
type percentFormat struct {
	r        *renderer
	source   string
	rest     string // to be formatted
	argument any
	used     int
	escape   bool
	b        strings.Builder
}

func (p *percentFormat) run() string {
	for {
		i := strings.IndexByte(p.rest, '%')
		if i < 0 {
			break
		}
		p.write(p.rest[:i])
		p.rest = p.rest[i+1:]
		p.conversion()
	}
	p.write(p.rest)
	p.checkUsed()
	return p.b.String()
}

func (p *percentFormat) write(s string) {
	p.r.allocate(len(s))
	p.b.WriteString(s)
}

// checkUsed fails if arguments are left.
func (p *percentFormat) checkUsed() {
	left := false
	switch v := p.argument.(type) {
	case *tuple:
		left = p.used < len(v.items)
	case *Dict, *List, *integers, *undefined: // what has __getitem__
	default:
		left = p.used == 0
	}
	if left {
		fail(TypeError, "not all arguments converted during string formatting")
	}
}

// next is the next argument.
func (p *percentFormat) next() any {
	p.used++
	if t, ok := p.argument.(*tuple); ok {
		if p.used > len(t.items) {
			fail(TypeError, "not enough arguments for format string")
		}
		return t.items[p.used-1]
	}
	if p.used > 1 {
		fail(TypeError, "not enough arguments for format string")
	}
	return p.argument
}

// conversion formats what stands after a "%".
func (p *percentFormat) conversion() {
	p.r.work(8)
	l := layout{fill: " ", precision: -1, sign: '-'}
	key, hasKey := p.key()
	zero := p.flags(&l)
	l.width = p.size(0)
	if l.width < 0 {
		l.align, l.width = '<', -l.width
	}
	if strings.HasPrefix(p.rest, ".") {
		p.rest = p.rest[1:]
		l.precision = max(p.size(0), 0)
	}
	p.rest = strings.TrimLeft(p.rest, "hlL")
	if p.rest == "" {
		fail(ValueError, "incomplete format")
	}
	c, n := utf8.DecodeRuneInString(p.rest)
	p.rest = p.rest[n:]
	if c == '%' {
		p.write("%")
		return
	}
	if zero && l.align == 0 && c != 's' && c != 'r' && c != 'a' && c != 'c' {
		l.fill, l.align = "0", '='
	}
	v := key
	if !hasKey {
		v = p.next()
	}
	p.write(p.format(l, c, v))
}

// key reads "(name)" and looks it up.
func (p *percentFormat) key() (any, bool) {
	if !strings.HasPrefix(p.rest, "(") {
		return nil, false
	}
	name, rest, ok := strings.Cut(p.rest[1:], ")")
	if !ok {
		fail(ValueError, "incomplete format key")
	}
	p.rest = rest
	d, isDict := p.argument.(*Dict)
	if !isDict {
		fail(TypeError, "format requires a mapping")
	}
	v, ok := d.Get(name)
	if !ok {
		fail(KeyError, "%s", reprString(name))
	}
	return v, true
}

func (p *percentFormat) flags(l *layout) (zero bool) {
	for p.rest != "" {
		switch c := p.rest[0]; c {
		case '-':
			l.align = '<'
		case '+':
			l.sign = '+'
		case ' ':
			if l.sign != '+' {
				l.sign = ' '
			}
		case '#':
			l.alternate = true
		case '0':
			zero = true
		default:
			return zero
		}
		p.rest = p.rest[1:]
	}
	return zero
}

// size reads a number or "*".
func (p *percentFormat) size(otherwise int64) int64 {
	if strings.HasPrefix(p.rest, "*") {
		p.rest = p.rest[1:]
		n, ok := integer(p.next())
		if !ok {
			fail(TypeError, "* wants int")
		}
		return n
	}
	n := digits(strings.ReplaceAll(p.rest, "_", " "), "0123456789")
	if n == 0 {
		return otherwise
	}
	size := parseDecimal(p.rest[:n]).(int64)
	p.rest = p.rest[n:]
	return size
}

func (p *percentFormat) format(l layout, c rune, v any) string {
	switch c {
	case 's':
		s := p.r.str(v)
		if p.escape {
			s = string(p.r.escape(v))
		}
		return p.r.formatString(l, s, '>')
	case 'r':
		return p.r.formatString(l, p.r.reprOf(v), '>')
	case 'a':
		return p.r.formatString(l, ascii(p.r.reprOf(v)), '>')
	case 'c':
		return p.r.formatString(l, character(v), '>')
	case 'd', 'i', 'u':
		l.verb = 'd'
		return p.r.formatInt(l, p.truncated(v))
	case 'o', 'x', 'X':
		n, ok := integer(v)
		if !ok {
			fail(TypeError, "%%%c format: an integer is required, not %s", c, typeName(v))
		}
		l.verb = byte(c)
		return p.r.formatInt(l, n)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		x, ok := number(v)
		if !ok {
			fail(TypeError, "must be real number, not %s", typeName(v))
		}
		l.verb = byte(c)
		return p.r.formatFloat(l, x)
	}
	index := utf8.RuneCountInString(p.source) - utf8.RuneCountInString(p.rest) - 1
	fail(ValueError, "unsupported format character '%c' (0x%x) at index %d", c, c, index)
	return ""
}

// truncated is the integer that %d prints of a number.
func (p *percentFormat) truncated(v any) int64 {
	if n, ok := integer(v); ok {
		return n
	}
	x, ok := v.(float64)
	switch {
	case !ok:
		fail(TypeError, "%%d format: a real number is required, not %s", typeName(v))
	case math.IsNaN(x):
		fail(ValueError, "cannot convert float NaN to integer")
	case math.IsInf(x, 0):
		fail(OverflowError, "cannot convert float infinity to integer")
	}
	return toInt(x)
}

// character is what %c prints.
func character(v any) string {
	if n, ok := integer(v); ok {
		if n < 0 || n > utf8.MaxRune {
			fail(OverflowError, "%%c arg not in range(0x110000)")
		}
		return string(rune(n))
	}
	s, ok := stringOf(v)
	if !ok || utf8.RuneCountInString(s) != 1 {
		fail(TypeError, "%%c requires int or char")
	}
	return s
}

// ascii escapes the characters of a repr that are not ASCII.
func ascii(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c < utf8.RuneSelf {
			b.WriteRune(c)
		} else {
			b.WriteString(escapeRune(c))
		}
	}
	return b.String()
}
