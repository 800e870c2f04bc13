package constrain

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// annotations are keywords that restrict nothing, and the containers that
// references point into.
var annotations = map[string]bool{
	"$schema": true, "$comment": true, "$anchor": true, "$defs": true, "definitions": true, "$vocabulary": true,
	"title": true, "description": true, "default": true, "examples": true, "deprecated": true,
	"readOnly": true, "writeOnly": true, "discriminator": true,
	"contentEncoding": true, "contentMediaType": true, "contentSchema": true,
}

// keywords are those that restrict values.
var keywords = map[string]func(keyword) error{
	"$id":                  readID,
	"id":                   readID, // its name in draft 4
	"$ref":                 readRef,
	"type":                 readType,
	"enum":                 readEnum,
	"const":                readConst,
	"allOf":                readAllOf,
	"anyOf":                readAnyOf,
	"oneOf":                readOneOf,
	"minimum":              func(k keyword) error { return k.bound(false, true) },
	"exclusiveMinimum":     func(k keyword) error { return k.bound(true, true) },
	"maximum":              func(k keyword) error { return k.bound(false, false) },
	"exclusiveMaximum":     func(k keyword) error { return k.bound(true, false) },
	"multipleOf":           readMultipleOf,
	"minLength":            func(k keyword) error { return k.count(&k.s.text.least) },
	"maxLength":            readMaxLength,
	"pattern":              readPattern,
	"format":               readFormat,
	"minItems":             func(k keyword) error { return k.count(&k.s.array.least) },
	"maxItems":             func(k keyword) error { return k.count(&k.s.array.most) },
	"items":                readItems,
	"prefixItems":          func(k keyword) (err error) { k.s.array.prefix, err = k.schemas(); return err },
	"uniqueItems":          readUniqueItems,
	"minProperties":        func(k keyword) error { return k.count(&k.s.object.least) },
	"maxProperties":        func(k keyword) error { return k.count(&k.s.object.most) },
	"properties":           readProperties,
	"patternProperties":    readPatternProperties,
	"additionalProperties": func(k keyword) (err error) { k.s.object.additional, err = k.p.schema(k.value, k.at); return err },
	"propertyNames":        func(k keyword) (err error) { k.s.object.names, err = k.p.schema(k.value, k.at); return err },
	"required":             func(k keyword) (err error) { k.s.object.required, err = k.strings(); return err },
}

// keyword is one member of a schema.
type keyword struct {
	p     *parser
	s     *schema
	name  string
	value any
	at    string
}

func (k keyword) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %w", where(k.at), fmt.Errorf(format, args...))
}

func (k keyword) str() (string, error) {
	s, ok := k.value.(string)
	if !ok {
		return "", k.errorf("%s wants a string", k.name)
	}
	return s, nil
}

func (k keyword) strings() ([]string, error) {
	list, ok := k.value.([]any)
	out := make([]string, len(list))
	for i := range list {
		var isString bool
		out[i], isString = list[i].(string)
		ok = ok && isString
	}
	if !ok {
		return nil, k.errorf("%s wants an array of strings", k.name)
	}
	return out, nil
}

// count reads a number of characters, items or members.
func (k keyword) count(to *int64) error {
	r, err := k.number()
	if err != nil {
		return err
	}
	if !r.IsInt() || r.Sign() < 0 {
		return k.errorf("%s wants an integer of at least 0", k.name)
	}
	*to = infinite
	if r.Num().IsInt64() {
		*to = min(infinite, r.Num().Int64())
	}
	return nil
}

func (k keyword) number() (*big.Rat, error) {
	n, ok := k.value.(json.Number)
	if !ok {
		return nil, k.errorf("%s wants a number", k.name)
	}
	r, err := parseNumber(n.String())
	if err != nil {
		return nil, k.errorf("%w", err)
	}
	return r, nil
}

// parseNumber reads a JSON number of at most maxDigits digits and zeros.
func parseNumber(text string) (*big.Rat, error) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	shift := 0
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > maxDigits || n < -maxDigits {
			return nil, fmt.Errorf("number %.40s has more than %d digits", text, maxDigits)
		}
		shift = max(n, -n)
	}
	if len(mantissa)+shift > maxDigits {
		return nil, fmt.Errorf("number %.40s has more than %d digits", text, maxDigits)
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("%.40q is not a number", text)
	}
	return r, nil
}

