package groqclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:generate go run gen.go

// Extra holds the JSON fields of an object that its Go struct has no field
// for. Those of a reply are kept there; those put there are sent.
type Extra map[string]json.RawMessage

// add puts the fields of more in, in place of those of the same name.
func (e *Extra) add(more Extra) {
	if *e == nil && len(more) > 0 {
		*e = Extra{}
	}
	maps.Copy(*e, more)
}

// marshal is json.Marshal without the escaping of <, > and &, which the API
// does not need and which makes prompts longer.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decodeObject decodes data into plain, a pointer to a struct without an
// UnmarshalJSON method, and collects the fields other than those it has. Names
// are compared as encoding/json does, without regard to case.
func decodeObject(data []byte, plain any, extra *Extra, has ...string) error {
	if err := json.Unmarshal(data, plain); err != nil {
		return plainError(err)
	}
	eachField(data, func(key, value []byte) {
		if slices.ContainsFunc(has, func(name string) bool { return strings.EqualFold(name, string(key)) }) {
			return
		}
		if *extra == nil {
			*extra = Extra{}
		}
		(*extra)[unquote(key)] = bytes.Clone(value)
	})
	return nil
}

// plainError says what does not fit without naming types of this package.
func plainError(err error) error {
	var m *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &m):
		return err
	case m.Field == "":
		return fmt.Errorf("JSON %s where an object is expected", m.Value)
	}
	return fmt.Errorf("JSON %s in field %q", m.Value, m.Field)
}

// encodeObject encodes plain, a struct without a MarshalJSON method, followed
// by the extra fields in order of their names. A field of the struct that is
// present wins over an extra one of the same name.
func encodeObject(plain any, extra Extra) ([]byte, error) {
	data, err := marshal(plain)
	if err != nil || len(extra) == 0 {
		return data, err
	}
	sent := map[string]bool{}
	eachField(data, func(key, _ []byte) { sent[unquote(key)] = true })
	data = bytes.TrimSuffix(data, []byte("}"))
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if sent[name] {
			continue
		}
		if !json.Valid(extra[name]) {
			return nil, fmt.Errorf("extra field %q is not valid JSON", name)
		}
		data = appendField(data, name, extra[name])
	}
	return append(data, '}'), nil
}

// appendField appends a member to an object that is still open.
func appendField(object []byte, name string, value []byte) []byte {
	if len(object) > 1 {
		object = append(object, ',')
	}
	key, _ := json.Marshal(name) // a string always marshals
	object = append(append(object, key...), ':')
	return append(object, value...)
}

// eachField calls f for the members of a JSON object that is known to be
// valid, with the key as it is between its quotes. Other values have no members.
func eachField(object []byte, f func(key, value []byte)) {
	s := bytes.TrimSpace(object)
	if len(s) == 0 || s[0] != '{' {
		return
	}
	for s = skipSpace(s[1:]); len(s) > 0 && s[0] == '"'; {
		n := valueLen(s)
		key := s[1 : n-1]
		s = skipSpace(s[n:])
		s = skipSpace(s[1:]) // the colon
		n = valueLen(s)
		f(key, s[:n])
		if s = skipSpace(s[n:]); len(s) > 0 && s[0] == ',' {
			s = skipSpace(s[1:])
		}
	}
}

func skipSpace(s []byte) []byte { return bytes.TrimLeft(s, " \t\r\n") }

// valueLen is the length of the valid JSON value at the start of s.
func valueLen(s []byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i += stringEnd(s[i+1:])
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return i // the end of what holds a bare value
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s)
}

// stringEnd is the offset just past the closing quote of the string whose
// inside starts s, less one for the opening quote that the caller stands on.
func stringEnd(s []byte) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// unquote decodes a key; one without escapes and bad bytes is itself.
func unquote(key []byte) string {
	if !bytes.ContainsRune(key, '\\') && utf8.Valid(key) {
		return string(key)
	}
	var s string
	if json.Unmarshal(slices.Concat([]byte{'"'}, key, []byte{'"'}), &s) != nil {
		return string(key)
	}
	return s
}

// Loose is a string for which servers send other types too: a number or an
// object is kept as its JSON text, null as "".
type Loose string

// UnmarshalJSON reads any JSON value.
func (l *Loose) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		s = string(data)
	}
	*l = Loose(s)
	return nil
}
