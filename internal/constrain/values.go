package constrain

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
)

func readConst(k keyword) error { return k.values([]any{k.value}) }

func readEnum(k keyword) error {
	list, ok := k.value.([]any)
	if !ok {
		return k.errorf("enum wants an array")
	}
	return k.values(list)
}

// values adds the choice of values to a schema: one branch for all strings,
// null and booleans, and one for each other value.
func (k keyword) values(list []any) error {
	simple, err := k.p.create(k.at)
	if err != nil {
		return err
	}
	simple.kinds = 0
	branches := []*schema{simple}
	var texts []string
	for _, value := range list {
		switch v := value.(type) {
		case nil:
			simple.kinds |= kindNull
		case bool:
			simple.kinds |= kindOf(v)
		case string:
			texts = append(texts, v)
		default:
			s, err := k.p.equal(v, k.at)
			if err != nil {
				return err
			}
			branches = append(branches, s)
		}
	}
	if len(texts) > 0 {
		if err := simple.oneOfTexts(texts, k.p.budget); err != nil {
			return k.errorf("%w", err)
		}
	}
	k.s.choices = append(k.s.choices, choice{k.at, branches, false})
	return nil
}

func kindOf(b bool) kinds {
	if b {
		return kindTrue
	}
	return kindFalse
}

func (s *schema) oneOfTexts(texts []string, b *budget) error {
	d, _, err := words(texts, b)
	s.kinds |= kindString
	s.text.parts = []*dfa{d}
	return err
}

// equal returns the schema of the values that are equal to v.
func (p *parser) equal(v any, at string) (*schema, error) {
	s, err := p.create(at)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		s.kinds = kindNull
	case bool:
		s.kinds = kindOf(v)
	case string:
		s.kinds = 0
		err = s.oneOfTexts([]string{v}, p.budget)
	case json.Number:
		var r *big.Rat
		r, err = parseNumber(v.String())
		s.kinds, s.number = kindNumber, numbers{lo: r, hi: r}
	case []any:
		err = p.equalArray(s, v)
	case map[string]any:
		err = p.equalObject(s, v)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where(at), err)
	}
	return s, nil
}

func (p *parser) equalArray(s *schema, list []any) error {
	s.kinds = kindArray
	s.array.least, s.array.most = int64(len(list)), int64(len(list))
	for _, item := range list {
		one, err := p.equal(item, s.at)
		if err != nil {
			return err
		}
		s.array.prefix = append(s.array.prefix, one)
	}
	return nil
}

func (p *parser) equalObject(s *schema, members map[string]any) (err error) {
	s.kinds = kindObject
	s.object.properties = map[string]*schema{}
	s.object.required = slices.Sorted(maps.Keys(members))
	for _, name := range s.object.required {
		if s.object.properties[name], err = p.equal(members[name], s.at); err != nil {
			return err
		}
	}
	nothing, err := p.create(s.at)
	if err != nil {
		return err
	}
	nothing.kinds = 0
	s.object.additional = nothing
	return nil
}