// schemas reads an array of schemas, not empty.
func (k keyword) schemas() ([]*schema, error) {
	list, ok := k.value.([]any)
	if !ok || len(list) == 0 {
		return nil, k.errorf("%s wants an array of schemas", k.name)
	}
	out := make([]*schema, len(list))
	for i, value := range list {
		var err error
		if out[i], err = k.p.schema(value, fmt.Sprintf("%s/%d", k.at, i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// members calls each with the members of an object, sorted by name.
func (k keyword) members(each func(name string, s *schema) error) error {
	m, ok := k.value.(map[string]any)
	if !ok {
		return k.errorf("%s wants an object of schemas", k.name)
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		s, err := k.p.schema(m[name], k.at+"/"+escapePointer(name))
		if err != nil {
			return err
		}
		if err := each(name, s); err != nil {
			return err
		}
	}
	return nil
}

func readID(k keyword) error {
	if k.s.at != "" {
		return k.errorf("%s is supported at the root only", k.name)
	}
	return nil
}

func readRef(k keyword) error {
	ref, err := k.str()
	if err != nil {
		return err
	}
	target, err := k.p.reference(ref)
	if err != nil {
		return k.errorf("%w", err)
	}
	k.s.all = append(k.s.all, target)
	return nil
}

var typeKinds = map[string]kinds{
	"null": kindNull, "boolean": kindFalse | kindTrue, "number": kindNumber, "integer": kindNumber,
	"string": kindString, "array": kindArray, "object": kindObject,
}

func readType(k keyword) error {
	if name, ok := k.value.(string); ok {
		k.value = []any{name}
	}
	names, err := k.strings()
	if err != nil || len(names) == 0 {
		return k.errorf("type wants the name of a type or an array of them")
	}
	k.s.kinds = 0
	for _, name := range names {
		kind, ok := typeKinds[name]
		if !ok {
			return k.errorf("type %q is not one of JSON Schema", name)
		}
		k.s.kinds |= kind
	}
	if slices.Contains(names, "integer") && !slices.Contains(names, "number") {
		k.s.number.narrow(numbers{step: big.NewRat(1, 1)})
	}
	return nil
}

func readAllOf(k keyword) error {
	list, err := k.schemas()
	k.s.all = append(k.s.all, list...)
	return err
}

func readAnyOf(k keyword) error {
	list, err := k.schemas()
	k.s.choices = append(k.s.choices, choice{k.at, list, false})
	return err
}

func readOneOf(k keyword) error {
	list, err := k.schemas()
	if len(list) > maxBranches {
		return k.errorf("oneOf has %d branches, at most %d are supported", len(list), maxBranches)
	}
	k.s.choices = append(k.s.choices, choice{k.at, list, true})
	return err
}

// bound reads a bound of numbers.
func (k keyword) bound(open, low bool) error {
	r, err := k.number()
	if err != nil {
		return err
	}
	if low {
		k.s.number.narrow(numbers{lo: r, loOpen: open})
	} else {
		k.s.number.narrow(numbers{hi: r, hiOpen: open})
	}
	return nil
}

func readMultipleOf(k keyword) error {
	r, err := k.number()
	if err != nil {
		return err
	}
	if r.Sign() <= 0 {
		return k.errorf("multipleOf wants a number above 0")
	}
	k.s.number.narrow(numbers{step: r})
	return nil
}

func readMaxLength(k keyword) error {
	most := int64(-1)
	err := k.count(&most)
	k.s.text.most = least(k.s.text.most, most)
	return err
}

func readPattern(k keyword) error {
	source, err := k.str()
	if err != nil {
		return err
	}
	return k.addPattern(source)
}

func (k keyword) addPattern(source string) error {
	d, err := k.p.pattern(source)
	if err != nil {
		return k.errorf("%w", err)
	}
	k.s.text.parts = append(k.s.text.parts, d)
	return nil
}

func readFormat(k keyword) error {
	name, err := k.str()
	if err != nil {
		return err
	}
	f, ok := formats[name]
	if !ok {
		return k.errorf("format %q is not supported", name)
	}
	k.s.text.most = least(k.s.text.most, f.most)
	for _, source := range f.sources {
		if err := k.addPattern("^(?:" + source + ")$"); err != nil {
			return err
		}
	}
	return nil
}

func readItems(k keyword) (err error) {
	if _, ok := k.value.([]any); ok {
		return k.errorf("items as an array is not supported; its name since 2020-12 is prefixItems")
	}
	k.s.array.items, err = k.p.schema(k.value, k.at)
	return err
}

func readUniqueItems(k keyword) error {
	unique, ok := k.value.(bool)
	switch {
	case !ok:
		return k.errorf("uniqueItems wants a boolean")
	case unique:
		return k.errorf("keyword %q is not supported", k.name)
	}
	return nil
}

func readProperties(k keyword) error {
	k.s.object.properties = map[string]*schema{}
	return k.members(func(name string, s *schema) error {
		k.s.object.properties[name] = s
		return nil
	})
}

func readPatternProperties(k keyword) error {
	return k.members(func(source string, s *schema) error {
		d, err := k.p.pattern(source)
		if err != nil {
			return k.errorf("%w", err)
		}
		k.s.object.patterns = append(k.s.object.patterns, patternProperty{d, s})
		return nil
	})
}
