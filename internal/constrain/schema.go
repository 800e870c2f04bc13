package constrain

import "math/big"

// kinds is a set of the kinds of JSON values, with true and false apart.
type kinds uint8

const (
	kindNull kinds = 1 << iota
	kindFalse
	kindTrue
	kindNumber
	kindString
	kindArray
	kindObject
	allKinds = kindNull | kindFalse | kindTrue | kindNumber | kindString | kindArray | kindObject
)

// schema is what one schema of a document says by itself. A value is valid if
// it is of one of kinds and keeps what the schema says about that kind, if all
// of all hold, and if one branch of each choice does.
type schema struct {
	id      int
	at      string // JSON pointer
	kinds   kinds
	all     []*schema
	choices []choice

	number numbers
	text   texts
	array  arrays
	object objects
}

// choice is an anyOf, a oneOf or an enum.
type choice struct {
	at       string
	branches []*schema
	one      bool // of a oneOf: no two branches may hold at once
}

// numbers are the numbers of an interval that are multiples of step.
type numbers struct {
	lo, hi         *big.Rat // nil is unbounded
	loOpen, hiOpen bool
	step           *big.Rat // nil is any number
}

// texts are the strings that all of parts accept and that have least to most
// characters.
type texts struct {
	parts       []*dfa
	least, most int64 // most < 0 is unbounded
}

// arrays are the arrays with least to most items, the first ones as in prefix,
// all others as in items.
type arrays struct {
	prefix      []*schema
	items       *schema // nil is anything
	least, most int64   // most < 0 is unbounded
}

// objects are the objects with least to most members, among them required.
type objects struct {
	properties  map[string]*schema
	patterns    []patternProperty
	additional  *schema // nil is anything
	names       *schema // of propertyNames; nil is anything
	required    []string
	least, most int64 // most < 0 is unbounded
}

type patternProperty struct {
	names  *dfa
	schema *schema
}

// member returns the schemas that hold for the member of a name, given which
// patterns match the name.
func (o *objects) member(name string, declared bool, matches []bool) []*schema {
	var out []*schema
	s, known := o.properties[name]
	known = known && declared
	if known {
		out = append(out, s)
	}
	for i, p := range o.patterns {
		if matches[i] {
			known = true
			out = append(out, p.schema)
		}
	}
	if !known && o.additional != nil {
		out = append(out, o.additional)
	}
	return out
}
