package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// Decode returns the text of ids: control tokens are left out, unknown tokens
// and ids outside the vocabulary print as UnknownSurface, and the one space
// that Encode put before the text is removed. Byte pieces that follow each
// other are read as UTF-8; each byte that is not part of a character gives one
// U+FFFD, as in SentencePiece.
func (t *Tokenizer) Decode(ids []int) string { return t.NewStream().all(ids) }

// DecodeSpecial is Decode with control and unknown tokens printed as the
// vocabulary spells them.
func (t *Tokenizer) DecodeSpecial(ids []int) string {
	s := t.NewStream()
	s.special = true
	return s.all(ids)
}

// Stream decodes ids as they come. What Push returns over a stream's life,
// followed by what Flush returns, is what Decode makes of all the ids. To print
// the continuation of a prompt, push the prompt's ids first and drop the text.
type Stream struct {
	t       *Tokenizer
	special bool   // print control and unknown pieces
	started bool   // some text is out, or the space prefix has been removed
	pending []byte // at most 3 bytes that may begin a character
}

// NewStream returns a stream at the beginning of a text.
func (t *Tokenizer) NewStream() *Stream {
	v := t.vocab
	return &Stream{t: t, started: !v.AddSpacePrefix && !v.RemoveExtraSpaces}
}

// Push returns the text that is certain after id: complete characters only.
func (s *Stream) Push(id int) string {
	if b, ok := s.t.values[id]; ok {
		return s.pushByte(b)
	}
	text := s.Flush() + s.piece(id)
	s.started = s.started || text != ""
	return text
}

// Flush ends a run of bytes, and returns U+FFFD for each byte of a character
// that was cut short.
func (s *Stream) Flush() string {
	text := strings.Repeat("\uFFFD", len(s.pending))
	s.pending = s.pending[:0]
	return text
}

func (s *Stream) all(ids []int) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(s.Push(id))
	}
	b.WriteString(s.Flush())
	return b.String()
}

func (s *Stream) pushByte(b byte) string {
	s.started = true
	s.pending = append(s.pending, b)
	var text strings.Builder
	for len(s.pending) > 0 && utf8.FullRune(s.pending) {
		r, n := utf8.DecodeRune(s.pending)
		text.WriteRune(r)
		s.pending = append(s.pending[:0], s.pending[n:]...)
	}
	return text.String()
}

// piece returns the text of a token that is not a byte.
func (s *Stream) piece(id int) string {
	v := &s.t.vocab
	if !s.t.has(id) {
		return v.UnknownSurface
	}
	switch kind := v.Types[id]; {
	case s.special && (kind == TypeControl || kind == TypeUnknown):
		return v.Tokens[id]
	case kind == TypeControl:
		return ""
	case kind == TypeUnknown:
		return v.UnknownSurface
	}
	return strings.ReplaceAll(s.trimPrefix(v.Tokens[id]), space, " ")
}

// trimPrefix removes the space before the first text. Where extra spaces are
// removed too, SentencePiece drops one from every piece until there is text.
func (s *Stream) trimPrefix(piece string) string {
	if s.started || !strings.HasPrefix(piece, space) {
		return piece
	}
	s.started = !s.t.vocab.RemoveExtraSpaces
	return piece[len(space):]
}
