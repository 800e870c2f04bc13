package jinja

import (
	"strings"
	"unicode/utf8"
)

// bracesFormat is one call of str.format.
type bracesFormat struct {
	r      *renderer
	a      arguments
	auto   int64 // the next "{}"
	manual bool  // "{0}" was seen
}

func (r *renderer) formatBraces(s string, a arguments) any {
	return (&bracesFormat{r: r, a: a}).run(s, 2)
}

func formatMap(r *renderer, a []any) any {
	var named arguments
	r.spread(&named, a[1])
	return r.formatBraces(stringArg(a[0]), named)
}

// run formats s; fields nest depth levels deep.
func (f *bracesFormat) run(s string, depth int) string {
	if depth < 0 {
		fail(ValueError, "Max string recursion exceeded")
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			break
		}
		f.r.work(2)
		b.WriteString(s[:i])
		c := s[i]
		s = s[i+1:]
		switch {
		case s != "" && s[0] == c:
			b.WriteByte(c)
			s = s[1:]
		case c == '}':
			fail(ValueError, "Single '}' encountered in format string")
		case s == "":
			fail(ValueError, "Single '{' encountered in format string")
		default:
			end := fieldEnd(s)
			text := f.field(s[:end], depth)
			f.r.allocate(len(text))
			b.WriteString(text)
			s = s[end+1:]
		}
	}
	b.WriteString(s)
	f.r.allocate(b.Len())
	return b.String()
}

// fieldEnd finds the "}" of a field.
func fieldEnd(s string) int {
	open := 1
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return i
			}
		}
	}
	fail(ValueError, "expected '}' before end of string")
	return 0
}

// field formats "name!conversion:spec".
func (f *bracesFormat) field(s string, depth int) string {
	name, spec := s, ""
	if i := strings.IndexAny(s, "!:"); i >= 0 {
		name, spec = s[:i], s[i:]
	}
	v := f.lookup(name)
	if strings.HasPrefix(spec, "!") {
		v, spec = f.convert(v, spec[1:])
	}
	spec = strings.TrimPrefix(spec, ":")
	return f.r.formatSpec(v, f.run(spec, depth-1))
}

func (f *bracesFormat) convert(v any, s string) (any, string) {
	if s == "" {
		fail(ValueError, "end of string while looking for conversion specifier")
	}
	if len(s) > 1 && s[1] != ':' {
		fail(ValueError, "expected ':' after conversion specifier")
	}
	switch s[0] {
	case 's':
		return f.r.str(v), s[1:]
	case 'r':
		return f.r.reprOf(v), s[1:]
	case 'a':
		return ascii(f.r.reprOf(v)), s[1:]
	}
	c, _ := utf8.DecodeRuneInString(s)
	fail(ValueError, "Unknown conversion specifier %c", c)
	return nil, ""
}

// lookup finds a field such as "0.name[key]".
func (f *bracesFormat) lookup(field string) any {
	first, rest := field, ""
	if i := strings.IndexAny(field, ".["); i >= 0 {
		first, rest = field[:i], field[i:]
	}
	v := f.argument(first)
	for rest != "" {
		var key string
		bracket := rest[0] == '['
		if rest = rest[1:]; bracket {
			var ok bool
			if key, rest, ok = strings.Cut(rest, "]"); !ok {
				fail(ValueError, "Missing ']' in format string")
			}
			v = f.r.item(v, fieldKey(key))
			continue
		}
		key = rest
		if i := strings.IndexAny(rest, ".["); i >= 0 {
			key = rest[:i]
		}
		rest = rest[len(key):]
		v = f.r.attribute(v, key)
	}
	return v
}

// fieldKey is a number if it has digits only.
func fieldKey(s string) any {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return parseDecimal(s)
	}
	return s
}

func (f *bracesFormat) argument(name string) any {
	index, numbered := fieldKey(name).(int64)
	if name == "" {
		index, numbered = f.auto, true
		f.auto++
	} else if numbered {
		f.manual = true
	}
	if f.manual && f.auto > 0 {
		fail(ValueError, "cannot switch from manual field specification to automatic field numbering")
	}
	if numbered {
		if index >= int64(len(f.a.positional)) {
			fail(IndexError, "tuple index out of range")
		}
		return f.a.positional[index]
	}
	for i, n := range f.a.names {
		if n == name {
			return f.a.named[i]
		}
	}
	fail(KeyError, "%s", reprString(name))
	return nil
}

