package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// pieceStream decodes pieces: control tokens are left out, unknown tokens and
// ids outside the vocabulary print as UnknownSurface, and the one space that
// Encode put before the text is removed. Byte pieces that follow each other are
// read as UTF-8; each byte that is not part of a character gives one U+FFFD, as
// in SentencePiece.
type pieceStream struct {
	t       *sentencePiece
	special bool   // print control and unknown pieces
	started bool   // some text is out, or the space prefix has been removed
	pending []byte // at most 3 bytes that may begin a character
}

func (t *sentencePiece) stream(special bool) decoder {
	started := !t.vocab.AddSpacePrefix && !t.vocab.RemoveExtraSpaces
	return &pieceStream{t: t, special: special, started: started}
}

func (s *pieceStream) push(id int, out *strings.Builder) {
	if b, ok := s.t.values[id]; ok {
		s.pushByte(b, out)
		return
	}
	before := out.Len()
	s.flush(out)
	out.WriteString(s.piece(id))
	s.started = s.started || out.Len() > before
}

func (s *pieceStream) flush(out *strings.Builder) {
	for range s.pending {
		out.WriteRune(utf8.RuneError)
	}
	s.pending = s.pending[:0]
}

func (s *pieceStream) pushByte(b byte, out *strings.Builder) {
	s.started = true
	s.pending = append(s.pending, b)
	for len(s.pending) > 0 && utf8.FullRune(s.pending) {
		r, n := utf8.DecodeRune(s.pending)
		out.WriteRune(r)
		s.pending = append(s.pending[:0], s.pending[n:]...)
	}
}

// piece returns the text of a token that is not a byte.
func (s *pieceStream) piece(id int) string {
	v := &s.t.vocab
	if !v.has(id) {
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
func (s *pieceStream) trimPrefix(piece string) string {
	if s.started || !strings.HasPrefix(piece, space) {
		return piece
	}
	s.started = !s.t.vocab.RemoveExtraSpaces
	return piece[len(space):]
}
