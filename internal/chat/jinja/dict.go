package jinja

import (
	"iter"
	"math"
	"strconv"
	"strings"
)

// Dict is a dictionary that keeps the order of its keys, as Python's does.
type Dict struct {
	keys   []any
	values []any
	index  map[any]int
}

// Len is the number of keys.
func (d *Dict) Len() int { return len(d.keys) }

// Get returns the value of a string key.
func (d *Dict) Get(key string) (any, bool) { return d.get(key) }

// Set gives a string key a value: nil, bool, int64, float64, string, *List or
// *Dict. A new key comes last.
func (d *Dict) Set(key string, value any) { d.set(key, value) }

func (d *Dict) get(key any) (any, bool) {
	i, ok := d.index[hash(key)]
	if !ok {
		return nil, false
	}
	return d.values[i], true
}

func (d *Dict) set(key, value any) {
	h := hash(key)
	if i, ok := d.index[h]; ok {
		d.values[i] = value
		return
	}
	if d.index == nil {
		d.index = map[any]int{}
	}
	d.index[h] = len(d.keys)
	d.keys = append(d.keys, key)
	d.values = append(d.values, value)
}

// items are the pairs of the dictionary.
func (d *Dict) items() []any {
	pairs := make([]any, len(d.keys))
	for i, k := range d.keys {
		pairs[i] = newTuple(k, d.values[i])
	}
	return pairs
}

// Keys of the index that stand for values which Go cannot compare.
type (
	noneKey  struct{}
	tupleKey string
)

// hash is equal for keys that are equal in Python.
func hash(key any) any {
	switch k := key.(type) {
	case nil:
		return noneKey{}
	case markup:
		return string(k)
	case bool:
		n, _ := integer(k)
		return n
	case float64:
		if k == math.Trunc(k) && math.Abs(k) < 1<<63 {
			return int64(k)
		}
	case *tuple:
		hashable(k)
		return tupleKey(tupleHash(k))
	case *List, *Dict, *namespace:
		fail(TypeError, "unhashable type: '%s'", typeName(key))
	}
	return key
}

// maxKey is how many items a tuple that is a key may have, with those of the
// tuples in it.
const maxKey = 64

// hashable reports whether a value can be a key. It fails for a tuple that is
// too large.
func hashable(key any) bool {
	left := maxKey
	return hashableWithin(key, &left)
}

func hashableWithin(key any, left *int) bool {
	if *left--; *left < 0 {
		fail(LimitError, "a tuple that is a key has more than %d items", maxKey)
	}
	switch k := key.(type) {
	case *List, *Dict, *namespace, *undefined:
		return false
	case *tuple:
		for _, item := range k.items {
			if !hashableWithin(item, left) {
				return false
			}
		}
	}
	return true
}

// key counts the hashing of a key and returns it.
func (r *renderer) key(k any) any {
	if s, ok := stringOf(k); ok {
		r.read(s, block)
	}
	if t, ok := k.(*tuple); ok && hashable(t) {
		r.countTuple(t)
	}
	return k
}

// countTuple counts the hashing of a tuple, whose strings are quoted.
func (r *renderer) countTuple(t *tuple) {
	r.work(2 * len(t.items))
	for _, item := range t.items {
		switch k := item.(type) {
		case string:
			r.read(k, 4)
			r.allocate(4 * len(k))
		case markup:
			r.read(string(k), 4)
			r.allocate(4 * len(k))
		case *tuple:
			r.countTuple(k)
		}
	}
}

func tupleHash(t *tuple) string {
	var b strings.Builder
	for _, item := range t.items {
		switch h := hash(item).(type) {
		case string:
			b.WriteString(strconv.Quote(h))
		case int64:
			b.WriteString(strconv.FormatInt(h, 10))
		case float64:
			b.WriteString(floatString(h))
		case noneKey:
			b.WriteByte('n')
		case tupleKey:
			b.WriteString("(" + string(h) + ")")
		default:
			fail(Unsupported, "a %s in a tuple as a key is not supported", typeName(item))
		}
		b.WriteByte(',')
	}
	return b.String()
}

// All gives the string keys and their values, in order.
func (d *Dict) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i, k := range d.keys {
			if name, ok := k.(string); ok && !yield(name, d.values[i]) {
				return
			}
		}
	}
}
