package constrain

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Grammar is the automaton of the JSON texts that are valid under a schema. It
// is immutable and safe for concurrent use.
type Grammar struct {
	nodes []*node
}

// node is a set of schemas that hold at once, as its alternatives.
type node struct {
	alternatives []*alternative
	cost         int64 // bytes of the shortest value; infinite if there is none
}

// alternative is a set of schemas without choices, merged for each kind.
type alternative struct {
	kinds  kinds
	number *decimals // nil is any number
	text   *textSpec
	array  *arraySpec
	object *objectSpec
}

// AnyObject is the schema of `--json`: a JSON object of any members.
const AnyObject = `{"type":"object"}`

// Compile reads a JSON Schema and builds its grammar. It fails when the schema
// is not well-formed, has a keyword that is not supported, which the error
// names with its JSON pointer, is too large, or when no value is valid.
func Compile(data []byte) (*Grammar, error) {
	g, err := compile(data)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return g, nil
}

func compile(data []byte) (*Grammar, error) {
	c := &compiler{
		budget: budget{maxDFAStates, maxDFAWork},
		nodes:  map[string]int{},
		merged: map[string]*alternative{},
		any:    anyText(),
	}
	root, err := parse(data, &c.budget)
	if err != nil {
		return nil, err
	}
	if _, err := c.node([]*schema{root}); err != nil {
		return nil, err
	}
	for n := 0; n < len(c.sets); n++ {
		if err := c.expandNode(n); err != nil {
			return nil, err
		}
	}
	c.grammar.settle()
	return &c.grammar, c.check()
}

// compiler builds the nodes that the root reaches, each once.
type compiler struct {
	grammar Grammar
	sets    [][]*schema    // of each node
	nodes   map[string]int // by the ids of their sets
	merged  map[string]*alternative
	any     *dfa
	budget  budget
	pairs   []pair // of branches of each oneOf
	paired  map[*schema]bool
}

// pair is the node of two branches of a oneOf at once, which must be empty.
type pair struct {
	node  int
	at    string
	first int
	other int
}

// node returns the number of the node of a set.
func (c *compiler) node(set []*schema) (int, error) {
	set = canonical(set)
	key := setKey(set)
	if n, ok := c.nodes[key]; ok {
		return n, nil
	}
	if len(c.sets) == maxNodes {
		return 0, fmt.Errorf("%s: more than %d sets of schemas hold at once", place(set), maxNodes)
	}
	n := len(c.sets)
	c.nodes[key] = n
	c.sets = append(c.sets, set)
	c.grammar.nodes = append(c.grammar.nodes, &node{cost: infinite})
	return n, nil
}

// place names a set of schemas in errors.
func place(set []*schema) string {
	if len(set) == 0 {
		return where("")
	}
	return where(set[0].at)
}

// within says which set of schemas an error is about.
func within(set []*schema, err error) error { return fmt.Errorf("%s: %w", place(set), err) }

// canonical returns a set sorted, each schema once.
func canonical(set []*schema) []*schema {
	set = slices.Clone(set)
	slices.SortFunc(set, func(a, b *schema) int { return cmp.Compare(a.id, b.id) })
	return slices.Compact(set)
}

func setKey(set []*schema) string {
	var b strings.Builder
	for _, s := range set {
		b.WriteString(strconv.Itoa(s.id))
		b.WriteByte(' ')
	}
	return b.String()
}

// expandNode finds the alternatives of a node.
func (c *compiler) expandNode(n int) error {
	to := c.grammar.nodes[n]
	return c.alternatives(c.sets[n], func(set []*schema) error {
		a, err := c.alternative(set)
		to.alternatives = append(to.alternatives, a)
		return err
	})
}

// alternatives calls each with the sets that a set is when every choice has
// been made, canonical and each once.
func (c *compiler) alternatives(set []*schema, each func([]*schema) error) error {
	e := expansion{c: c, seen: map[string]bool{}, each: each}
	return e.expand(conjunction{}, set)
}

// alternative returns the merged alternative of a set.
func (c *compiler) alternative(set []*schema) (*alternative, error) {
	key := setKey(set)
	if a, ok := c.merged[key]; ok {
		return a, nil
	}
	a, err := c.merge(set)
	c.merged[key] = a
	return a, err
}

