package groqclient

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// findRecursive lists the struct types within t that contain themselves, in
// the order in which they are met.
func findRecursive(t reflect.Type) []reflect.Type {
	var found []reflect.Type
	done := map[reflect.Type]bool{}
	var walk func(t reflect.Type, path []reflect.Type)
	walk = func(t reflect.Type, path []reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(t.Elem(), path)
		case reflect.Struct:
			if slices.Contains(path, t) && !slices.Contains(found, t) {
				found = append(found, t)
			}
			if done[t] || t == timeType {
				return
			}
			done[t] = true
			for i := range t.NumField() {
				if t.Field(i).IsExported() || t.Field(i).Anonymous {
					walk(t.Field(i).Type, append(slices.Clone(path), t))
				}
			}
		}
	}
	walk(t, nil)
	return found
}

// uniqueName is name, with a number if another type has it already.
func uniqueName(names map[reflect.Type]string, name string) string {
	taken := map[string]bool{}
	for _, n := range names {
		taken[n] = true
	}
	unique := name
	for i := 2; taken[unique]; i++ {
		unique = fmt.Sprint(name, i)
	}
	return unique
}

// withDefs adds the definitions of the recursive types. The root itself is
// written out, since strict schemas must begin with an object.
func (w *schemaWriter) withDefs(t reflect.Type, root object, recursive []reflect.Type) (json.RawMessage, error) {
	if _, ok := w.names[t]; ok {
		var err error
		if root, err = w.inline(t, t.String()); err != nil {
			return nil, err
		}
	}
	var defs object
	for _, r := range recursive {
		def, err := w.inline(r, r.String())
		if err != nil {
			return nil, err
		}
		defs.set(w.names[r], def.json())
	}
	root.set("$defs", defs.json())
	return root.json(), nil
}
