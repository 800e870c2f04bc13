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
