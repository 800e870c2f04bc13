package constrain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// parser turns a document into schemas. Each is read once, by its pointer, so
// that references may form cycles.
type parser struct {
	root    any
	anchors map[string]string // pointer of each $anchor
	known   map[string]*schema
	dfas    map[string]*dfa // of each pattern
	pending []pendingSchema
	count   int
	budget  *budget
}

type pendingSchema struct {
	s     *schema
	value any
}

// parse reads a document and every schema that its root reaches.
func parse(data []byte, b *budget) (*schema, error) {
	if len(data) > maxSchemaBytes {
		return nil, fmt.Errorf("%d bytes, at most %d are supported", len(data), maxSchemaBytes)
	}
	if err := wellFormed(data); err != nil {
		return nil, err
	}
	p := &parser{known: map[string]*schema{}, dfas: map[string]*dfa{}, anchors: map[string]string{}, budget: b}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&p.root); err != nil {
		return nil, err
	}
	p.findAnchors(p.root, "")
	root, err := p.schema(p.root, "")
	for err == nil && len(p.pending) > 0 {
		next := p.pending[len(p.pending)-1]
		p.pending = p.pending[:len(p.pending)-1]
		err = p.read(next.s, next.value)
	}
	return root, err
}

// wellFormed reports text that is not one JSON value with names that are unique.
func wellFormed(data []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	if _, err := d.ReadValue(); err != nil {
		return err
	}
	if d.InputOffset() < int64(len(bytes.TrimRight(data, " \t\r\n"))) {
		return errors.New("text after the schema")
	}
	return nil
}

// findAnchors notes where each $anchor stands. It looks everywhere but into
// enum and const; a schema that is not one makes no reference wrong.
func (p *parser) findAnchors(value any, at string) {
	if len(at) > maxPointer {
		return // a schema here is refused
	}
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			p.findAnchors(item, fmt.Sprintf("%s/%d", at, i))
		}
	case map[string]any:
		if name, ok := v["$anchor"].(string); ok {
			p.anchors[name] = at
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if key != "enum" && key != "const" {
				p.findAnchors(v[key], at+"/"+escapePointer(key))
			}
		}
	}
}

func escapePointer(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}

// where names a place of a schema in errors. A long pointer is cut.
func where(at string) string {
	const most = 200
	if len(at) > most {
		at = strings.ToValidUTF8(at[:most/2], "") + "…" + strings.ToValidUTF8(at[len(at)-most/2:], "")
	}
	return "#" + at
}

// schema returns the schema at a pointer, which is read later.
func (p *parser) schema(value any, at string) (*schema, error) {
	if s, ok := p.known[at]; ok {
		return s, nil
	}
	s, err := p.create(at)
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case bool:
		if !v {
			s.kinds = 0
		}
	case map[string]any:
		p.pending = append(p.pending, pendingSchema{s, value})
	default:
		return nil, fmt.Errorf("%s: a schema is an object or a boolean", where(at))
	}
	p.known[at] = s
	return s, nil
}

// create returns a new schema that accepts everything.
func (p *parser) create(at string) (*schema, error) {
	if len(at) > maxPointer {
		return nil, fmt.Errorf("%s: the pointer to this schema has more than %d bytes", where(at), maxPointer)
	}
	if p.count++; p.count > maxSchemas {
		return nil, fmt.Errorf("%s: more than %d schemas and values of enums", where(at), maxSchemas)
	}
	s := &schema{id: p.count, at: at, kinds: allKinds}
	s.text.most, s.array.most, s.object.most = -1, -1, -1
	return s, nil
}

// read fills in a schema from its keywords.
func (p *parser) read(s *schema, value any) error {
	members := value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if annotations[name] {
			continue
		}
		k := keyword{p, s, name, members[name], s.at + "/" + escapePointer(name)}
		read, ok := keywords[name]
		if !ok {
			return k.errorf("keyword %q is not supported", name)
		}
		if err := read(k); err != nil {
			return err
		}
	}
	return nil
}

// pattern returns the automaton of a pattern, which is built once.
func (p *parser) pattern(source string) (*dfa, error) {
	if d, ok := p.dfas[source]; ok {
		return d, nil
	}
	d, err := pattern(source, p.budget)
	if err == nil {
		p.dfas[source] = d
	}
	return d, err
}

// reference resolves a $ref within the document.
func (p *parser) reference(ref string) (*schema, error) {
	fragment, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil, fmt.Errorf("$ref %q leaves the document; only references that begin with # are supported", ref)
	}
	pointer, err := url.PathUnescape(fragment)
	if err != nil {
		return nil, fmt.Errorf("$ref %q: %w", ref, err)
	}
	if pointer != "" && pointer[0] != '/' {
		at, ok := p.anchors[pointer]
		if !ok {
			return nil, fmt.Errorf("$ref %q: no $anchor has this name", ref)
		}
		pointer = at
	}
	value, err := resolve(p.root, pointer)
	if err != nil {
		return nil, fmt.Errorf("$ref %q: %w", ref, err)
	}
	return p.schema(value, pointer)
}

// resolve returns what a JSON pointer points to.
func resolve(value any, pointer string) (any, error) {
	if pointer == "" {
		return value, nil
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		next, ok := child(value, token)
		if !ok {
			return nil, fmt.Errorf("the document has no %q on this path", token)
		}
		value = next
	}
	return value, nil
}

func child(value any, token string) (any, bool) {
	switch v := value.(type) {
	case map[string]any:
		next, ok := v[token]
		return next, ok
	case []any:
		i, err := strconv.Atoi(token)
		if err != nil || i < 0 || i >= len(v) || strconv.Itoa(i) != token {
			return nil, false
		}
		return v[i], true
	}
	return nil, false
}
