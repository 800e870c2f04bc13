package tokenizer

import "fmt"

// sentencePiece is the scheme of SentencePiece's BPE models.
type sentencePiece struct {
	vocab    Vocab
	text     map[string]int32 // normal, user-defined and unused pieces
	bytes    []int32          // id of each byte's piece; nil without byte fallback
	values   map[int]byte     // the byte of each byte piece's id
	maxPiece int              // length in bytes of the longest key of text
	user     matcher          // user-defined pieces
	special  matcher          // control and unknown pieces
}

// New returns the SentencePiece tokenizer over v, which the caller must not
// change afterwards. It fails when v is inconsistent: lengths that differ, ids
// out of range, a piece defined twice, byte fallback that lacks bytes, or text
// that could not be encoded because there is neither byte fallback nor an
// unknown token.
func New(v Vocab) (*Tokenizer, error) {
	t, err := newSentencePiece(v)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return &Tokenizer{v, t}, nil
}

func newSentencePiece(v Vocab) (*sentencePiece, error) {
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
	t := &sentencePiece{vocab: v, bytes: bytes, text: make(map[string]int32), values: make(map[int]byte)}
	for b, id := range bytes {
		t.values[int(id)] = byte(b)
	}
	if err := t.index(); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *sentencePiece) kind() string { return "SentencePiece BPE" }

// index fills the tables that pieces are looked up in. As in SentencePiece,
// pieces that text can become and reserved ones are two name spaces, and no
// piece may occur twice in one of them.
func (t *sentencePiece) index() error {
	reserved := make(map[string]int32)
	var user, special []entry
	for id, piece := range t.vocab.Tokens {
		table := t.text
		switch t.vocab.Types[id] {
		case TypeUserDefined:
			user = append(user, entry{piece, id})
		case TypeControl, TypeUnknown:
			table = reserved
			special = append(special, entry{piece, id})
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
	t.user, t.special = newMatcher(user), newMatcher(special)
	return nil
}
