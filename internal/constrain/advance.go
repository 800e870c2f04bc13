package constrain

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