// conjunction is a set on the way to having no choices left.
type conjunction struct {
	set     []*schema
	choices []choice // not yet made
}

// expansion multiplies the choices of a set out.
type expansion struct {
	c    *compiler
	seen map[string]bool
	each func([]*schema) error
	work int
}

// expand adds more schemas to a conjunction, with all that they contain, and
// follows every choice.
func (e *expansion) expand(with conjunction, more []*schema) error {
	with.set, with.choices = slices.Clone(with.set), slices.Clone(with.choices)
	more = slices.Clone(more)
	for len(more) > 0 {
		s := more[0]
		more = more[1:]
		if slices.Contains(with.set, s) {
			continue
		}
		with.set = append(with.set, s)
		more = append(more, s.all...)
		with.choices = append(with.choices, s.choices...)
		if err := e.c.requireDisjoint(s); err != nil {
			return err
		}
	}
	if e.work++; e.work > 16*maxAlternatives {
		return fmt.Errorf("%s: its choices have too many combinations", place(with.set))
	}
	switch {
	case kindsOf(with.set) == 0:
		return nil
	case len(with.choices) == 0:
		return e.add(with.set)
	}
	next := with.choices[0]
	with.choices = with.choices[1:]
	for _, branch := range next.branches {
		if err := e.expand(with, []*schema{branch}); err != nil {
			return err
		}
	}
	return nil
}

func kindsOf(set []*schema) kinds {
	k := allKinds
	for _, s := range set {
		k &= s.kinds
	}
	return k
}

// add appends the alternative of a set, unless it is known.
func (e *expansion) add(set []*schema) error {
	set = canonical(set)
	key := setKey(set)
	if e.seen[key] {
		return nil
	}
	e.seen[key] = true
	if len(e.seen) > maxAlternatives {
		return fmt.Errorf("%s: more than %d alternatives", place(set), maxAlternatives)
	}
	return e.each(set)
}

// requireDisjoint notes the pairs of branches of each oneOf of a schema.
func (c *compiler) requireDisjoint(s *schema) error {
	if c.paired[s] {
		return nil
	}
	if c.paired == nil {
		c.paired = map[*schema]bool{}
	}
	c.paired[s] = true
	for _, ch := range s.choices {
		if !ch.one {
			continue
		}
		for i, b := range ch.branches {
			for j, a := range ch.branches[:i] {
				n, err := c.node([]*schema{a, b})
				if err != nil {
					return err
				}
				c.pairs = append(c.pairs, pair{n, ch.at, j, i})
			}
		}
	}
	return nil
}

// merge builds the alternative of a set without choices.
func (c *compiler) merge(set []*schema) (*alternative, error) {
	a := &alternative{kinds: kindsOf(set)}
	var err error
	if a.kinds&kindNumber != 0 {
		err = c.mergeNumbers(a, set)
	}
	if a.kinds&kindString != 0 {
		err = errors.Join(err, c.mergeTexts(a, set))
	}
	if a.kinds&kindArray != 0 {
		err = errors.Join(err, c.mergeArrays(a, set))
	}
	if a.kinds&kindObject != 0 {
		err = errors.Join(err, c.mergeObjects(a, set))
	}
	return a, err
}

func (c *compiler) mergeNumbers(a *alternative, set []*schema) (err error) {
	var n numbers
	for _, s := range set {
		n.narrow(s.number)
	}
	switch {
	case !n.has():
		a.kinds &^= kindNumber
	case !n.any():
		if a.number, err = newDecimals(n, &c.budget); err != nil {
			err = within(set, err)
		}
	}
	return err
}

// check reports a schema that no value satisfies, and branches of a oneOf that
// some value satisfies at once.
func (c *compiler) check() error {
	for _, p := range c.pairs {
		if c.grammar.nodes[p.node].cost < infinite {
			return fmt.Errorf("%s: branches %d and %d can both hold; oneOf is supported when no two can", where(p.at), p.first, p.other)
		}
	}
	if c.grammar.nodes[0].cost >= infinite {
		return errors.New("no JSON text is valid, or none of less than 2^50 bytes")
	}
	return nil
}

// Shortest returns the bytes of the shortest valid text.
func (g *Grammar) Shortest() int64 { return g.nodes[0].cost }
