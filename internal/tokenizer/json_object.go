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
	parts   map[string]*object // members that are read as objects at once
	err     error
}

// parseObject reads a JSON object. Of the members named in parts it reads the
// members too, in which names may occur twice: their readers must see to it.
func parseObject(path string, data []byte, parts ...string) *object {
	o := &object{path: path, members: make(map[string]jsontext.Value), parts: make(map[string]*object)}
	r := objectReader{jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(len(parts) > 0)), data}
	err := r.read(o, parts)
	if err == nil {
		if _, err = r.d.ReadToken(); errors.Is(err, io.EOF) {
			return o
		}
		err = errors.New("text after the object")
	}
	o.fail(err)
	return o
}

// objectReader reads objects from data.
type objectReader struct {
	d    *jsontext.Decoder
	data []byte
}

func (r objectReader) read(o *object, parts []string) error {
	switch start, err := r.d.ReadToken(); {
	case err != nil:
		return err
	case start.Kind() != '{':
		return fmt.Errorf("want an object, not %s", start.Kind())
	}
	for r.d.PeekKind() != '}' {
		name, err := r.d.ReadToken()
		if err != nil {
			return err
		}
		if err := r.readMember(o, name.String(), parts); err != nil {
			return err
		}
	}
	_, err := r.d.ReadToken()
	return err
}

func (r objectReader) readMember(o *object, name string, parts []string) error {
	if len(o.names) == maxMembers {
		return fmt.Errorf("more than %d members", maxMembers)
	}
	if slices.Contains(o.names, name) {
		return fmt.Errorf("%q occurs twice", name)
	}
	o.names = append(o.names, name)
	if r.d.PeekKind() == '{' && slices.Contains(parts, name) {
		part := &object{path: name, members: make(map[string]jsontext.Value)}
		o.parts[name] = part
		return r.read(part, nil)
	}
	value, err := r.d.ReadValue()
	end := r.d.InputOffset()
	o.members[name] = r.data[end-int64(len(value)) : end] // value itself is gone with the next read
	return err
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

// part takes a member that readAll has read as an object, nil if it is none.
func (o *object) part(name string) *object {
	part := o.parts[name]
	delete(o.parts, name)
	return part
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
