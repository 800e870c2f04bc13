package tokenizer

import "fmt"

// Tokenizer encodes and decodes with one vocabulary. It is immutable, and safe
// for concurrent use.
type Tokenizer struct {
	vocab    Vocab
	text     map[string]int32 // normal, user-defined and unused pieces
	bytes    []int32          // id of each byte's piece; nil without byte fallback
	values   map[int]byte     // the byte of each byte piece's id
	maxPiece int              // length in bytes of the longest key of text
	user     matcher          // user-defined pieces
	special  matcher          // control and unknown pieces
}

// New returns a tokenizer over v, which the caller must not change afterwards.
// It fails when v is inconsistent: lengths that differ, ids out of range, a
// piece defined twice, byte fallback that lacks bytes, or text that could not
// be encoded because there is neither byte fallback nor an unknown token.
func New(v Vocab) (*Tokenizer, error) {
	t, err := newTokenizer(v)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return t, nil
}

func newTokenizer(v Vocab) (*Tokenizer, error) {
	if err := v.validate(); err != nil {
		return nil, err
	}
	bytes, err := v.byteIDs()
	if err != nil {
		return nil, err
	}
	if bytes == nil && v.Unknown == None {
		return nil, fmt.Errorf("neither byte pieces nor an unknown token in a vocabulary of %d", len(v.Tokens))
	}
	t := &Tokenizer{vocab: v, bytes: bytes, text: make(map[string]int32), values: make(map[int]byte)}
	for b, id := range bytes {
		t.values[int(id)] = byte(b)
	}
	if err := t.index(); err != nil {
		return nil, err
	}
	return t, nil
}

// index fills the tables that pieces are looked up in. As in SentencePiece,
// pieces that text can become and reserved ones are two name spaces, and no
// piece may occur twice in one of them.
func (t *Tokenizer) index() error {
	reserved := make(map[string]int32)
	for id, piece := range t.vocab.Tokens {
		table := t.text
		switch t.vocab.Types[id] {
		case TypeUserDefined:
			t.user.add(piece, id)
		case TypeControl, TypeUnknown:
			table = reserved
			t.special.add(piece, id)
		case TypeByte:
			table = reserved
		}
		if first, ok := table[piece]; ok {
			return fmt.Errorf("tokens %d and %d are both %q", first, id, piece)
		}
		table[piece] = int32(id)
	}
	for piece := range t.text {
		t.maxPiece = max(t.maxPiece, len(piece))
	}
	return nil
}

// Vocab returns the vocabulary; its slices must not be changed.
func (t *Tokenizer) Vocab() Vocab { return t.vocab }

// Size returns the number of tokens.
func (t *Tokenizer) Size() int { return len(t.vocab.Tokens) }

// Token returns the piece of id as the vocabulary spells it ("▁the", "<0x0A>",
// "<s>"), or "" for an id outside the vocabulary.
func (t *Tokenizer) Token(id int) string {
	if !t.has(id) {
		return ""
	}
	return t.vocab.Tokens[id]
}

// Check reports the first of ids that is outside the vocabulary.
func (t *Tokenizer) Check(ids []int) error {
	for i, id := range ids {
		if !t.has(id) {
			return fmt.Errorf("tokenizer: id %d at position %d is outside the vocabulary of %d tokens", id, i, t.Size())
		}
	}
	return nil
}

func (t *Tokenizer) has(id int) bool { return 0 <= id && id < t.Size() }
