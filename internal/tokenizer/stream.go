package tokenizer

import "strings"

// Decode returns the text of ids without special tokens. Ids outside the
// vocabulary print nothing, or UnknownSurface in SentencePiece's. Bytes that
// are no characters print as U+FFFD: as many as SentencePiece or Hugging Face
// tokenizers print.
func (t *Tokenizer) Decode(ids []int) string { return t.newStream(false).all(ids) }

// DecodeSpecial is Decode with special tokens printed as the vocabulary spells
// them.
func (t *Tokenizer) DecodeSpecial(ids []int) string { return t.newStream(true).all(ids) }

// decoder turns tokens into text as they come.
type decoder interface {
	// push adds the text that is certain after id to out.
	push(id int, out *strings.Builder)
	// flush adds what was held back.
	flush(out *strings.Builder)
}

// Stream decodes ids as they come. What Push returns over a stream's life,
// followed by what Flush returns, is what Decode makes of all the ids. To print
// the continuation of a prompt, push the prompt's ids first and drop the text.
type Stream struct{ decoder decoder }

// NewStream returns a stream at the beginning of a text.
func (t *Tokenizer) NewStream() *Stream { return t.newStream(false) }

func (t *Tokenizer) newStream(special bool) *Stream {
	return &Stream{t.scheme.stream(special)}
}

// Push returns the text that is certain after id: complete characters only.
func (s *Stream) Push(id int) string {
	var out strings.Builder
	s.decoder.push(id, &out)
	return out.String()
}

// Flush ends the text, and returns what was held back: U+FFFD for the bytes of
// a character that was cut short.
func (s *Stream) Flush() string {
	var out strings.Builder
	s.decoder.flush(&out)
	return out.String()
}

func (s *Stream) all(ids []int) string {
	var out strings.Builder
	for _, id := range ids {
		s.decoder.push(id, &out)
	}
	s.decoder.flush(&out)
	return out.String()
}
