package constrain

// maxClosing bounds the bytes of an end of text that is counted in tokens.
const maxClosing = 4096

// closes reports whether limit tokens are enough to complete the text of s. They
// are where they are as many as the bytes, or where the nearest end, cut into
// the longest tokens from the left, has no more.
func (v *Vocabulary) closes(m *matcher, s *state, limit int64) bool {
	switch {
	case s.cost <= limit:
		return true
	case s.cost > maxClosing || s.cost > limit*v.longest:
		return false
	}
	return v.closing(m, s) <= limit
}

// closing returns the tokens of the nearest end of s. The end that follows the
// first of them is the rest of that end: so as long as a text keeps to states
// that close, there is always a token that does.
func (v *Vocabulary) closing(m *matcher, s *state) int64 {
	var path []*state
	for s.closing == 0 && s.cost > 0 {
		path = append(path, s)
		next := v.first(m, s)
		if next == s {
			return infinite
		}
		s = next
	}
	n := s.closing
	for i := len(path) - 1; i >= 0; i-- {
		n++
		path[i].closing = n
	}
	return n
}

// first returns the state after the longest token that begins the nearest end.
func (v *Vocabulary) first(m *matcher, s *state) *state {
	after := s
	nodes := v.all.nodes
	for s.cost > 0 {
		next, b := v.nearest(m, s)
		if next == dead {
			break
		}
		i := 0
		for i < len(nodes) && nodes[i].b != b {
			i += int(nodes[i].below) + 1
		}
		if i == len(nodes) {
			break
		}
		if s = next; nodes[i].first < nodes[i].last {
			after = s
		}
		nodes = nodes[i+1 : i+1+int(nodes[i].below)]
	}
	return after
}

// nearest returns the first byte that leads nearer to the end of the text, and
// the state after it.
func (v *Vocabulary) nearest(m *matcher, s *state) (*state, byte) {
	for b, single := range v.single {
		if !single {
			continue
		}
		if next := m.step(s, byte(b)); next != dead && next.cost < s.cost {
			return next, byte(b)
		}
	}
	return dead, 0
}
