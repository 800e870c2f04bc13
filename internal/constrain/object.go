package constrain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// objectSpec is a set of objects. Names fall into classes: one for each name
// that the schemas declare or require, and one for each combination of patterns
// that other names match. A declared name comes at most once.
type objectSpec struct {
	names       *dfa
	class       []int     // of the names that end in a state, or -1
	reach       [][]reach // of each state
	classes     []class
	least, most int64 // members; most < 0 is unbounded
	none        string
}

// class is the names whose members have the same schemas.
type class struct {
	node     int
	bit      int // in the set of names that have been seen; -1 is not declared
	required bool
	name     int64 // bytes of the shortest name
}

// reach says how far the nearest name of a class is.
type reach struct {
	class int
	bytes int64
}

// mergeObjects sets the objects that all of a set accept.
func (c *compiler) mergeObjects(a *alternative, set []*schema) error {
	spec := &objectSpec{most: -1}
	a.object = spec
	for _, s := range set {
		spec.least = max(spec.least, s.object.least)
		spec.most = least(spec.most, s.object.most)
	}
	b := nameBuilder{c: c, spec: spec, set: set, known: map[string]int{}}
	if err := b.build(); err != nil {
		return within(set, err)
	}
	spec.none = string(make([]byte, (len(b.declared)+7)/8))
	return spec.countable(set)
}

func within(set []*schema, err error) error { return fmt.Errorf("%s: %w", place(set), err) }

// countable refuses a least number of members that repeated names could fake:
// only declared names are known to differ.
func (o *objectSpec) countable(set []*schema) error {
	required := int64(0)
	open := false
	for _, c := range o.classes {
		open = open || c.bit < 0
		if c.required {
			required++
		}
	}
	if o.least <= required {
		o.least = 0
	}
	if o.least <= 1 || !open {
		return nil
	}
	for _, s := range set {
		if s.object.least == o.least {
			return fmt.Errorf("%s/minProperties: more than 1 and than the required members is supported only where names are declared and no others allowed", where(s.at))
		}
	}
	return nil
}

// nameBuilder builds the automaton of the names of an object.
type nameBuilder struct {
	c        *compiler
	spec     *objectSpec
	set      []*schema
	declared []string
	required map[string]bool
	known    map[string]int // classes of names that are not declared, by their schemas
}

