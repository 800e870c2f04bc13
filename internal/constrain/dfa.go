package constrain

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// edge leads from a state to another on the characters lo to hi.
type edge struct {
	lo, hi rune
	to     int32
}

// dfa is a deterministic automaton over characters. State 0 is the first.
// Edges of a state are sorted and do not overlap; none has a surrogate.
type dfa struct {
	edges  [][]edge
	accept []bool
	cost   []int64 // bytes of JSON from a state to the nearest accepting one
}

// anyText accepts every string.
func anyText() *dfa {
	d := &dfa{edges: [][]edge{everyCharacter(0)}, accept: []bool{true}}
	d.finish()
	return d
}

func everyCharacter(to int32) []edge {
	return []edge{{0, 0xD7FF, to}, {0xE000, utf8.MaxRune, to}}
}

// budget bounds the work of building automata.
type budget struct{ states, work int }

var errTooLarge = errors.New("too many states")

func (b *budget) spend(states, work int) error {
	b.states -= states
	b.work -= work
	if b.states < 0 || b.work < 0 {
		return fmt.Errorf("%w: all patterns, names and values of a schema share %d states and %d steps", errTooLarge, maxDFAStates, maxDFAWork)
	}
	return nil
}

// add appends a state and returns its number.
func (d *dfa) add() int32 {
	d.edges = append(d.edges, nil)
	d.accept = append(d.accept, false)
	return int32(len(d.edges) - 1)
}

// step returns the state after c, or -1.
func (d *dfa) step(q int32, c rune) int32 {
	edges := d.edges[q]
	i, ok := slices.BinarySearchFunc(edges, c, func(e edge, c rune) int {
		switch {
		case e.hi < c:
			return -1
		case e.lo > c:
			return 1
		}
		return 0
	})
	if !ok {
		return -1
	}
	return edges[i].to
}

// finish computes the costs and removes edges that lead nowhere.
func (d *dfa) finish() {
	far := distances(d.reversed(), d.ends(), cheapest)
	d.cost = make([]int64, len(d.edges))
	for q := range d.cost {
		d.cost[q] = infinite
		if bytes, ok := far[int32(q)]; ok {
			d.cost[q] = bytes
		}
	}
	for q, edges := range d.edges {
		d.edges[q] = slices.DeleteFunc(edges, func(e edge) bool { return d.cost[e.to] >= infinite })
	}
}

// ends returns the accepting states.
func (d *dfa) ends() []int32 {
	var ends []int32
	for q, accept := range d.accept {
		if accept {
			ends = append(ends, int32(q))
		}
	}
	return ends
}

// reversed returns for each state the edges that lead to it; to is where such
// an edge comes from.
func (d *dfa) reversed() [][]edge {
	back := make([][]edge, len(d.edges))
	for q, edges := range d.edges {
		for _, e := range edges {
			back[e.to] = append(back[e.to], edge{e.lo, e.hi, int32(q)})
		}
	}
	return back
}

// distances returns what the cheapest string costs from each state that has one
// to one of ends.
func distances(back [][]edge, ends []int32, cost func(edge) int64) map[int32]int64 {
	far := make(map[int32]int64, len(ends))
	for _, q := range ends {
		far[q] = 0
	}
	for queue := slices.Clone(ends); len(queue) > 0; queue = queue[1:] {
		q := queue[0]
		for _, e := range back[q] {
			c := far[q] + cost(e)
			if old, ok := far[e.to]; !ok || c < old {
				far[e.to] = c
				queue = append(queue, e.to)
			}
		}
	}
	return far
}

// cheapest returns the fewest bytes that write one of the characters of an edge
// in a JSON string, with the bytes that every [Vocabulary] has: characters from
// U+40000 on, where hardly any is assigned, are two escapes.
func cheapest(e edge) int64 {
	least := int64(12)
	for _, class := range []struct {
		lo, hi rune
		bytes  int64
	}{
		{' ', '!', 1}, {'#', '[', 1}, {']', '~', 1},
		{'"', '"', 2}, {'\\', '\\', 2}, {'\b', '\n', 2}, {'\f', '\r', 2},
		{0, 0x7F, 6}, {0x80, 0x7FF, 2}, {0x800, 0xFFFF, 3}, {0x10000, 0x3FFFF, 4},
	} {
		if e.lo <= class.hi && class.lo <= e.hi {
			least = min(least, class.bytes)
		}
	}
	return least
}

// words returns an automaton of exactly these strings, and for each state the
// index of the word that ends there, or -1.
func words(list []string, b *budget) (*dfa, []int, error) {
	d := &dfa{}
	d.add()
	ends := []int{-1}
	for i, word := range list {
		q := int32(0)
		for _, c := range word {
			next := d.step(q, c)
			if next < 0 {
				next = d.add()
				ends = append(ends, -1)
				d.edges[q] = append(d.edges[q], edge{c, c, next})
				slices.SortFunc(d.edges[q], func(a, b edge) int { return cmp.Compare(a.lo, b.lo) })
				if err := b.spend(1, len(d.edges[q])); err != nil {
					return nil, nil, err
				}
			}
			q = next
		}
		ends[q], d.accept[q] = i, true
	}
	d.finish()
	return d, ends, nil
}

