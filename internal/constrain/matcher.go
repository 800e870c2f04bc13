package constrain

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// state is a set of stacks: every reading of the text so far that can still
// become valid. It always has one; a text that has none has no state. No two of
// them have the same item: readings that differ only in what encloses a value
// are one, over a set of what may follow it.
type state struct {
	stacks  []*stack
	cost    int64 // fewest bytes to the end of the text
	odd     bool  // every stack is
	closing int64 // tokens of the nearest end; 0 is not known
	next    *[256]*state
	allow   *mask // nil until a guide asks
}

// dead stands for no state in state.next, where nil is not known.
var dead = &state{}

// matcher runs a grammar. It keeps the states and stacks that it has met, so
// that equal ones are the same pointer. It is not safe for concurrent use.
type matcher struct {
	g      *Grammar
	stacks map[stackKey]*stack
	states map[string]*state
}

type stackKey struct {
	item
	rest *state
}

func newMatcher(g *Grammar) *matcher {
	m := &matcher{g: g}
	m.forget()
	return m
}

func (m *matcher) forget() {
	m.stacks = map[stackKey]*stack{}
	m.states = map[string]*state{}
}

// start returns the state before the first byte.
func (m *matcher) start() *state {
	end := m.push(item{op: opEnd, space: MaxTrailingSpace}, nil)
	return m.one(m.push(item{op: opValue, space: MaxSpace}, m.one(end)))
}

// compact forgets what the matcher has met when that is much, and returns s as
// one of the states that it knows.
func (m *matcher) compact(s *state) *state {
	if len(m.states) < maxStates && len(m.stacks) < 4*maxStates {
		return s
	}
	m.forget()
	return m.copy(s)
}

// copy interns a state anew, those below it first. It does not recurse: texts
// may be deeply nested.
func (m *matcher) copy(s *state) *state {
	known := map[*state]*state{}
	for open := []*state{s}; len(open) > 0; {
		top := open[len(open)-1]
		var stacks []*stack
		for _, st := range top.stacks {
			if st.rest != nil && known[st.rest] == nil {
				open = append(open, st.rest)
				continue
			}
			stacks = append(stacks, m.push(st.item, known[st.rest]))
		}
		if len(stacks) == len(top.stacks) {
			known[top] = m.intern(stacks)
			open = open[:len(open)-1]
		}
	}
	return known[s]
}

// push returns the stack of an item on others.
func (m *matcher) push(it item, rest *state) *stack {
	key := stackKey{it, rest}
	s, ok := m.stacks[key]
	if !ok {
		s = &stack{item: it, rest: rest, cost: m.g.costOfItem(&it), id: len(m.stacks)}
		if rest != nil {
			s.cost = add(s.cost, rest.cost)
		}
		s.odd = it.op == opDigits && s.cost < infinite && it.spec.number.odd(it.text)
		m.stacks[key] = s
	}
	return s
}

// one returns the state of one stack.
func (m *matcher) one(s *stack) *state { return m.intern([]*stack{s}) }

// intern returns the state of some stacks. Of more than maxReadings it keeps
// those that are nearest to the end: the text stays valid, but some that are
// valid are lost.
func (m *matcher) intern(stacks []*stack) *state {
	stacks = slices.DeleteFunc(stacks, func(s *stack) bool { return s.cost >= infinite })
	if len(stacks) == 0 {
		return dead
	}
	stacks = m.merge(stacks)
	slices.SortFunc(stacks, func(a, b *stack) int { return a.id - b.id })
	if len(stacks) > maxReadings {
		slices.SortStableFunc(stacks, func(a, b *stack) int { return cmp.Compare(a.cost, b.cost) })
		stacks = stacks[:maxReadings]
		slices.SortFunc(stacks, func(a, b *stack) int { return a.id - b.id })
	}
	key := make([]byte, 0, 4*len(stacks))
	cost, odd := infinite, true
	for _, s := range stacks {
		key = binary.LittleEndian.AppendUint32(key, uint32(s.id))
		cost, odd = min(cost, s.cost), odd && s.odd
	}
	found, ok := m.states[string(key)]
	if !ok {
		found = &state{stacks: stacks, cost: cost, odd: odd}
		m.states[string(key)] = found
	}
	return found
}

