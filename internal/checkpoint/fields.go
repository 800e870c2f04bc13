package checkpoint

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// fields reads typed values of a configuration: GGUF metadata or a JSON object.
// The first failure is kept in err; later calls return defaults.
type fields struct {
	prefix string // put before keys in errors
	get    func(key string) (any, bool)
	err    error
}

func (f *fields) fail(key, format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("%s%s %s", f.prefix, key, fmt.Sprintf(format, args...))
	}
}

// value returns the value of a key, nil if it is absent or null.
func (f *fields) value(key string) any {
	v, _ := f.get(key)
	return v
}

// float returns a number, def if the key is absent.
func (f *fields) float(key string, def float64) float64 {
	v := f.value(key)
	if v == nil {
		return def
	}
	n, ok := number(v)
	if !ok {
		f.fail(key, "is %v, not a number", show(v))
		return def
	}
	return n
}

// int returns an integer of at most 53 bits, def if the key is absent.
func (f *fields) int(key string, def int) int {
	n := f.float(key, float64(def))
	if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		f.fail(key, "is %v, not an integer", n)
		return def
	}
	return int(n)
}

// nullable returns an integer: def if the key is absent, 0 if it is null.
func (f *fields) nullable(key string, def int) int {
	if v, ok := f.get(key); ok && v == nil {
		return 0
	}
	return f.int(key, def)
}

// need fails if one of the keys is absent.
func (f *fields) need(keys ...string) {
	for _, key := range keys {
		if f.value(key) == nil {
			f.fail(key, "is missing")
		}
	}
}

func (f *fields) bool(key string, def bool) bool {
	v := f.value(key)
	if v == nil {
		return def
	}
	b, ok := v.(bool)
	if !ok {
		f.fail(key, "is %v, not true or false", show(v))
	}
	return b
}

func (f *fields) string(key, def string) string {
	v := f.value(key)
	if v == nil {
		return def
	}
	s, ok := v.(string)
	if !ok {
		f.fail(key, "is %v, not a string", show(v))
	}
	return s
}

func (f *fields) list(key string) []any {
	v := f.value(key)
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		f.fail(key, "is %v, not a list", show(v))
	}
	return list
}

// neutral is a key that changes the arithmetic unless it is absent, null, or
// has the value want.
type neutral struct {
	key  string
	want any // nil if the key may only be absent
}

// refuse fails on a key whose value is not neutral.
func (f *fields) refuse(list []neutral) {
	for _, n := range list {
		v := f.value(n.key)
		if v == nil || same(v, n.want) {
			continue
		}
		if n.want == nil {
			f.fail(n.key, "is set, which lpuctl does not support")
			continue
		}
		f.fail(n.key, "is %v; lpuctl supports only %v", show(v), show(n.want))
	}
}

func same(a, b any) bool {
	x, isNumber := number(a)
	if y, ok := number(b); ok && isNumber {
		return x == y
	}
	return reflect.DeepEqual(a, b)
}

// number converts any numeric type. A float32 becomes the float64 that its
// shortest decimal stands for, so that 1e-5 is the same number in all formats.
func number(v any) (float64, bool) {
	switch r := reflect.ValueOf(v); {
	case v == nil:
		return 0, false
	case r.Kind() == reflect.Float32:
		n, err := strconv.ParseFloat(strconv.FormatFloat(r.Float(), 'g', -1, 32), 64)
		return n, err == nil
	case r.CanFloat():
		return r.Float(), true
	case r.CanInt():
		return float64(r.Int()), true
	case r.CanUint():
		return float64(r.Uint()), true
	}
	return 0, false
}

// show prints a value for an error: strings quoted, anything long cut short.
func show(v any) string {
	s := fmt.Sprintf("%v", v)
	if text, ok := v.(string); ok {
		s = strconv.Quote(text)
	}
	if len(s) > 80 {
		s = s[:77] + "..."
	}
	return s
}
