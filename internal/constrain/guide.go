package constrain

import (
	"fmt"
	"math"
	"slices"
)

// Picker chooses the next token from logits.
type Picker interface {
	Pick(logits []float32) (int, error)
}

// Guide is a Picker that keeps the text of one generation within a grammar. It
// lets another one choose among the tokens that the grammar allows. It is not
// safe for concurrent use.
type Guide struct {
	pick   Picker
	vocab  *Vocabulary
	m      *matcher
	state  *state
	left   int // tokens that may still be chosen
	masked []float32
}

// NewGuide returns a guide for a text of at most tokens tokens. It fails when
// that is fewer than the shortest text has.
func NewGuide(g *Grammar, v *Vocabulary, tokens int, pick Picker) (*Guide, error) {
	return newGuide(newMatcher(g), v, tokens, pick)
}

func newGuide(m *matcher, v *Vocabulary, tokens int, pick Picker) (*Guide, error) {
	start := m.start()
	if !v.closes(m, start, int64(tokens)) {
		return nil, fmt.Errorf("constrain: the shortest valid text has %d bytes, too many for %d tokens", m.g.Shortest(), tokens)
	}
	return &Guide{pick: pick, vocab: v, m: m, state: start, left: tokens}, nil
}

// Pick implements Picker. It leaves logits as they are. An end token is allowed
// where the text is complete, and must be the last choice.
func (g *Guide) Pick(logits []float32) (int, error) {
	if len(logits) < len(g.vocab.tokens) {
		return 0, fmt.Errorf("constrain: %d logits for a vocabulary of %d tokens", len(logits), len(g.vocab.tokens))
	}
	if g.left <= 0 {
		return 0, fmt.Errorf("constrain: no tokens are left")
	}
	g.left--
	g.mask(logits, g.allowed())
	id, err := g.pick.Pick(g.masked)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(g.vocab.ends, id) {
		err = g.accept(id)
	}
	return id, err
}

// allowed returns the tokens that may follow, for the tokens that are left
// after this one.
func (g *Guide) allowed() *mask {
	g.state = g.m.compact(g.state)
	limit := int64(g.left)
	s := g.vocab.like(g.m, g.state)
	if s.allow == nil {
		s.allow = g.vocab.walk(g.m, s, infinite)
	}
	if s.allow.worst <= limit {
		return s.allow
	}
	return g.vocab.walk(g.m, g.state, limit)
}

// oddPenalty is taken off the logits of tokens after which a number can only be
// written in an odd way: 150e-1 where at most 100 is allowed. Without it a model
// that is about to leave the bounds is led to such texts, and with it to another
// digit. A model that means them is sure enough: it is a factor of e**20.
const oddPenalty = 20

// mask copies the logits, with -Inf for what is not allowed.
func (g *Guide) mask(logits []float32, allow *mask) {
	g.masked = append(g.masked[:0], logits...)
	never := float32(math.Inf(-1))
	for id := len(g.vocab.tokens); id < len(g.masked); id++ {
		g.masked[id] = never
	}
	for i, bits := range allow.bits {
		first, odd := 64*i, allow.odd[i]
		if bits == math.MaxUint64 && odd == 0 {
			continue
		}
		for j := range g.masked[first:min(first+64, len(g.vocab.tokens))] {
			switch bit := uint64(1) << j; {
			case bits&bit == 0:
				g.masked[first+j] = never
			case odd&bit != 0:
				g.masked[first+j] -= oddPenalty
			}
		}
	}
	if g.state.accepts() {
		for _, id := range g.vocab.ends {
			g.masked[id] = logits[id]
		}
	}
}

// accept moves the state over the bytes of a token.
func (g *Guide) accept(id int) error {
	s := g.state
	for _, b := range g.vocab.tokens[id] {
		if s = g.m.step(s, b); s == dead {
			return fmt.Errorf("constrain: token %d is not allowed here", id)
		}
	}
	g.state = s
	return nil
}
