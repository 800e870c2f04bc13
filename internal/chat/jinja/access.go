package jinja

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// attribute is object.name: an attribute of Python first, then a key.
func (r *renderer) attribute(object any, name string) any {
	r.read(name, 16)
	if v, ok := r.pythonAttribute(object, name); ok {
		return v
	}
	if d, ok := object.(*Dict); ok {
		if v, ok := d.Get(name); ok {
			return v
		}
	}
	return &undefined{UndefinedError, reprString(qualifiedName(object)) + " has no attribute " + reprString(name)}
}

// item is object[key]: a key or an index first, then an attribute of Python.
func (r *renderer) item(object, key any) any {
	if v, ok := r.subscript(object, key); ok {
		return v
	}
	if name, ok := stringOf(key); ok {
		if v, ok := r.pythonAttribute(object, name); ok {
			return v
		}
		r.read(name, 16)
		r.allocate(4 * len(name))
		return &undefined{UndefinedError, reprString(qualifiedName(object)) + " has no attribute " + reprString(name)}
	}
	return &undefined{UndefinedError, qualifiedName(object) + " has no element " + r.reprOf(key)}
}

// unsafe is the value of an attribute that the sandbox refuses: it fails when
// it is used.
func unsafe(object any, name string) *undefined {
	return &undefined{SecurityError, "access to attribute " + reprString(name) + " of '" + typeName(object) + "' object is unsafe."}
}

// pythonAttribute is getattr(object, name) in the sandbox.
func (r *renderer) pythonAttribute(object any, name string) (any, bool) {
	r.read(name, block)
	switch o := object.(type) {
	case *undefined:
		o.fail()
	case *namespace:
		if v, ok := o.attrs.Get(name); ok {
			return v, true
		}
	case *loop:
		return o.attribute(name)
	case *closure:
		return o.attribute(name)
	case *cycler:
		return o.attribute(name)
	case *function:
		v, ok := o.attrs[name]
		return v, ok
	case *tuple:
		if i := slices.Index(o.names, name); i >= 0 {
			return o.items[i], true
		}
	}
	if strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") || mutating(object, name) {
		return unsafe(object, name), true
	}
	if v, ok := numberAttribute(object, name); ok {
		return v, true
	}
	if b, ok := r.method(object, name); ok {
		return &method{name, object, b}, true
	}
	return nil, false
}

// mutating reports whether a method changes its object.
func mutating(object any, name string) bool {
	switch object.(type) {
	case *List:
		return strings.Contains(" append clear extend insert pop remove reverse sort ", " "+name+" ")
	case *Dict:
		return strings.Contains(" clear pop popitem setdefault update ", " "+name+" ")
	}
	return false
}

// subscript is object[key]; false stands for a TypeError or a LookupError.
func (r *renderer) subscript(object, key any) (any, bool) {
	switch o := object.(type) {
	case *undefined:
		o.fail()
	case *Dict:
		if hashable(key) {
			return o.get(r.key(key))
		}
		return nil, false
	case *namespace:
		return o.attrs.get(r.key(key))
	}
	if isBig(key) {
		return nil, false // nothing has as many items
	}
	i, ok := integer(key)
	if !ok {
		return nil, false
	}
	switch o := object.(type) {
	case *List:
		return at(o.Items, i)
	case *tuple:
		return at(o.items, i)
	case *integers:
		if i, ok := index(i, o.len()); ok {
			return o.start + i*o.step, true
		}
	case string:
		return r.character(o, i)
	case markup:
		c, ok := r.character(string(o), i)
		if ok {
			return markup(c.(string)), true
		}
	}
	return nil, false
}

// index turns an index, which counts from the end if it is negative, into a
// place.
func index(i, n int64) (int64, bool) {
	if i < 0 {
		i += n
	}
	return i, i >= 0 && i < n
}

func at(items []any, i int64) (any, bool) {
	i, ok := index(i, int64(len(items)))
	if !ok {
		return nil, false
	}
	return items[i], true
}

func (r *renderer) character(s string, i int64) (any, bool) {
	r.work(len(s) / 64)
	if i < 0 {
		i += int64(utf8.RuneCountInString(s))
	}
	for _, c := range s {
		if i == 0 {
			return string(c), true
		}
		i--
	}
	return nil, false
}

// slice is object[start:stop:step].
func (r *renderer) slice(object any, bounds [3]any) any {
	switch o := object.(type) {
	case *undefined:
		o.fail()
	case string:
		return r.sliceString(o, bounds)
	case markup:
		return markup(r.sliceString(string(o), bounds))
	case *List:
		return &List{r.sliceItems(o.Items, bounds)}
	case *tuple:
		return newTuple(r.sliceItems(o.items, bounds)...)
	case *integers:
		start, stop, step := sliceBounds(bounds, o.len())
		return &integers{o.start + start*o.step, o.start + stop*o.step, o.step * step}
	case *Dict:
		fail(TypeError, "unhashable type: 'slice'")
	}
	fail(TypeError, "'%s' object is not subscriptable", typeName(object))
	return nil
}

func (r *renderer) sliceString(s string, bounds [3]any) string {
	r.work(len(s) / 16)
	r.allocate(5 * len(s))
	runes := []rune(s)
	start, stop, step := sliceBounds(bounds, int64(len(runes)))
	if step == 1 {
		return string(runes[start:max(start, stop)])
	}
	var out []rune
	for i := start; i < stop == (step > 0) && i != stop; i += step {
		out = append(out, runes[i])
	}
	return string(out)
}

func (r *renderer) sliceItems(items []any, bounds [3]any) []any {
	r.items(len(items))
	start, stop, step := sliceBounds(bounds, int64(len(items)))
	var out []any
	for i := start; i < stop == (step > 0) && i != stop; i += step {
		out = append(out, items[i])
	}
	return out
}

// sliceBounds are the places of a slice of n items, by the rules of Python.
func sliceBounds(bounds [3]any, n int64) (start, stop, step int64) {
	step = bound(bounds[2], 1)
	if step == 0 {
		fail(ValueError, "slice step cannot be zero")
	}
	step = max(min(step, n+1), -n-1)
	first, last := int64(0), n
	if step < 0 {
		first, last = n-1, -1
	}
	return clamp(bounds[0], first, n, step), clamp(bounds[1], last, n, step), step
}

func bound(v any, otherwise int64) int64 {
	if v == nil {
		return otherwise
	}
	n, ok := integer(v)
	if !ok {
		fail(TypeError, "slice indices must be integers or None or have an __index__ method")
	}
	return n
}

func clamp(v any, otherwise, n, step int64) int64 {
	if v == nil {
		return otherwise
	}
	i := bound(v, 0)
	if i < 0 {
		i = max(i, -n-1) + n
	}
	if step < 0 {
		return max(min(i, n-1), -1)
	}
	return max(min(i, n), 0)
}

// numberAttribute is an attribute of an int or a float.
func numberAttribute(object any, name string) (any, bool) {
	isInt := typeName(object) == "int" || typeName(object) == "bool"
	switch name {
	case "real", "numerator":
		if isInt {
			n, _ := integer(object)
			return n, true
		}
	case "imag":
		if isInt {
			return int64(0), true
		}
	case "denominator":
		return int64(1), isInt
	case "is_integer":
		if x, ok := object.(float64); ok {
			return newFunction(name, fn("", func(*renderer, []any) any { return x == math.Trunc(x) })), true
		}
	}
	return nil, false
}