func (b *nameBuilder) build() error {
	b.declare()
	trie, ends, err := words(b.declared, &b.c.budget)
	if err != nil {
		return err
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
	if allowed != nil {
		parts = append(parts, allowed)
	}
	d, tuples, err := product(parts, false, &b.c.budget)
	if err != nil {
		return err
	}
	b.spec.names = d
	for q, tuple := range tuples {
		class := -1
		if allowed == nil || isAccepted(allowed, tuple[len(tuple)-1]) {
			word := -1
			if tuple[0] >= 0 {
				word = ends[tuple[0]]
			}
			if class, err = b.classOf(word, parts, tuple); err != nil {
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

// allowed returns the automaton of propertyNames, or nil.
func (b *nameBuilder) allowed() (*dfa, error) {
	var names []*schema
	for _, s := range b.set {
		if s.object.names != nil {
			names = append(names, s.object.names)
		}
	}
	if names == nil {
		return nil, nil
	}
	allowed := &dfa{edges: [][]edge{nil}, accept: []bool{false}}
	found := 0
	err := b.c.alternatives(names, func(set []*schema) error {
		if kindsOf(set)&kindString == 0 {
			return nil
		}
		if found++; found > 1 {
			return fmt.Errorf("propertyNames with several alternatives is not supported")
		}
		var a alternative
		err := b.c.mergeTexts(&a, set)
		if err == nil && a.text.bounded() {
			allowed, err = ofLength(a.text.least, a.text.most, &b.c.budget)
		} else if err == nil {
			allowed = a.text.dfa
		}
		return err
	})
	return allowed, err
}

// classOf returns the class of the names that end in a state of the product.
func (b *nameBuilder) classOf(word int, parts []*dfa, tuple []int32) (int, error) {
	var schemas []*schema
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
		schemas = append(schemas, s.object.member(name, word >= 0, matches)...)
	}
	n, err := b.c.node(schemas)
	if err != nil || word >= 0 {
		if word >= 0 {
			b.spec.classes[word].node = n
		}
		return word, err
	}
	key := setKey(canonical(schemas))
	if i, ok := b.known[key]; ok {
		return i, nil
	}
	if kindsOf(schemas) == 0 {
		return -1, nil
	}
	b.known[key] = len(b.spec.classes)
	b.spec.classes = append(b.spec.classes, class{node: n, bit: -1})
	return b.known[key], nil
}

// measure computes how far each class is from each state.
func (b *nameBuilder) measure() error {
	o := b.spec
	o.reach = make([][]reach, len(o.class))
	back := make([][]edge, len(o.class))
	for q, edges := range o.names.edges {
		for _, e := range edges {
			back[e.to] = append(back[e.to], edge{e.lo, e.hi, int32(q)})
		}
	}
	for i := range o.classes {
		if err := b.c.budget.spend(0, len(back)); err != nil {
			return err
		}
		targets := make([]bool, len(back))
		for q, class := range o.class {
			targets[q] = class == i
		}
		far := distances(back, targets)
		o.classes[i].name = far[0]
		for q, bytes := range far {
			if bytes < infinite {
				o.reach[q] = append(o.reach[q], reach{i, bytes})
			}
		}
	}
	return nil
}

// seen reports whether a class has a name that has come.
func (o *objectSpec) seen(set string, i int) bool {
	bit := o.classes[i].bit
	return bit >= 0 && set[bit/8]>>(bit%8)&1 != 0
}

// with returns a set with the name of a class.
func (o *objectSpec) with(set string, i int) string {
	bit := o.classes[i].bit
	if bit < 0 {
		return set
	}
	b := []byte(set)
	b[bit/8] |= 1 << (bit % 8)
	return string(b)
}

// counted returns how a number of members is kept in a state.
func (o *objectSpec) counted(n int64) int64 {
	if o.most < 0 {
		return min(n, o.least)
	}
	return n
}

// member returns the fewest bytes of a member of a class, with a comma.
func (o *objectSpec) member(g *Grammar, i int) int64 {
	c := o.classes[i]
	if c.node < 0 {
		return infinite
	}
	return add(4, add(c.name, g.nodes[c.node].cost))
}

// cost returns the fewest bytes that complete an object of n members, among
// them those of set.
func (o *objectSpec) cost(g *Grammar, at uint8, set string, n int64) int64 {
	var optional []int64
	total, missing := int64(1), int64(0)
	for i, c := range o.classes {
		switch {
		case o.seen(set, i):
		case c.required:
			total = add(total, o.member(g, i))
			missing++
		default:
			optional = append(optional, o.member(g, i))
		}
	}
	more := o.least - n - missing
	if at == afterComma && missing == 0 {
		more = max(more, 1)
	}
	more = max(more, 0)
	if more > int64(len(optional)) || o.most >= 0 && n+missing+more > o.most {
		return infinite
	}
	if more > 0 {
		slices.SortFunc(optional, cmp.Compare[int64])
		for _, bytes := range optional[:more] {
			total = add(total, bytes)
		}
	}
	if at == afterComma || at == beforeFirst && missing+more > 0 {
		total = less(total)
	}
	return total
}

// costInName returns the fewest bytes that complete an object in the middle of
// a name, whose automaton is in state q.
func (o *objectSpec) costInName(g *Grammar, q int32, set string, n int64) int64 {
	least := infinite
	rest := infinite // after a name that is neither required nor counted
	simple := o.least == 0 && o.most < 0
	if simple {
		rest = o.cost(g, afterValue, set, n)
	}
	for _, r := range o.reach[q] {
		c := o.classes[r.class]
		if o.seen(set, r.class) || c.node < 0 {
			continue
		}
		after := rest
		if !simple || c.required {
			after = o.cost(g, afterValue, o.with(set, r.class), o.counted(n+1))
		}
		least = min(least, add(add(r.bytes+2, g.nodes[c.node].cost), after))
	}
	return least
}
