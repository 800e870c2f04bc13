package tokenizer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object whose members are taken one by one, so that those
// left over at the end are unknown. It keeps the first error.
type object struct {
	path    string // of the object in the file, for errors
	names   []string
	members map[string]jsontext.Value
	err     error
}

// parseObject reads the members of a JSON object. With large, names inside of
// its members may occur twice: the reader of the members must see to it.
func parseObject(path string, data []byte, large bool) *object {
	o := &object{path: path, members: make(map[string]jsontext.Value)}
	d := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(large))
	if err := o.read(d); err != nil {
		o.fail(err)
	}
	return o
}

func (o *object) read(d *jsontext.Decoder) error {
	if kind := d.PeekKind(); kind != '{' {
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		return fmt.Errorf("want an object, not %s", kind)
	}
	d.ReadToken()
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		key := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return err
		}
		if _, ok := o.members[key]; ok {
			return fmt.Errorf("%q occurs twice", key)
		}
		o.names = append(o.names, key)
		o.members[key] = value.Clone()
	}
	d.ReadToken()
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("text after the object")
	}
	return nil
}

func (o *object) fail(err error) {
	if o.err == nil {
		o.err = fmt.Errorf("%s: %w", o.path, err)
	}
}

// has reports whether a member is there and not null.
func (o *object) has(name string) bool {
	value, ok := o.members[name]
	return ok && value.Kind() != 'n'
}

// raw takes a member; it is nil when it is absent or null.
func (o *object) raw(name string) jsontext.Value {
	value := o.members[name]
	if !o.has(name) {
		value = nil
	}
	o.ignore(name)
	return value
}

// ignore takes members that change nothing here.
func (o *object) ignore(names ...string) {
	for _, name := range names {
		delete(o.members, name)
	}
}

// member takes a member of type T, or returns absent.
func member[T any](o *object, name string, absent T) T {
	data := o.raw(name)
	if data == nil {
		return absent
	}
	var value T
	if err := json.Unmarshal(data, &value, json.RejectUnknownMembers(true)); err != nil {
		o.fail(fmt.Errorf("%q: %w", name, err))
	}
	return value
}

// needed takes a member that must be there.
func needed[T any](o *object, name string) T {
	if !o.has(name) {
		o.fail(fmt.Errorf("%q is missing", name))
	}
	var zero T
	return member(o, name, zero)
}

// finish returns the first error; a member that nobody took is one.
func (o *object) finish() error {
	for _, name := range o.names {
		if _, ok := o.members[name]; ok {
			o.fail(fmt.Errorf("%q is not known", name))
		}
	}
	return o.err
}

// list takes an array of objects.
func (o *object) list(name string) []jsontext.Value {
	return slices.Clone(needed[[]jsontext.Value](o, name))
}
