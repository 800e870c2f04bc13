package ir

import (
	"fmt"
	"strconv"
)

// Attr is a named constant of a node: an int64, a float64 or a string.
type Attr struct {
	Name  string
	Value any
}

// AttrSpec declares an attribute of an operation.
type AttrSpec struct {
	Name string
	Like any // the zero value of the attribute's Go type: int64, float64 or string
	Doc  string
	// Optional attributes are left out when they have the zero value, which
	// means without: a node has one text.
	Optional bool
}

// Attrs are the attributes of a node in the order of the operation's specs.
type Attrs []Attr

func (a Attrs) find(name string) any {
	for _, attr := range a {
		if attr.Name == name {
			return attr.Value
		}
	}
	return nil
}

// Int is the integer attribute of that name, 0 if there is none.
func (a Attrs) Int(name string) int {
	v, _ := a.find(name).(int64)
	return int(v)
}

// Float is the floating-point attribute of that name, 0 if there is none.
func (a Attrs) Float(name string) float64 {
	v, _ := a.find(name).(float64)
	return v
}

// Str is the string attribute of that name, "" if there is none.
func (a Attrs) Str(name string) string {
	v, _ := a.find(name).(string)
	return v
}

// with is a with one more attribute, unless its value is zero.
func (a Attrs) with(name string, value any) Attrs {
	if value == int64(0) || value == 0.0 {
		return a
	}
	return append(a, Attr{name, value})
}

// check reports the first attribute that is missing, unknown, out of order or
// of another type.
func (a Attrs) check(specs []AttrSpec) error {
	i := 0
	for _, spec := range specs {
		present := i < len(a) && a[i].Name == spec.Name
		switch {
		case present:
			if err := spec.check(a[i].Value); err != nil {
				return err
			}
			i++
		case spec.Optional:
		case i < len(a):
			return fmt.Errorf("attribute %d is %q, want %q", i, a[i].Name, spec.Name)
		default:
			return fmt.Errorf("attribute %q is missing", spec.Name)
		}
	}
	if i < len(a) {
		return fmt.Errorf("attribute %d is %q, which is unknown or out of order", i, a[i].Name)
	}
	return nil
}

func (s AttrSpec) check(v any) error {
	if got, want := fmt.Sprintf("%T", v), fmt.Sprintf("%T", s.Like); got != want {
		return fmt.Errorf("attribute %q is %s, want %s", s.Name, got, want)
	}
	if s.Optional && v == s.Like {
		return fmt.Errorf("attribute %q is %v: leave it out", s.Name, formatAttr(v))
	}
	return nil
}

// formatAttr prints a value so that the parser gives it back: floats always
// carry a point, an exponent or a name, strings are quoted.
func formatAttr(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if _, err := strconv.ParseInt(s, 10, 64); err == nil {
			s += ".0"
		}
		return s
	default:
		return fmt.Sprint(v)
	}
}

// parseNumber is the inverse of formatAttr for numbers.
func parseNumber(s string) (any, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f-f != 0 {
		return nil, fmt.Errorf("%q is not a finite number", s)
	}
	return f, nil
}
