package groqclient

import (
	"bytes"
	"encoding/json"
)

// Opt is a JSON value that may be unset (the zero Opt, left out of a request),
// null, or a value, which may be the type's zero value: the API tells the three
// apart.
type Opt[T any] struct {
	value T
	state optState
}

type optState uint8

const (
	optUnset optState = iota
	optNull
	optSet
)

// Set makes an Opt with a value.
func Set[T any](v T) Opt[T] { return Opt[T]{v, optSet} }

// Null makes an Opt that is sent as null.
func Null[T any]() Opt[T] { return Opt[T]{state: optNull} }

// Get returns the value, and whether there is one.
func (o Opt[T]) Get() (T, bool) { return o.value, o.state == optSet }

// Or returns the value, or fallback if there is none.
func (o Opt[T]) Or(fallback T) T {
	if o.state == optSet {
		return o.value
	}
	return fallback
}

// IsNull reports whether the value is an explicit null.
func (o Opt[T]) IsNull() bool { return o.state == optNull }

// IsZero reports whether the value is unset; encoding/json asks it for
// omitzero.
func (o Opt[T]) IsZero() bool { return o.state == optUnset }

// MarshalJSON writes the value or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if o.state != optSet {
		return []byte("null"), nil
	}
	return marshal(o.value)
}

// UnmarshalJSON reads the value or null.
func (o *Opt[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		*o = Null[T]()
		return nil
	}
	if err := json.Unmarshal(data, &o.value); err != nil {
		return err
	}
	o.state = optSet
	return nil
}
