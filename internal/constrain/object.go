package constrain

import (
	"cmp"
	"fmt"
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
	b := nameBuilder{c: c, spec: spec, set: set, known: map[int]int{}}
	if err := b.build(); err != nil {
		return err
	}
	spec.none = string(make([]byte, (len(b.declared)+7)/8))
	return spec.countable(set)
}

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
	rest := infinite // after a name, where names are not counted
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
		if !simple {
			after = o.cost(g, afterValue, o.with(set, r.class), o.counted(n+1))
		} else if c.required && rest < infinite {
			after = rest - o.member(g, r.class)
		}
		least = min(least, add(add(r.bytes+2, g.nodes[c.node].cost), after))
	}
	return least
}
