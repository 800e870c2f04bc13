package jinja

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// str is str(v) of Python.
func (r *renderer) str(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case markup:
		return string(v)
	case *undefined:
		return ""
	}
	var b strings.Builder
	r.repr(&b, v)
	return b.String()
}

// reprOf is repr(v) of Python.
func (r *renderer) reprOf(v any) string {
	var b strings.Builder
	r.repr(&b, v)
	return b.String()
}

// repr writes repr(v).
func (r *renderer) repr(b *strings.Builder, v any) {
	r.enter()
	defer r.leave()
	switch v := v.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		b.WriteString(map[bool]string{true: "True", false: "False"}[v])
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(floatString(v))
	case bigInteger:
		r.allocate(len(v))
		b.WriteString(string(v))
	case string:
		r.read(v, 16)
		r.allocate(4 * len(v))
		b.WriteString(reprString(v))
	case markup:
		r.read(string(v), 16)
		r.allocate(4 * len(v))
		b.WriteString("Markup(" + reprString(string(v)) + ")")
	default:
		r.reprObject(b, v)
	}
	r.allocate(32)
}

func (r *renderer) reprObject(b *strings.Builder, v any) {
	switch v := v.(type) {
	case *List:
		r.reprItems(b, "[", v.Items, "]")
	case *tuple:
		end := ")"
		if len(v.items) == 1 {
			end = ",)"
		}
		r.reprItems(b, "(", v.items, end)
	case *Dict:
		r.reprDict(b, v)
	case *view:
		r.reprItems(b, v.kind+"([", v.items, "])")
	case *integers:
		b.WriteString(v.String())
	case *namespace:
		b.WriteString("<Namespace ")
		r.reprDict(b, v.attrs)
		b.WriteByte('>')
	case *undefined:
		b.WriteString("Undefined")
	case *closure:
		b.WriteString("<Macro " + reprString(v.macro.name) + ">")
	case *loop:
		fmt.Fprintf(b, "<LoopContext %d/%d>", v.at+1, len(v.items))
	default:
		b.WriteString("<" + typeName(v) + " object>")
	}
}

func (n *integers) String() string {
	if n.step == 1 {
		return fmt.Sprintf("range(%d, %d)", n.start, n.stop)
	}
	return fmt.Sprintf("range(%d, %d, %d)", n.start, n.stop, n.step)
}

func (r *renderer) reprItems(b *strings.Builder, begin string, items []any, end string) {
	b.WriteString(begin)
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		r.repr(b, item)
	}
	b.WriteString(end)
}

func (r *renderer) reprDict(b *strings.Builder, d *Dict) {
	b.WriteByte('{')
	for i, k := range d.keys {
		if i > 0 {
			b.WriteString(", ")
		}
		r.repr(b, k)
		b.WriteString(": ")
		r.repr(b, d.values[i])
	}
	b.WriteByte('}')
}

// floatString is repr of a float: the shortest digits that round back, with an
// exponent below 1e-4 and from 1e16 on.
func floatString(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(fmt.Sprint(f)), "+")
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// reprString quotes a string as Python does.
func reprString(s string) string {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, c := range s {
		switch {
		case c == quote || c == '\\':
			b.WriteRune('\\')
			b.WriteRune(c)
		case c >= ' ' && c <= '~':
			b.WriteByte(byte(c))
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(c):
			b.WriteRune(c)
		default:
			b.WriteString(escapeRune(c))
		}
	}
	b.WriteRune(quote)
	return b.String()
}

// escapeRune is a character by its number.
func escapeRune(c rune) string {
	switch {
	case c < 0x100:
		return `\x` + hex(c, 2)
	case c < 0x10000:
		return `\u` + hex(c, 4)
	}
	return `\U` + hex(c, 8)
}

// hex is a number in so many hexadecimal digits.
func hex(c rune, digits int) string {
	var text [8]byte
	for i := range digits {
		text[digits-1-i] = "0123456789abcdef"[c>>(4*i)&15]
	}
	return string(text[:digits])
}

// isSpace is str.isspace of Python for one character.
func isSpace(c rune) bool { return unicode.IsSpace(c) || c >= 0x1c && c <= 0x1f }

// line names the line of a place in the template.
func (t *Template) line(pos int) string {
	return fmt.Sprintf("line %d", strings.Count(t.source[:pos], "\n")+1)
}
