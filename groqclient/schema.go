package groqclient

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// SchemaOf derives the JSON Schema of a Go type, usually a struct, in the form
// that strict structured outputs demand: every field is required, no others are
// allowed, and a field that may be missing is one that may be null. Names come
// from json tags; fields keep the order of the struct, which is the order in
// which a model fills them in.
//
// Two more tags are read: description:"..." and enum:"a,b,c" (of strings or
// numbers). A pointer may be null. A type that refers to itself becomes a $ref.
// Maps, interfaces, functions and channels have no such schema and are errors.
//
// Embedded structs are flattened as in encoding/json; embedded pointers are
// errors.
func SchemaOf[T any]() (json.RawMessage, error) {
	return schemaOf(reflect.TypeFor[T]())
}

func schemaOf(t reflect.Type) (json.RawMessage, error) {
	w := &schemaWriter{names: map[reflect.Type]string{}}
	recursive := findRecursive(t)
	for _, r := range recursive {
		w.names[r] = uniqueName(w.names, r.Name())
	}
	root, err := w.schema(t, t.String())
	if err != nil || len(recursive) == 0 {
		return root.json(), err
	}
	return w.withDefs(t, root, recursive)
}

// An object is a JSON object in the making: it keeps the order of its members.
type object []byte

func (o *object) set(name string, value any) {
	if *o == nil {
		*o = object("{")
	}
	raw, ok := value.(json.RawMessage)
	if !ok {
		raw, _ = marshal(value) // strings, booleans and lists of strings always marshal
	}
	*o = appendField(*o, name, raw)
}

func (o object) json() json.RawMessage {
	if o == nil {
		return json.RawMessage("{}")
	}
	return json.RawMessage(string(o) + "}")
}

// A schemaWriter derives schemas. names has the types that are written once,
// under $defs, and referred to.
type schemaWriter struct {
	names map[reflect.Type]string
}

// schema is the schema of t, by reference if it has a name.
func (w *schemaWriter) schema(t reflect.Type, at string) (object, error) {
	if name, ok := w.names[t]; ok {
		var o object
		o.set("$ref", "#/$defs/"+name)
		return o, nil
	}
	return w.inline(t, at)
}

var (
	timeType          = reflect.TypeFor[time.Time]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
	jsonMarshalerType = reflect.TypeFor[json.Marshaler]()
)

// inline is the schema of t itself; at names the place in errors.
func (w *schemaWriter) inline(t reflect.Type, at string) (object, error) {
	var o object
	switch kind := t.Kind(); {
	case kind == reflect.Pointer:
		return w.nullable(t.Elem(), at)
	case t == timeType:
		o.set("type", "string")
		o.set("format", "date-time")
	case reflect.PointerTo(t).Implements(jsonMarshalerType):
		return nil, fmt.Errorf("groqclient: schema of %s: %v writes its own JSON, which has no known schema", at, t)
	case reflect.PointerTo(t).Implements(textMarshalerType), kind == reflect.String, t == reflect.TypeFor[[]byte]():
		o.set("type", "string")
	case kind == reflect.Bool:
		o.set("type", "boolean")
	case kind >= reflect.Int && kind <= reflect.Uint64:
		o.set("type", "integer")
	case kind == reflect.Float32 || kind == reflect.Float64:
		o.set("type", "number")
	case kind == reflect.Slice || kind == reflect.Array:
		items, err := w.schema(t.Elem(), at+"[]")
		if err != nil {
			return nil, err
		}
		o.set("type", "array")
		o.set("items", items.json())
	case kind == reflect.Struct:
		return w.structure(t, at)
	default:
		return nil, fmt.Errorf("groqclient: schema of %s: a %v has no strict schema", at, t)
	}
	return o, nil
}

// nullable is the schema of a T or null.
func (w *schemaWriter) nullable(t reflect.Type, at string) (object, error) {
	inner, err := w.schema(t, at)
	if err != nil {
		return nil, err
	}
	var o object
	o.set("anyOf", json.RawMessage("["+string(inner.json())+`,{"type":"null"}]`))
	return o, nil
}

// structure is the schema of a struct.
func (w *schemaWriter) structure(t reflect.Type, at string) (object, error) {
	var properties object
	required := []string{}
	err := eachStructField(t, func(name string, f reflect.StructField) error {
		s, err := w.field(f, at+"."+f.Name)
		if err != nil {
			return err
		}
		properties.set(name, s.json())
		required = append(required, name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var o object
	o.set("type", "object")
	o.set("properties", properties.json())
	o.set("required", required)
	o.set("additionalProperties", false)
	return o, nil
}

// field is the schema of a struct field, with what its tags say.
func (w *schemaWriter) field(f reflect.StructField, at string) (object, error) {
	o, err := w.schema(f.Type, at)
	if err != nil {
		return nil, err
	}
	if text := f.Tag.Get("description"); text != "" {
		o.set("description", text)
	}
	if list := f.Tag.Get("enum"); list != "" {
		if f.Type.Kind() == reflect.Pointer {
			return nil, fmt.Errorf("groqclient: schema of %s: enum and null exclude each other", at)
		}
		values, err := enumValues(f.Type, strings.Split(list, ","))
		if err != nil {
			return nil, fmt.Errorf("groqclient: schema of %s: %w", at, err)
		}
		o.set("enum", values)
	}
	return o, nil
}

// enumValues writes the values of an enum tag as JSON of the field's type.
func enumValues(t reflect.Type, values []string) (json.RawMessage, error) {
	list := []json.RawMessage{}
	for _, v := range values {
		raw := json.RawMessage(v)
		if t.Kind() == reflect.String {
			raw, _ = marshal(v) // a string always marshals
		}
		if err := json.Unmarshal(raw, reflect.New(t).Interface()); err != nil {
			return nil, fmt.Errorf("enum value %q is not a %v", v, t)
		}
		list = append(list, raw)
	}
	return marshal(list)
}

// eachStructField calls f for the fields that encoding/json would write.
func eachStructField(t reflect.Type, f func(name string, field reflect.StructField) error) error {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			if err := eachStructField(field.Type, f); err != nil {
				return err
			}
			continue
		}
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Pointer {
			return fmt.Errorf("groqclient: schema of %v: embedded pointer %s", t, field.Name)
		}
		if !field.IsExported() || field.Tag.Get("json") == "-" {
			continue
		}
		if name == "" {
			name = field.Name
		}
		if err := f(name, field); err != nil {
			return err
		}
	}
	return nil
}
