package tokenizer

import "unicode/utf8"

// symbol is a stretch of the text that is one piece or one unknown character.
// Symbols form a doubly linked list in text order, with the index end on both
// sides.
type symbol struct {
	start, length int // bytes; length 0: merged into its left neighbour
	prev, next    int
	frozen        bool // a user-defined piece, which takes no part in merges
}

const end = -1

// pair is a merge to be done: the symbol left and its right neighbour, while
// together they still measure length bytes.
type pair struct {
	score  float32
	left   int
	length int
}

// before orders merges: the highest score, then the leftmost.
func (p pair) before(q pair) bool {
	if p.score != q.score {
		return p.score > q.score
	}
	return p.left < q.left
}

// merger encodes one text in O(n log n): every merge shortens the list of
// symbols by one and adds at most two pairs to the heap.
type merger struct {
	t       *sentencePiece
	text    string
	symbols []symbol
	pairs   heap[pair]
	// splits says where to divide an unused piece that merges went through:
	// as its pair that was proposed last.
	splits map[int32]int
}

// newMerger cuts text into user-defined pieces and single characters.
func newMerger(t *sentencePiece, text string) *merger {
	m := &merger{t: t, text: text, symbols: make([]symbol, 0, len(text))}
	for at := 0; at < len(text); {
		s := symbol{start: at, prev: len(m.symbols) - 1, next: len(m.symbols) + 1}
		if _, n := t.user.prefix(text[at:]); n > 0 {
			s.length, s.frozen = n, true
		} else {
			_, s.length = utf8.DecodeRuneInString(text[at:])
		}
		m.symbols = append(m.symbols, s)
		at += s.length
	}
	if n := len(m.symbols); n > 0 {
		m.symbols[n-1].next = end
	}
	return m
}

// lookup returns the id of a piece that text can become, or None.
func (t *sentencePiece) lookup(piece string) int32 {
	if len(piece) > t.maxPiece {
		return None
	}
	if id, ok := t.text[piece]; ok {
		return id
	}
	return None
}

// run merges until no pair of neighbours is a piece.
func (m *merger) run() {
	for left := range m.symbols {
		m.propose(left)
	}
	for len(m.pairs) > 0 {
		p := m.pairs.pop()
		if m.current(p) {
			m.merge(p)
			m.propose(m.symbols[p.left].prev)
			m.propose(p.left)
		}
	}
}

// propose puts left and its right neighbour on the heap if they form a piece.
func (m *merger) propose(left int) {
	if left == end || m.symbols[left].next == end {
		return
	}
	a, b := m.symbols[left], m.symbols[m.symbols[left].next]
	if a.frozen || b.frozen {
		return
	}
	length := a.length + b.length
	id := m.t.lookup(m.text[a.start : a.start+length])
	if id == None {
		return
	}
	m.pairs.push(pair{score: m.t.vocab.Scores[id], left: left, length: length})
	if m.t.vocab.Types[id] == TypeUnused {
		if m.splits == nil {
			m.splits = make(map[int32]int)
		}
		m.splits[id] = a.length
	}
}

// current reports whether both symbols of p are as they were when proposed:
// they only ever grow, so their joint length tells.
func (m *merger) current(p pair) bool {
	a := m.symbols[p.left]
	return a.length > 0 && a.next != end && a.length+m.symbols[a.next].length == p.length
}

func (m *merger) merge(p pair) {
	a := &m.symbols[p.left]
	b := &m.symbols[a.next]
	a.length, a.next = p.length, b.next
	b.length = 0
	if a.next != end {
		m.symbols[a.next].prev = p.left
	}
}

// addTo adds the tokens of the symbols that are left of p.
func (m *merger) addTo(out *tokens, p piece) {
	unknown := false
	var stack []symbol // what is left to do of one symbol, the leftmost last
	for _, s := range m.symbols {
		if s.length == 0 {
			continue
		}
		stack = append(stack, s)
		for len(stack) > 0 {
			s := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			end := s.start + s.length
			id := m.t.lookup(m.text[s.start:end])
			if n, ok := m.splits[id]; ok {
				stack = append(stack, symbol{start: s.start + n, length: s.length - n}, symbol{start: s.start, length: n})
				continue
			}
			id = m.t.used(id)
			m.t.addPiece(out, p, s.start, end, id, unknown)
			unknown = id == None
		}
	}
}

// used returns id, or None for an unused piece: where no merge explains one, a
// single character, it counts as unknown, as in SentencePiece 0.2.3. (Earlier
// releases gave its id.)
func (t *sentencePiece) used(id int32) int32 {
	if id != None && t.vocab.Types[id] == TypeUnused {
		return None
	}
	return id
}