// product runs several automata at once. With all, one that has stopped stops
// the product; without, it goes on with -1 for that automaton. It returns the
// states of the parts for each state of the product; nothing accepts yet.
func product(parts []*dfa, all bool, b *budget) (*dfa, [][]int32, error) {
	d := &dfa{}
	var tuples [][]int32
	known := map[string]int32{}
	find := func(tuple []int32) int32 {
		key := tupleKey(tuple)
		q, ok := known[key]
		if !ok {
			q = d.add()
			known[key] = q
			tuples = append(tuples, tuple)
		}
		return q
	}
	find(make([]int32, len(parts)))
	for q := 0; q < len(tuples); q++ {
		cuts := boundaries(parts, tuples[q])
		if err := b.spend(1, len(cuts)*len(parts)); err != nil {
			return nil, nil, err
		}
		for i := 0; i+1 < len(cuts); i++ {
			if cuts[i] == surrogates {
				continue
			}
			if next, ok := stepAll(parts, tuples[q], cuts[i], all); ok {
				d.edges[q] = join(d.edges[q], edge{cuts[i], cuts[i+1] - 1, find(next)})
			}
		}
	}
	return d, tuples, nil
}

// surrogates is where the surrogates begin, which are no characters.
const surrogates = 0xD800

func tupleKey(tuple []int32) string {
	key := make([]byte, 0, 4*len(tuple))
	for _, q := range tuple {
		key = binary.LittleEndian.AppendUint32(key, uint32(q))
	}
	return string(key)
}

// boundaries returns where the edges of a tuple of states begin and end, sorted,
// with the ends of the characters.
func boundaries(parts []*dfa, tuple []int32) []rune {
	cuts := []rune{0, surrogates, 0xE000, utf8.MaxRune + 1}
	for i, q := range tuple {
		if q >= 0 {
			for _, e := range parts[i].edges[q] {
				cuts = append(cuts, e.lo, e.hi+1)
			}
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

func stepAll(parts []*dfa, tuple []int32, c rune, all bool) ([]int32, bool) {
	next := make([]int32, len(parts))
	for i, q := range tuple {
		next[i] = -1
		if q >= 0 {
			next[i] = parts[i].step(q, c)
		}
		if all && next[i] < 0 {
			return nil, false
		}
	}
	return next, true
}

// join appends an edge, or makes the last one longer.
func join(edges []edge, e edge) []edge {
	if n := len(edges); n > 0 && edges[n-1].to == e.to && edges[n-1].hi+1 == e.lo {
		edges[n-1].hi = e.hi
		return edges
	}
	return append(edges, e)
}

// intersect accepts what every part accepts.
func intersect(parts []*dfa, b *budget) (*dfa, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}
	d, tuples, err := product(parts, true, b)
	if err != nil {
		return nil, err
	}
	for q, tuple := range tuples {
		d.accept[q] = true
		for i, p := range tuple {
			d.accept[q] = d.accept[q] && parts[i].accept[p]
		}
	}
	d.finish()
	return d, nil
}

// shortest returns the fewest characters from each state to an accepting one,
// or false where that is not what cost leads through.
func (d *dfa) shortest() ([]int64, bool) {
	far := distances(d.reversed(), d.ends(), func(edge) int64 { return 1 })
	chars := make([]int64, len(d.edges))
	for q, edges := range d.edges {
		chars[q] = far[int32(q)]
		if !d.accept[q] && !slices.ContainsFunc(edges, func(e edge) bool {
			return d.cost[q] == d.cost[e.to]+cheapest(e) && chars[q] == far[e.to]+1
		}) && d.cost[q] < infinite {
			return nil, false
		}
	}
	return chars, true
}

// ofLength accepts what d does where it has least to most characters; most < 0
// is no bound.
func (d *dfa) ofLength(least, most int64, b *budget) (*dfa, error) {
	counts, err := lengths(least, most, b)
	if err != nil {
		return nil, err
	}
	return intersect([]*dfa{d, counts}, b)
}

// lengths returns an automaton of the strings that have least to most
// characters; most < 0 is no bound.
func lengths(least, most int64, b *budget) (*dfa, error) {
	last := max(least, most)
	if err := b.spend(int(min(last+1, maxDFAStates+1)), 0); err != nil {
		return nil, err
	}
	d := &dfa{}
	for n := int64(0); n <= last; n++ {
		q := d.add()
		d.accept[q] = n >= least && (most < 0 || n <= most)
		if n < last {
			d.edges[q] = everyCharacter(q + 1)
		} else if most < 0 {
			d.edges[q] = everyCharacter(q)
		}
	}
	d.finish()
	return d, nil
}
