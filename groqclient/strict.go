package groqclient

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxSchemaDepth bounds the nesting of a schema that is checked.
const maxSchemaDepth = 64

// CheckStrict checks a JSON Schema against the rules of strict structured
// outputs (https://console.groq.com/docs/structured-outputs): the root is an
// object; every object lists all its properties as required and allows no
// others; every schema has a known type, an enum, a const, anyOf or a $ref; arrays
// have items; references stay within the document. The error names the place.
func CheckStrict(schema json.RawMessage) error {
	var root map[string]json.RawMessage
	if err := json.Unmarshal(schema, &root); err != nil {
		return fmt.Errorf("groqclient: strict schema: not a JSON object: %w", err)
	}
	if kind := typesOf(root["type"]); !slices.Equal(kind, []string{"object"}) {
		return fmt.Errorf("groqclient: strict schema: the root must be of type object")
	}
	c := strictCheck{root: schema}
	if err := c.check(schema, "#", 0); err != nil {
		return fmt.Errorf("groqclient: strict schema: %w", err)
	}
	return nil
}

// strictCheck walks one document.
type strictCheck struct {
	root json.RawMessage
}

// strictSchema has the keywords that the rules are about.
type strictSchema struct {
	Type       json.RawMessage            `json:"type"`
	Properties map[string]json.RawMessage `json:"properties"`
	Required   []string                   `json:"required"`
	Additional json.RawMessage            `json:"additionalProperties"`
	Items      json.RawMessage            `json:"items"`
	AnyOf      []json.RawMessage          `json:"anyOf"`
	AllOf      json.RawMessage            `json:"allOf"`
	OneOf      json.RawMessage            `json:"oneOf"`
	Not        json.RawMessage            `json:"not"`
	Enum       *[]json.RawMessage         `json:"enum"`
	Const      json.RawMessage            `json:"const"`
	Ref        string                     `json:"$ref"`
	Defs       map[string]json.RawMessage `json:"$defs"`
	Definition map[string]json.RawMessage `json:"definitions"`
}

// check walks the schema at a place, a JSON pointer.
func (c *strictCheck) check(raw json.RawMessage, at string, depth int) error {
	var s strictSchema
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if depth > maxSchemaDepth {
		return fmt.Errorf("%s: nested deeper than %d", at, maxSchemaDepth)
	}
	if err := c.checkKeywords(&s, at); err != nil {
		return err
	}
	for _, kind := range typesOf(s.Type) {
		if err := checkType(kind, &s, at); err != nil {
			return err
		}
	}
	return c.checkChildren(&s, at, depth+1)
}

// checkKeywords checks what holds for every schema.
func (c *strictCheck) checkKeywords(s *strictSchema, at string) error {
	switch {
	case s.AllOf != nil || s.OneOf != nil || s.Not != nil:
		return fmt.Errorf("%s: allOf, oneOf and not are not supported", at)
	case s.Enum != nil && len(*s.Enum) == 0:
		return fmt.Errorf("%s: enum without values", at)
	case s.Ref != "":
		return c.checkRef(s.Ref, at)
	case s.Type != nil && len(typesOf(s.Type)) == 0:
		return fmt.Errorf("%s: type is neither a name nor a list of names", at)
	case s.Type == nil && s.AnyOf == nil && s.Enum == nil && s.Const == nil:
		return fmt.Errorf("%s: no type", at)
	}
	return nil
}

// checkRef resolves a reference within the document.
func (c *strictCheck) checkRef(ref, at string) error {
	if ref == "#" {
		return nil
	}
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return fmt.Errorf("%s: $ref %q leaves the document", at, ref)
	}
	here := c.root
	for _, name := range strings.Split(path, "/") {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		var o map[string]json.RawMessage
		if json.Unmarshal(here, &o) != nil || o[name] == nil {
			return fmt.Errorf("%s: $ref %q points to nothing", at, ref)
		}
		here = o[name]
	}
	return nil
}

// checkType checks what a type demands.
func checkType(kind string, s *strictSchema, at string) error {
	switch kind {
	case "string", "number", "integer", "boolean", "null":
		return nil
	case "array":
		if s.Items == nil {
			return fmt.Errorf("%s: array without items", at)
		}
		return nil
	case "object":
		return checkObject(s, at)
	}
	return fmt.Errorf("%s: unknown type %q", at, kind)
}

func checkObject(s *strictSchema, at string) error {
	if string(s.Additional) != "false" {
		return fmt.Errorf("%s: additionalProperties must be false", at)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(s.Required, name) {
			return fmt.Errorf("%s: property %q must be in required (let it be null if it may be missing)", at, name)
		}
	}
	for _, name := range s.Required {
		if s.Properties[name] == nil {
			return fmt.Errorf("%s: required %q is not a property", at, name)
		}
	}
	return nil
}

// checkChildren walks the schemas inside s.
func (c *strictCheck) checkChildren(s *strictSchema, at string, depth int) error {
	for _, group := range []struct {
		name    string
		schemas map[string]json.RawMessage
	}{{"properties", s.Properties}, {"$defs", s.Defs}, {"definitions", s.Definition}} {
		for _, name := range slices.Sorted(maps.Keys(group.schemas)) {
			if err := c.check(group.schemas[name], at+"/"+group.name+"/"+name, depth); err != nil {
				return err
			}
		}
	}
	for i, schema := range s.AnyOf {
		if err := c.check(schema, fmt.Sprintf("%s/anyOf/%d", at, i), depth); err != nil {
			return err
		}
	}
	if s.Items == nil {
		return nil
	}
	return c.check(s.Items, at+"/items", depth)
}

// typesOf reads the value of "type": one name or a list.
func typesOf(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil {
		return nil
	}
	return many
}

// apiName is what functions and schemas may be called.
var apiName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// checkStrict checks the names and the strict schemas that a request carries.
func (r *ChatRequest) checkStrict() error {
	if f := r.ResponseFormat; f != nil && f.JSONSchema != nil {
		if err := checkNamed("response format", f.JSONSchema.Name, f.JSONSchema.Schema, f.JSONSchema.Strict); err != nil {
			return err
		}
	}
	for _, t := range r.Tools {
		if t.Function == nil {
			continue
		}
		if err := checkNamed("function", t.Function.Name, t.Function.Parameters, t.Function.Strict); err != nil {
			return err
		}
	}
	return nil
}

func checkNamed(what, name string, schema json.RawMessage, strict Opt[bool]) error {
	if !apiName.MatchString(name) {
		return fmt.Errorf("groqclient: %s name %q: want 1 to 64 of a-z A-Z 0-9 _ -", what, name)
	}
	if !strict.Or(false) {
		return nil
	}
	if err := CheckStrict(schema); err != nil {
		return fmt.Errorf("%s %q: %w", what, name, err)
	}
	return nil
}
