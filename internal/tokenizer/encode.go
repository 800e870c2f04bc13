package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// space is how pieces write a space.
const space = "\u2581"

// Encode returns the ids of text. Control pieces spelled in the text are plain
// characters. With special, BOS and EOS are added as the vocabulary's AddBOS
// and AddEOS say. Each byte that is not UTF-8 counts as U+FFFD.
func (t *Tokenizer) Encode(text string, special bool) []int {
	var ids []int
	if special && t.vocab.AddBOS {
		ids = append(ids, t.vocab.BOS)
	}
	ids = t.appendText(ids, text)
	if special && t.vocab.AddEOS {
		ids = append(ids, t.vocab.EOS)
	}
	return ids
}

// EncodeSpecial returns the ids of text in which control and unknown pieces
// ("<s>", "</s>") stand for themselves, the leftmost and longest first, as in a
// rendered chat template. It adds no BOS or EOS: templates write their own.
// Each stretch of text between special pieces is encoded on its own, space
// prefix included, as llama.cpp and Hugging Face's Llama 2 tokenizer do.
func (t *Tokenizer) EncodeSpecial(text string) []int {
	var ids []int
	for {
		at, id, length, ok := t.special.next(text)
		ids = t.appendText(ids, text[:at])
		if !ok {
			return ids
		}
		ids = append(ids, id)
		text = text[at+length:]
	}
}

func (t *Tokenizer) appendText(ids []int, text string) []int {
	text = t.normalize(text)
	m := newMerger(t, text)
	m.run()
	return m.appendIDs(ids)
}

// normalize returns text as SentencePiece's identity normalizer does: spaces
// as U+2581, with the prefix and the removal of spaces that the vocabulary
// asks for.
func (t *Tokenizer) normalize(text string) string {
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	if t.vocab.RemoveExtraSpaces {
		text = collapse(text)
	}
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(text, " ", space)
	if t.vocab.AddSpacePrefix {
		text = space + text
	}
	if t.vocab.RemoveExtraSpaces {
		for strings.HasSuffix(text, space) {
			text = strings.TrimSuffix(text, space)
		}
	}
	return text
}

// collapse drops the spaces at the start of s and those that follow a space.
func collapse(s string) string {
	var b strings.Builder
	last := byte(' ')
	for i := range len(s) {
		if s[i] != ' ' || last != ' ' {
			b.WriteByte(s[i])
		}
		last = s[i]
	}
	return b.String()
}

// appendPiece appends id, the id of piece. A character that the vocabulary
// lacks (None) gives its bytes or else the unknown token, once for a run of
// such characters.
func (t *Tokenizer) appendPiece(ids []int, piece string, id int32, inRun bool) []int {
	switch {
	case id != None:
		return append(ids, int(id))
	case t.bytes == nil && inRun:
		return ids
	case t.bytes == nil:
		return append(ids, t.vocab.Unknown)
	}
	for i := range len(piece) {
		ids = append(ids, int(t.bytes[piece[i]]))
	}
	return ids
}
