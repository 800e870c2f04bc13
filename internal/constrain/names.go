package constrain

import (
	"errors"
	"maps"
	"slices"
)

// nameBuilder builds the automaton of the names of an object.
type nameBuilder struct {
	c        *compiler
	spec     *objectSpec
	set      []*schema
	declared []string
	required map[string]bool
	known    map[int]int // classes of names that are not declared, by their nodes
}

func (b *nameBuilder) build() error {
	b.declare()
	trie, ends, err := words(b.declared, &b.c.budget)
	if err != nil {
		return within(b.set, err)
	}
	parts := []*dfa{trie}
	for _, s := range b.set {
		for _, p := range s.object.patterns {
			parts = append(parts, p.names)
		}
	}
	allowed, err := b.allowed()
	if err != nil {
		return err
	}
	d, tuples, err := product(append(parts, allowed), false, &b.c.budget)
	if err != nil {
		return within(b.set, err)
	}
	b.spec.names = d
	for q, tuple := range tuples {
		class := -1
		if isAccepted(allowed, tuple[len(parts)]) {
			if class, err = b.classOf(ends, parts, tuple); err != nil {
				return err
			}
		}
		b.spec.class = append(b.spec.class, class)
		d.accept[q] = class >= 0
	}
	d.finish()
	return b.measure()
}

func isAccepted(d *dfa, q int32) bool { return q >= 0 && d.accept[q] }

// declare lists the names that the schemas mention.
func (b *nameBuilder) declare() {
	b.required = map[string]bool{}
	names := map[string]bool{}
	for _, s := range b.set {
		for name := range s.object.properties {
			names[name] = true
		}
		for _, name := range s.object.required {
			names[name], b.required[name] = true, true
		}
	}
	b.declared = slices.Sorted(maps.Keys(names))
	for i, name := range b.declared {
		b.spec.classes = append(b.spec.classes, class{node: -1, bit: i, required: b.required[name]})
	}
}

// allowed returns the automaton of propertyNames.
func (b *nameBuilder) allowed() (*dfa, error) {
	var names []*schema
	for _, s := range b.set {
		if s.object.names != nil {
			names = append(names, s.object.names)
		}
	}
	if names == nil {
		return b.c.any, nil
	}
	allowed := &dfa{edges: [][]edge{nil}, accept: []bool{false}}
	found := 0
	err := b.c.alternatives(names, func(set []*schema) error {
		if kindsOf(set)&kindString == 0 {
			return nil
		}
		if found++; found > 1 {
			return within(b.set, errors.New("propertyNames with several alternatives is not supported"))
		}
		var a alternative
		err := b.c.mergeTexts(&a, set)
		if err != nil {
			return err
		}
		if !a.text.bounded() {
			allowed = a.text.dfa
			return nil
		}
		if allowed, err = a.text.dfa.ofLength(a.text.least, a.text.most, &b.c.budget); err != nil {
			err = within(set, err)
		}
		return err
	})
	return allowed, err
}

// classOf returns the class of the names that end in a state of the product, or
// -1 where there can be none.
func (b *nameBuilder) classOf(ends []int, parts []*dfa, tuple []int32) (int, error) {
	word := -1
	if tuple[0] >= 0 {
		word = ends[tuple[0]]
	}
	schemas := b.members(word, parts, tuple)
	if word < 0 && kindsOf(schemas) == 0 {
		return -1, nil
	}
	n, err := b.c.node(schemas)
	if err != nil {
		return -1, err
	}
	if word >= 0 {
		b.spec.classes[word].node = n
		return word, nil
	}
	i, ok := b.known[n]
	if !ok {
		i = len(b.spec.classes)
		b.known[n] = i
		b.spec.classes = append(b.spec.classes, class{node: n, bit: -1})
	}
	return i, nil
}

// members returns the schemas that hold for the members whose names end in a
// state of the product.
func (b *nameBuilder) members(word int, parts []*dfa, tuple []int32) []*schema {
	var out []*schema
	at := 1
	for _, s := range b.set {
		matches := make([]bool, len(s.object.patterns))
		for i := range matches {
			matches[i] = isAccepted(parts[at], tuple[at])
			at++
		}
		name := ""
		if word >= 0 {
			name = b.declared[word]
		}
		out = append(out, s.object.member(name, word >= 0, matches)...)
	}
	return out
}

// measure computes how far each class is from each state.
func (b *nameBuilder) measure() error {
	o := b.spec
	o.reach = make([][]reach, len(o.class))
	back := o.names.reversed()
	ends := make([][]int32, len(o.classes))
	for q, i := range o.class {
		if i >= 0 {
			ends[i] = append(ends[i], int32(q))
		}
	}
	for i := range o.classes {
		far := distances(back, ends[i], cheapest)
		if err := b.c.budget.spend(0, len(far)); err != nil {
			return within(b.set, err)
		}
		o.classes[i].name = infinite
		for q, bytes := range far {
			o.reach[q] = append(o.reach[q], reach{i, bytes})
		}
		if bytes, ok := far[0]; ok {
			o.classes[i].name = bytes
		}
	}
	return nil
}
