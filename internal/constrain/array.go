package constrain

// arraySpec is a set of arrays: least to most items, the i-th one of node
// prefix[i], all later ones of node rest.
type arraySpec struct {
	prefix      []int
	rest        int
	least, most int64 // most < 0 is unbounded
}

// Places in an array or object.
const (
	beforeFirst uint8 = iota // after [ or {
	afterValue
	afterComma // of an object
	inName     // of an object
	beforeColon
)

// mergeArrays sets the arrays that all of a set accept.
func (c *compiler) mergeArrays(a *alternative, set []*schema) error {
	spec := &arraySpec{most: -1}
	a.array = spec
	longest := 0
	for _, s := range set {
		spec.least = max(spec.least, s.array.least)
		spec.most = least(spec.most, s.array.most)
		longest = max(longest, len(s.array.prefix))
	}
	for i := range longest + 1 {
		n, err := c.node(itemSchemas(set, i))
		if err != nil {
			return err
		}
		if i < longest {
			spec.prefix = append(spec.prefix, n)
		}
		spec.rest = n
	}
	return nil
}

// itemSchemas returns the schemas that hold for the i-th item.
func itemSchemas(set []*schema, i int) []*schema {
	var out []*schema
	for _, s := range set {
		switch {
		case i < len(s.array.prefix):
			out = append(out, s.array.prefix[i])
		case s.array.items != nil:
			out = append(out, s.array.items)
		}
	}
	return out
}

// item returns the node of the i-th item.
func (s *arraySpec) item(i int64) int {
	if i < int64(len(s.prefix)) {
		return s.prefix[i]
	}
	return s.rest
}

// more reports whether an array of n items may have another.
func (s *arraySpec) more(n int64) bool { return s.most < 0 || n < s.most }

// counted returns how a number of items is kept in a state.
func (s *arraySpec) counted(n int64) int64 {
	if s.most < 0 {
		return min(n, max(s.least, int64(len(s.prefix))))
	}
	return n
}

// cost returns the fewest bytes that complete an array of n items.
func (s *arraySpec) cost(g *Grammar, at uint8, n int64) int64 {
	if s.most >= 0 && max(n, s.least) > s.most {
		return infinite
	}
	if at == beforeFirst && s.least == 0 {
		return 1
	}
	total := int64(1)
	for ; n < s.least; n++ {
		if n >= int64(len(s.prefix)) {
			total = add(total, times(s.least-n, add(1, g.nodes[s.rest].cost)))
			break
		}
		total = add(total, add(1, g.nodes[s.prefix[n]].cost))
	}
	if at == beforeFirst {
		total = less(total) // no comma before the first
	}
	return total
}
