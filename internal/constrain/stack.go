package constrain

// op is what an item of a stack waits for.
type op uint8

const (
	opEnd      op = iota // whitespace after the text
	opValue              // a value of a node
	opLiteral            // the rest of true, false or null
	opDigits             // a number of a set
	opExponent           // its exponent
	opNumber             // any number
	opText               // a string
	opArray
	opObject
)

// item is a part of a JSON text that is not complete.
type item struct {
	op    op
	at    uint8 // place in an array or object, state of a number
	space uint8 // whitespace that may still come here
	ch    character
	state int32 // of the automaton of a string or name
	class int32 // of the name before a colon
	node  int32
	spec  *alternative
	count int64  // characters, items or members
	text  string // of a number or literal; the names that an object has

	powers powers // exponents that a number may have
	exponent
}

// stack is an item and what may follow it. Equal stacks are one pointer within a
// matcher.
type stack struct {
	item
	rest *state // nil at the end
	odd  bool   // the item is a number that is written in an odd way
	cost int64  // fewest bytes to the end of the text
	id   int
}

// costOfItem returns the fewest bytes that complete an item.
func (g *Grammar) costOfItem(it *item) int64 {
	switch it.op {
	case opValue:
		return g.nodes[it.node].cost
	case opLiteral:
		return int64(len(it.text))
	case opNumber:
		return numberLeft[it.at]
	case opDigits:
		return it.spec.number.cost(it.text)
	case opExponent:
		return it.exponent.cost(it.powers)
	case opText:
		t := it.spec.text
		n := it.count
		if it.ch.form != between {
			n = t.counted(n + 1)
		}
		return add(1, t.dfa.through(it.state, it.ch, func(q int32) int64 { return t.cost(q, n) }))
	case opArray:
		return it.spec.array.cost(g, it.at, it.count)
	case opObject:
		return g.costOfObject(it)
	}
	return 0
}

func (g *Grammar) costOfObject(it *item) int64 {
	o := it.spec.object
	switch it.at {
	case inName:
		return o.names.through(it.state, it.ch, func(q int32) int64 { return o.costInName(g, q, it.text, it.count) })
	case beforeColon:
		after := o.cost(g, afterValue, o.with(it.text, int(it.class)), o.counted(it.count+1))
		return add(1, add(g.nodes[o.classes[it.class].node].cost, after))
	}
	return o.cost(g, it.at, it.text, it.count)
}