// merge makes the stacks of each item one, over all that may follow it.
func (m *matcher) merge(stacks []*stack) []*stack {
	if len(stacks) == 1 {
		return stacks
	}
	var out []*stack
	rests := map[item][]*state{}
	for _, s := range stacks {
		all, ok := rests[s.item]
		if !ok {
			out = append(out, s)
		}
		if !slices.Contains(all, s.rest) {
			rests[s.item] = append(all, s.rest)
		}
	}
	for i, s := range out {
		if all := rests[s.item]; len(all) > 1 {
			var union []*stack
			for _, rest := range all {
				union = append(union, rest.stacks...)
			}
			out[i] = m.push(s.item, m.intern(union))
		}
	}
	return out
}

// step returns the state after b, or dead.
func (m *matcher) step(s *state, b byte) *state {
	if s.next == nil {
		s.next = new([256]*state)
	}
	if s.next[b] == nil {
		var out []*stack
		for _, st := range s.stacks {
			out = m.advance(out, st, b)
		}
		s.next[b] = m.intern(out)
	}
	return s.next[b]
}

// accepts reports whether the text may end in s.
func (s *state) accepts() bool { return s.cost == 0 }

// Match reports whether text is a JSON text that the grammar accepts.
func (g *Grammar) Match(text []byte) bool { return newMatcher(g).match(text) }

func (m *matcher) match(text []byte) bool {
	s := m.start()
	for _, b := range text {
		if s = m.step(m.compact(s), b); s == dead {
			return false
		}
	}
	return s.accepts()
}

// advance appends the stacks that b makes of s.
func (m *matcher) advance(out []*stack, s *stack, b byte) []*stack {
	it := s.item
	if it.space > 0 && (b == ' ' || b == '\n' || b == '\t' || b == '\r') {
		it.space--
		return append(out, m.push(it, s.rest))
	}
	switch it.op {
	case opValue:
		for _, a := range m.g.nodes[it.node].alternatives {
			out = m.begin(out, a, s.rest, b)
		}
	case opLiteral:
		if it.text[0] == b {
			out = m.literal(out, it.text[1:], s.rest)
		}
	case opNumber:
		if next, ok := nextNumber(it.at, b); ok {
			it.at = next
			return append(out, m.push(it, s.rest))
		}
		return m.pop(out, s, b)
	case opDigits:
		return m.digits(out, s, b)
	case opExponent:
		if next, ok := it.exponent.next(b); ok {
			it.exponent = next
			return append(out, m.push(it, s.rest))
		}
		return m.pop(out, s, b)
	case opText:
		out = m.text(out, s, b)
	case opArray:
		out = m.array(out, s, b)
	case opObject:
		out = m.object(out, s, b)
	}
	return out
}

// digits moves within a number of a set, before its exponent.
func (m *matcher) digits(out []*stack, s *stack, b byte) []*stack {
	it := s.item
	p := readPrefix(it.text)
	switch {
	case b|0x20 == 'e' && p.complete():
		it = item{op: opExponent, powers: it.spec.number.exponents(p)}
	case p.takes(b):
		it.text += string(rune(b))
	default:
		return m.pop(out, s, b)
	}
	return append(out, m.push(it, s.rest))
}

// pop ends a number before b, which belongs to what follows.
func (m *matcher) pop(out []*stack, s *stack, b byte) []*stack {
	if s.cost == s.rest.cost {
		for _, after := range s.rest.stacks {
			out = m.advance(out, after, b)
		}
	}
	return out
}

// literal appends the stacks that wait for text.
func (m *matcher) literal(out []*stack, text string, rest *state) []*stack {
	if text == "" {
		return append(out, rest.stacks...)
	}
	return append(out, m.push(item{op: opLiteral, text: text}, rest))
}

