package tokenizer

import (
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a protocol buffer message in wire format.
type field struct {
	number protowire.Number
	kind   protowire.Type
	value  []byte // the encoded value, length prefix included
}

// eachField calls visit for every field of a message, in file order.
func eachField(data []byte, visit func(field) error) error {
	for offset := 0; offset < len(data); {
		number, kind, n := protowire.ConsumeTag(data[offset:])
		if n < 0 {
			return fmt.Errorf("byte %d: bad tag: %w", offset, protowire.ParseError(n))
		}
		size := protowire.ConsumeFieldValue(number, kind, data[offset+n:])
		if size < 0 {
			return fmt.Errorf("byte %d: bad field %d: %w", offset, number, protowire.ParseError(size))
		}
		if err := visit(field{number, kind, data[offset+n : offset+n+size]}); err != nil {
			return err
		}
		offset += n + size
	}
	return nil
}

// want checks the wire type; eachField has checked the encoding of the value.
func (f field) want(kind protowire.Type) error {
	if f.kind != kind {
		return fmt.Errorf("field %d has wire type %d, want %d", f.number, f.kind, kind)
	}
	return nil
}

func (f field) bytes() ([]byte, error) {
	if err := f.want(protowire.BytesType); err != nil {
		return nil, err
	}
	value, _ := protowire.ConsumeBytes(f.value)
	return value, nil
}

// message parses an embedded message; name leads its errors.
func (f field) message(name string, parse func([]byte) error) error {
	data, err := f.bytes()
	if err == nil {
		err = parse(data)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (f field) string(to *string) error {
	data, err := f.bytes()
	if err == nil && !utf8.Valid(data) {
		err = fmt.Errorf("field %d: %q is not UTF-8", f.number, data)
	}
	*to = string(data)
	return err
}

// length stores the length of a bytes field.
func (f field) length(to *int) error {
	data, err := f.bytes()
	*to = len(data)
	return err
}

func (f field) varint(to *uint64) error {
	if err := f.want(protowire.VarintType); err != nil {
		return err
	}
	*to, _ = protowire.ConsumeVarint(f.value)
	return nil
}

func (f field) bool(to *bool) error {
	var n uint64
	err := f.varint(&n)
	*to = n != 0
	return err
}

func (f field) enum(to *int32) error {
	var n uint64
	err := f.varint(&n)
	if err == nil && n > math.MaxInt32 {
		err = fmt.Errorf("field %d: %d is not an enum value", f.number, n)
	}
	*to = int32(n)
	return err
}

func (f field) float(to *float32) error {
	if err := f.want(protowire.Fixed32Type); err != nil {
		return err
	}
	bits, _ := protowire.ConsumeFixed32(f.value)
	*to = math.Float32frombits(bits)
	return nil
}
