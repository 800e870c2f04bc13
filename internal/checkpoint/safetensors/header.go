package safetensors

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// Limits, far above what checkpoints have, that bound the memory a hostile
// header can take.
const (
	maxEntries = 1 << 18 // tensors, and as many keys of metadata
	maxRank    = 16
)

// header is the JSON before the tensors.
type header struct {
	metadata map[string]string
	entries  []entry
}

// entry describes one tensor.
type entry struct {
	name       string
	typ        *quant.Type
	shape      []int
	begin, end uint64 // from the end of the header
}

// parseHeader parses JSON strictly: duplicate keys, other cases of the known
// keys, missing ones, and values of other types are errors. Unknown keys of a
// tensor are ignored, as the reference does.
func parseHeader(text []byte) (*header, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	h := &header{}
	err := object(dec, func(key string) (err error) {
		if key == "__metadata__" {
			h.metadata, err = readMetadata(dec)
			return err
		}
		e, err := readEntry(dec, key)
		if err == nil && len(h.entries) == maxEntries {
			err = fmt.Errorf("more than %d tensors", maxEntries)
		}
		h.entries = append(h.entries, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return nil, fmt.Errorf("something follows the JSON object")
	}
	return h, nil
}

// object reads an object, calling value for each key to read what follows it.
func object(dec *jsontext.Decoder, value func(key string) error) error {
	if err := expect(dec, '{', "an object"); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		key, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := value(key.String()); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// expect reads a token of the given kind.
func expect(dec *jsontext.Decoder, kind jsontext.Kind, what string) error {
	token, err := dec.ReadToken()
	if err == nil && token.Kind() != kind {
		err = fmt.Errorf("%s is not %s", dec.StackPointer(), what)
	}
	return err
}

// readMetadata reads the free-form strings; null stands for none.
func readMetadata(dec *jsontext.Decoder) (map[string]string, error) {
	if dec.PeekKind() == 'n' {
		return nil, dec.SkipValue()
	}
	metadata := map[string]string{}
	err := object(dec, func(key string) error {
		value, err := text(dec)
		if err == nil && len(metadata) == maxEntries {
			err = fmt.Errorf("more than %d keys of metadata", maxEntries)
		}
		metadata[key] = value
		return err
	})
	return metadata, err
}

func readEntry(dec *jsontext.Decoder, name string) (entry, error) {
	e := entry{name: name}
	var offsets []int
	err := object(dec, func(key string) (err error) {
		switch key {
		case "dtype":
			e.typ, err = readDtype(dec)
		case "shape":
			e.shape, err = integers(dec, maxRank)
		case "data_offsets":
			offsets, err = integers(dec, 2)
		default:
			err = dec.SkipValue()
		}
		return err
	})
	switch {
	case err != nil:
		return e, err
	case e.typ == nil:
		return e, fmt.Errorf("tensor %q: no dtype", name)
	case e.shape == nil:
		return e, fmt.Errorf("tensor %q: no shape", name)
	case len(offsets) != 2:
		return e, fmt.Errorf("tensor %q: data_offsets are not 2 numbers", name)
	}
	e.begin, e.end = uint64(offsets[0]), uint64(offsets[1])
	return e, nil
}

func readDtype(dec *jsontext.Decoder) (*quant.Type, error) {
	name, err := text(dec)
	if err != nil {
		return nil, err
	}
	typ := dtype(name)
	if typ == nil {
		return nil, fmt.Errorf("%s: dtype %q does not exist", dec.StackPointer(), name)
	}
	return typ, nil
}

func text(dec *jsontext.Decoder) (string, error) {
	token, err := dec.ReadToken()
	if err != nil {
		return "", err
	}
	if token.Kind() != '"' {
		return "", fmt.Errorf("%s is not a string", dec.StackPointer())
	}
	return token.String(), nil
}

// integers reads an array of at most most integers from 0 to 2^63-1. The
// result is not nil.
func integers(dec *jsontext.Decoder, most int) ([]int, error) {
	if err := expect(dec, '[', "an array"); err != nil {
		return nil, err
	}
	list := []int{}
	for dec.PeekKind() != ']' {
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(token.String(), 10, 63)
		if err != nil || token.Kind() != '0' {
			return nil, fmt.Errorf("%s is not an integer from 0 to 2^63-1", dec.StackPointer())
		}
		if len(list) == most {
			return nil, fmt.Errorf("%s: more than %d numbers", dec.StackPointer(), most)
		}
		list = append(list, int(n))
	}
	_, err := dec.ReadToken()
	return list, err
}