// begin appends the stacks of the values of an alternative that begin with b.
func (m *matcher) begin(out []*stack, a *alternative, rest *state, b byte) []*stack {
	has := func(k kinds) bool { return a.kinds&k != 0 }
	switch {
	case b == 'n' && has(kindNull):
		return m.literal(out, "ull", rest)
	case b == 't' && has(kindTrue):
		return m.literal(out, "rue", rest)
	case b == 'f' && has(kindFalse):
		return m.literal(out, "alse", rest)
	case b == '"' && has(kindString):
		return append(out, m.push(item{op: opText, spec: a}, rest))
	case b == '[' && has(kindArray):
		return append(out, m.push(item{op: opArray, spec: a, space: MaxSpace}, rest))
	case b == '{' && has(kindObject):
		return append(out, m.push(item{op: opObject, spec: a, text: a.object.none, space: MaxSpace}, rest))
	case (b == '-' || '0' <= b && b <= '9') && has(kindNumber):
		if a.number != nil {
			return append(out, m.push(item{op: opDigits, spec: a, text: string(rune(b))}, rest))
		}
		next, _ := nextNumber(numberStart, b)
		return append(out, m.push(item{op: opNumber, at: next}, rest))
	}
	return out
}

// character moves an item within a string: it returns false where b cannot
// follow, and closed at the quote that ends the string.
func (it *item) character(d *dfa, b byte) (closed, ok bool) {
	if it.ch.form == between && b == '"' {
		return true, true
	}
	ch, ok := it.ch.next(b)
	if !ok {
		return false, false
	}
	if ch.form == between {
		it.state = d.step(it.state, ch.value)
		ch = character{}
	}
	it.ch = ch
	return false, it.state >= 0
}

func (m *matcher) text(out []*stack, s *stack, b byte) []*stack {
	it, t := s.item, s.spec.text
	closed, ok := it.character(t.dfa, b)
	switch {
	case !ok:
	case !closed:
		if it.ch.form == between {
			it.count = t.counted(it.count + 1)
		}
		out = append(out, m.push(it, s.rest))
	case s.cost == s.rest.cost+1: // nothing but the quote is missing
		out = append(out, s.rest.stacks...)
	}
	return out
}

func (m *matcher) array(out []*stack, s *stack, b byte) []*stack {
	it, a := s.item, s.spec.array
	if b == ']' {
		if s.cost == s.rest.cost+1 {
			out = append(out, s.rest.stacks...)
		}
		return out
	}
	if it.at == afterValue && b != ',' || !a.more(it.count) {
		return out
	}
	first := it.at == beforeFirst
	value := item{op: opValue, node: int32(a.item(it.count))}
	if !first {
		value.space = MaxSpace
	}
	it.at, it.space, it.count = afterValue, MaxSpace, a.counted(it.count+1)
	rest := m.one(m.push(it, s.rest))
	if rest == dead {
		return out
	}
	next := m.push(value, rest)
	if first {
		return m.advance(out, next, b)
	}
	return append(out, next)
}

func (m *matcher) object(out []*stack, s *stack, b byte) []*stack {
	it, o := s.item, s.spec.object
	it.space = MaxSpace
	switch it.at {
	case inName:
		return m.name(out, s, b)
	case beforeColon:
		if b != ':' {
			return out
		}
		value := item{op: opValue, node: int32(o.classes[it.class].node), space: MaxSpace}
		it.text, it.count = o.with(it.text, int(it.class)), o.counted(it.count+1)
		it.at, it.class = afterValue, 0
		rest := m.one(m.push(it, s.rest))
		if rest == dead {
			return out
		}
		return append(out, m.push(value, rest))
	}
	switch {
	case b == '}' && s.cost == s.rest.cost+1 && it.at != afterComma:
		return append(out, s.rest.stacks...)
	case b == ',' && it.at == afterValue:
		it.at = afterComma
	case b == '"' && it.at != afterValue:
		it.at, it.space, it.state = inName, 0, 0
	default:
		return out
	}
	return append(out, m.push(it, s.rest))
}

// name moves within the name of a member.
func (m *matcher) name(out []*stack, s *stack, b byte) []*stack {
	it, o := s.item, s.spec.object
	closed, ok := it.character(o.names, b)
	if !ok {
		return out
	}
	if closed {
		class := o.class[it.state]
		if class < 0 || o.seen(it.text, class) {
			return out
		}
		it.at, it.space, it.state, it.class = beforeColon, MaxSpace, 0, int32(class)
	}
	return append(out, m.push(it, s.rest))
}
