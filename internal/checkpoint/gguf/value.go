package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Ids of the metadata types that need a name; scalars has all of fixed size.
const (
	typeU32    = 4
	typeI32    = 5
	typeF32    = 6
	typeBool   = 7
	typeString = 8
	typeArray  = 9
)

// scalar decodes metadata values of one fixed size.
type scalar struct {
	name  string
	size  uint64
	value func(b []byte) (any, error)        // one value
	array func(b []byte, n int) (any, error) // n of them, as a typed slice
}

// scalars maps the ids of fixed-size metadata types to their decoders.
var scalars = [...]scalar{
	0:  scalarOf("u8", 1, func(b []byte) (uint8, error) { return b[0], nil }),
	1:  scalarOf("i8", 1, func(b []byte) (int8, error) { return int8(b[0]), nil }),
	2:  scalarOf("u16", 2, func(b []byte) (uint16, error) { return binary.LittleEndian.Uint16(b), nil }),
	3:  scalarOf("i16", 2, func(b []byte) (int16, error) { return int16(binary.LittleEndian.Uint16(b)), nil }),
	4:  scalarOf("u32", 4, func(b []byte) (uint32, error) { return binary.LittleEndian.Uint32(b), nil }),
	5:  scalarOf("i32", 4, func(b []byte) (int32, error) { return int32(binary.LittleEndian.Uint32(b)), nil }),
	6:  scalarOf("f32", 4, func(b []byte) (float32, error) { return math.Float32frombits(binary.LittleEndian.Uint32(b)), nil }),
	7:  scalarOf("bool", 1, boolean),
	10: scalarOf("u64", 8, func(b []byte) (uint64, error) { return binary.LittleEndian.Uint64(b), nil }),
	11: scalarOf("i64", 8, func(b []byte) (int64, error) { return int64(binary.LittleEndian.Uint64(b)), nil }),
	12: scalarOf("f64", 8, func(b []byte) (float64, error) { return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil }),
}

func boolean(b []byte) (bool, error) {
	if b[0] > 1 {
		return false, fmt.Errorf("bool is %d, not 0 or 1", b[0])
	}
	return b[0] == 1, nil
}

func scalarOf[T any](name string, size uint64, get func([]byte) (T, error)) scalar {
	return scalar{
		name: name, size: size,
		value: func(b []byte) (any, error) { return get(b) },
		array: func(b []byte, n int) (any, error) { return slice(b, n, int(size), get) },
	}
}

func slice[T any](b []byte, n, size int, get func([]byte) (T, error)) ([]T, error) {
	values := make([]T, n)
	for i := range values {
		v, err := get(b[i*size:])
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		values[i] = v
	}
	return values, nil
}

// value reads one metadata value of the type with the given id.
func (c *cursor) value(id uint32, what string) any {
	switch {
	case c.err != nil:
		return nil
	case id == typeString:
		return c.str(what)
	case id == typeArray:
		return c.array(what)
	case uint64(id) >= uint64(len(scalars)):
		c.fail("%s: metadata type %d does not exist", what, id)
		return nil
	}
	return c.decode(what, scalars[id].size, scalars[id].value)
}

// decode reads n bytes and decodes them.
func (c *cursor) decode(what string, n uint64, get func([]byte) (any, error)) any {
	b := c.bytes(n, what)
	if c.err != nil {
		return nil
	}
	v, err := get(b)
	if err != nil {
		c.fail("%s: %w", what, err)
	}
	return v
}

func (c *cursor) array(what string) any {
	id := c.u32(what)
	n := c.u64(what)
	switch {
	case c.err != nil:
		return nil
	case n > maxLength:
		c.fail("%s: array of %d elements, more than %d", what, n, maxLength)
		return nil
	case id == typeString:
		return c.strings(n, what)
	case id == typeArray:
		c.fail("%s: array of arrays", what)
		return nil
	case uint64(id) >= uint64(len(scalars)):
		c.fail("%s: array of metadata type %d, which does not exist", what, id)
		return nil
	}
	s := scalars[id]
	return c.decode(what, n*s.size, func(b []byte) (any, error) { return s.array(b, int(n)) })
}

func (c *cursor) strings(n uint64, what string) any {
	if n > c.remaining()/8 {
		c.fail("%s: %d strings do not fit the remaining %d bytes", what, n, c.remaining())
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = c.str(what)
	}
	if c.err != nil {
		return nil
	}
	return list
}
