package jinja

import (
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// encoder is json.dumps of Python.
type encoder struct {
	r             *renderer
	b             strings.Builder
	ascii, sorted bool
	indented      bool
	indent        string
	comma, colon  string
	newline       string // with the indentation of the current depth
}

// toJSON is the filter tojson of transformers.
func toJSON(r *renderer, a []any) any {
	e := &encoder{r: r, ascii: truthOr(a[1], false), sorted: truthOr(a[4], false), comma: ", ", colon: ": "}
	e.setIndent(a[2])
	e.setSeparators(a[3])
	e.value(a[0])
	return e.b.String()
}

func truthOr(v any, otherwise bool) bool {
	if v == (absent{}) {
		return otherwise
	}
	return truth(v)
}

func (e *encoder) setIndent(v any) {
	if v == nil || v == (absent{}) {
		return
	}
	e.indented, e.newline, e.comma = true, "\n", ","
	if s, ok := stringOf(v); ok {
		e.indent = s
		return
	}
	n, ok := integer(v)
	if !ok {
		fail(TypeError, "can't multiply sequence by non-int of type '%s'", typeName(v))
	}
	e.indent = e.r.repeatString(" ", max(n, 0))
}

func (e *encoder) setSeparators(v any) {
	if v == nil || v == (absent{}) {
		return
	}
	pair := e.r.mustIterate(v)
	if len(pair) != 2 {
		fail(ValueError, "separators must be two strings, not %d", len(pair))
	}
	var okComma, okColon bool
	e.comma, okComma = stringOf(pair[0])
	e.colon, okColon = stringOf(pair[1])
	if !okComma || !okColon {
		fail(TypeError, "separators must be strings")
	}
}

func (e *encoder) write(s string) {
	e.grow(len(s))
	e.b.WriteString(s)
}

// grow makes room for n bytes and counts what that allocates.
func (e *encoder) grow(n int) {
	if free := e.b.Cap() - e.b.Len(); n > free {
		more := e.b.Cap() + n
		e.r.allocate(e.b.Len() + more)
		e.b.Grow(more)
	}
}

func (e *encoder) value(v any) {
	e.r.enter()
	defer e.r.leave()
	switch v := v.(type) {
	case *List:
		e.array(v.Items)
	case *tuple:
		e.array(v.items)
	case *Dict:
		e.object(v)
	default:
		if s, ok := stringOf(v); ok {
			e.quote(s)
			return
		}
		s, ok := e.scalar(v)
		if !ok {
			fail(TypeError, "Object of type %s is not JSON serializable", typeName(v))
		}
		e.write(s)
	}
}

// scalar is the text of None, a bool or a number.
func (e *encoder) scalar(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "null", true
	case bool:
		return map[bool]string{true: "true", false: "false"}[v], true
	case int64, bigInteger:
		return e.r.reprOf(v), true
	case float64:
		s := floatString(v)
		if name, ok := map[string]string{"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[s]; ok {
			return name, true
		}
		return s, true
	}
	return "", false
}

// group writes n members between brackets.
func (e *encoder) group(begin, end string, n int, member func(i int)) {
	if n == 0 {
		e.write(begin + end)
		return
	}
	outer := e.newline
	e.write(begin)
	if e.indented {
		e.r.allocate(len(e.newline) + len(e.indent))
		e.newline += e.indent
	}
	for i := range n {
		if i > 0 {
			e.write(e.comma)
		}
		e.write(e.newline)
		member(i)
	}
	e.newline = outer
	e.write(e.newline + end)
}

func (e *encoder) array(items []any) {
	e.group("[", "]", len(items), func(i int) { e.value(items[i]) })
}

func (e *encoder) object(d *Dict) {
	order := make([]int, d.Len())
	for i := range order {
		order[i] = i
	}
	if e.sorted {
		slices.SortStableFunc(order, func(i, j int) int { return e.r.sign(d.keys[i], d.keys[j]) })
	}
	e.group("{", "}", d.Len(), func(i int) {
		e.key(d.keys[order[i]])
		e.write(e.colon)
		e.value(d.values[order[i]])
	})
}

func (e *encoder) key(k any) {
	if s, ok := stringOf(k); ok {
		e.quote(s)
		return
	}
	s, ok := e.scalar(k)
	if !ok {
		fail(TypeError, "keys must be str, int, float, bool or None, not %s", typeName(k))
	}
	e.write(`"` + s + `"`)
}

func (e *encoder) quote(s string) {
	e.r.read(s, 64)
	e.grow(len(s) + 2)
	e.b.WriteByte('"')
	for plain := e.plain(s); ; plain = e.plain(s) {
		e.grow(plain + 12)
		e.b.WriteString(s[:plain])
		if s = s[plain:]; s == "" {
			break
		}
		c, n := utf8.DecodeRuneInString(s)
		e.r.work(1)
		e.escape(c)
		s = s[n:]
	}
	e.b.WriteByte('"')
}

// plain is how many bytes at the start of s stand for themselves.
func (e *encoder) plain(s string) int {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || e.ascii && c > '~' {
			return i
		}
	}
	return len(s)
}

// escape writes a character by its name or its number in UTF-16.
func (e *encoder) escape(c rune) {
	if i := strings.IndexRune("\"\\\n\r\t\f\b", c); i >= 0 {
		e.b.WriteByte('\\')
		e.b.WriteByte(`"\nrtfb`[i])
		return
	}
	for _, unit := range utf16.AppendRune(nil, c) {
		e.b.WriteString(`\u` + hex(rune(unit), 4))
	}
}
