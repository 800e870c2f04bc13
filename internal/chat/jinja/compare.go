package jinja

import (
	"cmp"
	"strings"
)

// compare is left op right of Python.
func (r *renderer) compare(op string, left, right any) bool {
	switch op {
	case "==":
		return r.equal(left, right)
	case "!=":
		return !r.equal(left, right)
	case "in":
		return r.contains(right, left)
	case "not in":
		return !r.contains(right, left)
	}
	order, ordered := r.order(op, left, right)
	if !ordered {
		return false
	}
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// less is left < right.
func (r *renderer) less(left, right any) bool { return r.compare("<", left, right) }

// equal is left == right.
func (r *renderer) equal(left, right any) bool {
	r.enter()
	defer r.leave()
	switch a := left.(type) {
	case nil:
		return right == nil
	case *List:
		b, ok := right.(*List)
		return ok && r.equalItems(a.Items, b.Items)
	case *tuple:
		b, ok := right.(*tuple)
		return ok && r.equalItems(a.items, b.items)
	case *Dict:
		b, ok := right.(*Dict)
		return ok && r.equalDicts(a, b)
	case *integers:
		b, ok := right.(*integers)
		return ok && a.String() == b.String()
	case *undefined:
		_, ok := right.(*undefined)
		return ok
	}
	if a, ok := stringOf(left); ok {
		b, ok := stringOf(right)
		return ok && r.equalText(a, b)
	}
	if isNumber(left) && isNumber(right) {
		order, ordered := r.orderNumbers(left, right)
		return ordered && order == 0
	}
	return left == right
}

func (r *renderer) equalText(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	r.read(a, block)
	return a == b
}

func (r *renderer) equalItems(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !r.equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func (r *renderer) equalDicts(a, b *Dict) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i, k := range a.keys {
		v, ok := b.get(k)
		if !ok || !r.equal(a.values[i], v) {
			return false
		}
	}
	return true
}

// order compares two values of types that Python orders. NaN is not ordered.
func (r *renderer) order(op string, left, right any) (order int, ordered bool) {
	r.enter()
	defer r.leave()
	for _, v := range []any{left, right} {
		if u, ok := v.(*undefined); ok {
			u.fail()
		}
	}
	if a, ok := stringOf(left); ok {
		if b, ok := stringOf(right); ok {
			r.work(min(len(a), len(b)) / block)
			return strings.Compare(a, b), true
		}
	}
	if isNumber(left) && isNumber(right) {
		return r.orderNumbers(left, right)
	}
	switch a := left.(type) {
	case *List:
		if b, ok := right.(*List); ok {
			return r.orderItems(op, a.Items, b.Items)
		}
	case *tuple:
		if b, ok := right.(*tuple); ok {
			return r.orderItems(op, a.items, b.items)
		}
	}
	fail(TypeError, "'%s' not supported between instances of '%s' and '%s'", op, typeName(left), typeName(right))
	return 0, false
}

func (r *renderer) orderItems(op string, a, b []any) (int, bool) {
	for i := range min(len(a), len(b)) {
		if !r.equal(a[i], b[i]) {
			return r.order(op, a[i], b[i])
		}
	}
	return cmp.Compare(len(a), len(b)), true
}

// contains is "v in container".
func (r *renderer) contains(container, v any) bool {
	if s, ok := stringOf(container); ok {
		part, ok := stringOf(v)
		if !ok {
			fail(TypeError, "'in <string>' requires string as left operand, not %s", typeName(v))
		}
		r.work(len(s) / 64)
		return strings.Contains(s, part)
	}
	if d, ok := container.(*Dict); ok {
		_, found := d.get(r.key(v))
		return found
	}
	items, ok := r.iterate(container)
	if !ok {
		fail(TypeError, "argument of type '%s' is not iterable", typeName(container))
	}
	for _, item := range items {
		if r.equal(item, v) {
			return true
		}
	}
	return false
}
