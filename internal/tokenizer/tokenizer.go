package tokenizer

import (
	"fmt"
	"math"
)

// Tokenizer encodes and decodes with one vocabulary. It is immutable, and safe
// for concurrent use.
type Tokenizer struct {
	vocab  Vocab
	scheme scheme
}

// scheme is a way of encoding and decoding.
type scheme interface {
	// kind describes the scheme in a few words.
	kind() string
	// encode adds the tokens of a text to out.
	encode(out *tokens, text string, o Options) error
	// stream returns a decoder at the beginning of a text. With special it
	// prints special tokens as the vocabulary spells them.
	stream(special bool) decoder
	// tokenBytes returns what a token that is not special adds to a text.
	tokenBytes(id int) []byte
}

// Options say what Encode does with special tokens.
type Options struct {
	// Add puts the tokens at the beginning and end of a text that the
	// vocabulary asks for (BOS, EOS).
	Add bool
	// Parse lets special tokens spelled in the text ("<|im_end|>") stand for
	// themselves, as a rendered chat template needs. Without it they are plain
	// text, as is right for what a user wrote.
	Parse bool
}

// Token is a token of a text.
type Token struct {
	ID         int
	Start, End int // the bytes of the text that it comes from, whole characters
}

// Encode returns the ids of text in which special tokens are plain text. With
// special, BOS and EOS are added as the vocabulary says. Each byte that is not
// UTF-8 counts as U+FFFD. It fails only when a pattern of the tokenizer takes
// too long on the text.
func (t *Tokenizer) Encode(text string, special bool) ([]int, error) {
	return t.IDs(text, Options{Add: special})
}

// EncodeSpecial returns the ids of text in which special tokens ("<s>",
// "<|im_end|>") stand for themselves, the leftmost and longest first, as in a
// rendered chat template. It adds no BOS or EOS: templates write their own.
func (t *Tokenizer) EncodeSpecial(text string) ([]int, error) {
	return t.IDs(text, Options{Parse: true})
}

// IDs is Encode with a choice of what special tokens are.
func (t *Tokenizer) IDs(text string, o Options) ([]int, error) {
	out, err := t.encode(text, o, false)
	return out.ids, err
}

// Tokens returns the tokens of text with their places. Tokens that Options.Add
// asks for have no bytes. What a normalizer rewrote as a whole, such as a
// letter and its accent, has one place.
func (t *Tokenizer) Tokens(text string, o Options) ([]Token, error) {
	out, err := t.encode(text, o, true)
	if err != nil {
		return nil, err
	}
	list := make([]Token, len(out.ids))
	for i, id := range out.ids {
		list[i] = Token{id, out.spans[i].start, out.spans[i].end}
	}
	return list, nil
}

func (t *Tokenizer) encode(text string, o Options, places bool) (tokens, error) {
	out := tokens{ids: []int{}, places: places}
	if len(text) > math.MaxInt32/4 {
		return out, fmt.Errorf("tokenizer: text of %d bytes, at most %d are supported", len(text), math.MaxInt32/4)
	}
	if err := t.scheme.encode(&out, text, o); err != nil {
		return tokens{}, fmt.Errorf("tokenizer: %w", err)
	}
	return out, nil
}

// span is a stretch of bytes.
type span struct{ start, end int }

// tokens is the growing result of Encode.
type tokens struct {
	ids    []int
	places bool
	spans  []span // of each id, with places
}

func (t *tokens) add(id, start, end int) {
	t.ids = append(t.ids, id)
	if t.places {
		t.spans = append(t.spans, span{start, end})
	}
}

// addAll adds tokens without bytes.
func (t *tokens) addAll(ids []int, at int) {
	for _, id := range ids {
		t.add(id, at, at)
	}
}

// Kind describes the tokenizer in a few words, as in "SentencePiece BPE".
func (t *Tokenizer) Kind() string { return t.scheme.kind() }

// Vocab returns the vocabulary; its slices must not be changed.
func (t *Tokenizer) Vocab() Vocab { return t.vocab }

// Size returns the number of tokens.
func (t *Tokenizer) Size() int { return len(t.vocab.Tokens) }

// Token returns id as the vocabulary spells it ("▁the", "<0x0A>", "Ġthe"), or ""
// for an id outside the vocabulary.
func (t *Tokenizer) Token(id int) string {
	if !t.vocab.has(id) {
		return ""
	}
	return t.vocab.Tokens[id]
}

// Check reports the first of ids that is outside the vocabulary.
func (t *Tokenizer) Check(ids []int) error {
	for i, id := range ids {
		if !t.vocab.has(id) {
			return fmt.Errorf("tokenizer: id %d at position %d is outside the vocabulary of %d tokens", id, i, t.Size())
		}
	}
	return nil
}