// formatSpec is format(v, spec) of Python.
func (r *renderer) formatSpec(v any, spec string) string {
	if spec == "" {
		return r.str(v)
	}
	l, ok := parseLayout(spec)
	if !ok {
		fail(ValueError, "Invalid format specifier")
	}
	if n, isInt := integer(v); isInt {
		return r.formatIntSpec(l, n)
	}
	if x, isFloat := v.(float64); isFloat {
		return r.formatFloatSpec(l, x)
	}
	s, isString := stringOf(v)
	if !isString {
		fail(TypeError, "unsupported format string passed to %s.__format__", typeName(v))
	}
	if l.verb != 0 && l.verb != 's' {
		fail(ValueError, "Unknown format code '%c' for object of type 'str'", l.verb)
	}
	if l.align == '=' {
		fail(ValueError, "'=' alignment not allowed in string format specifier")
	}
	return r.formatString(l, s, '<')
}

func (r *renderer) formatIntSpec(l layout, n int64) string {
	if strings.IndexByte("eEfFgG%", l.verb) >= 0 && l.verb != 0 {
		return r.formatFloat(l, float64(n))
	}
	if l.precision >= 0 {
		fail(ValueError, "Precision not allowed in integer format specifier")
	}
	if l.verb == 'c' {
		return r.formatString(l, character(n), '<')
	}
	if l.verb != 0 && strings.IndexByte("bdoxXn", l.verb) < 0 {
		fail(ValueError, "Unknown format code '%c' for object of type 'int'", l.verb)
	}
	return r.formatInt(l, n)
}

func (r *renderer) formatFloatSpec(l layout, x float64) string {
	switch {
	case l.verb == 0 && l.precision < 0:
		sign := strings.HasPrefix(floatString(x), "-")
		return r.aligned(l, l.signed(sign), l.grouped(strings.TrimPrefix(floatString(x), "-")), '>')
	case l.verb == 0:
		l.verb = 'g'
	case strings.IndexByte("eEfFgG%n", l.verb) < 0:
		fail(ValueError, "Unknown format code '%c' for object of type 'float'", l.verb)
	case l.verb == 'n':
		l.verb = 'g'
	}
	return r.formatFloat(l, x)
}

// parseLayout parses [[fill]align][sign][#][0][width][,][.precision][type].
func parseLayout(s string) (layout, bool) {
	l := layout{fill: " ", sign: '-', precision: -1}
	_, n := utf8.DecodeRuneInString(s)
	if len(s) > n && strings.IndexByte("<>=^", s[n]) >= 0 {
		l.fill, l.align, s = s[:n], s[n], s[n+1:]
	} else if strings.IndexByte("<>=^", s[0]) >= 0 {
		l.align, s = s[0], s[1:]
	}
	if s != "" && strings.IndexByte("+- ", s[0]) >= 0 {
		l.sign, s = s[0], s[1:]
	}
	l.alternate, s = strings.HasPrefix(s, "#"), strings.TrimPrefix(s, "#")
	if strings.HasPrefix(s, "0") && l.align == 0 {
		l.fill, l.align = "0", '='
	}
	n = digits(strings.ReplaceAll(s, "_", " "), "0123456789")
	if n > 0 {
		l.width, s = parseDecimal(s[:n]).(int64), s[n:]
	}
	if s != "" && (s[0] == ',' || s[0] == '_') {
		l.comma, s = s[:1], s[1:]
	}
	if strings.HasPrefix(s, ".") {
		n = digits(strings.ReplaceAll(s[1:], "_", " "), "0123456789")
		if n == 0 {
			fail(ValueError, "Format specifier missing precision")
		}
		l.precision, s = parseDecimal(s[1:1+n]).(int64), s[1+n:]
	}
	if s != "" {
		l.verb, s = s[0], s[1:]
	}
	return l, s == ""
}
