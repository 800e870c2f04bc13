package jinja

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// ParseJSON reads one JSON value as values of this package, in the order of the
// source. Of equal keys the last value counts, as in Python. A number without
// fraction and exponent is an int64; one that does not fit can be printed and
// compared, and nothing else.
func ParseJSON(data []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	v, err := decode(d)
	if err != nil {
		return nil, fmt.Errorf("JSON: %w", err)
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, fmt.Errorf("JSON: more than one value, at byte %d", d.InputOffset())
	}
	return v, nil
}

// decode reads the next value.
func decode(d *jsontext.Decoder) (any, error) {
	t, err := d.ReadToken()
	if err != nil {
		return nil, noEOF(err)
	}
	switch t.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return t.Bool(), nil
	case '"':
		return t.String(), nil
	case '0':
		return decodeNumber(t.String()), nil
	case '[':
		return decodeList(d)
	}
	return decodeDict(d)
}

// noEOF gives the end of the input inside a value its name.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func decodeNumber(s string) any {
	if strings.ContainsAny(s, ".eE") {
		f, _ := strconv.ParseFloat(s, 64) // out of range is infinite, as in Python
		return f
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return bigInteger(s)
	}
	return n
}

func decodeList(d *jsontext.Decoder) (any, error) {
	l := &List{Items: []any{}}
	for d.PeekKind() != ']' {
		v, err := decode(d)
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, v)
	}
	_, err := d.ReadToken()
	return l, noEOF(err)
}

func decodeDict(d *jsontext.Decoder) (any, error) {
	dict := &Dict{}
	for d.PeekKind() != '}' {
		key, err := d.ReadToken()
		if err != nil {
			return nil, noEOF(err)
		}
		name := key.String()
		v, err := decode(d)
		if err != nil {
			return nil, err
		}
		dict.Set(name, v)
	}
	_, err := d.ReadToken()
	return dict, noEOF(err)
}
