package tokenizer

import "strings"

// space is how pieces write a space.
const space = "\u2581"

func (t *sentencePiece) encode(out *tokens, text string, o Options) error {
	if o.Add && t.vocab.AddBOS {
		out.add(t.vocab.BOS, 0, 0)
	}
	p := newPiece(text, out.places)
	if o.Parse {
		t.encodeSpecial(out, p)
	} else {
		t.encodeText(out, p)
	}
	if o.Add && t.vocab.AddEOS {
		out.add(t.vocab.EOS, len(text), len(text))
	}
	return nil
}

// encodeSpecial encodes text with special pieces in it. Each stretch between
// them is encoded on its own, space prefix included, as llama.cpp and Hugging
// Face's Llama 2 tokenizer do.
func (t *sentencePiece) encodeSpecial(out *tokens, p piece) {
	from := 0
	for {
		at, id, length, ok := t.special.next(p.text, from)
		t.encodeText(out, p.slice(from, at))
		if !ok {
			return
		}
		from = at + length
		start, end := p.origin(at, from)
		out.add(id, start, end)
	}
}

func (t *sentencePiece) encodeText(out *tokens, p piece) {
	p = t.normalize(p)
	m := newMerger(t, p.text)
	m.run()
	m.addTo(out, p)
}

// normalize returns text as SentencePiece's identity normalizer does: spaces
// as U+2581, with the prefix and the removal of spaces that the vocabulary
// asks for.
func (t *sentencePiece) normalize(p piece) piece {
	if t.vocab.RemoveExtraSpaces {
		p = collapse(p)
	}
	if p.text == "" {
		return p
	}
	p = p.replaceAll(" ", space)
	if t.vocab.AddSpacePrefix {
		p = p.prepend(space)
	}
	if t.vocab.RemoveExtraSpaces {
		for strings.HasSuffix(p.text, space) {
			p = p.slice(0, len(p.text)-len(space))
		}
	}
	return p
}

// collapse drops the spaces at the start of p and those that follow a space.
func collapse(p piece) piece {
	w := rewriter{from: p}
	last := byte(' ')
	for i := range len(p.text) {
		if p.text[i] == ' ' && last == ' ' {
			w.keep(i)
			w.put("", i+1)
		}
		last = p.text[i]
	}
	return w.finish()
}

// addPiece adds id, the id of bytes start to end of p. A character that the
// vocabulary lacks (None) gives its bytes or else the unknown token, once for a
// run of such characters.
func (t *sentencePiece) addPiece(out *tokens, p piece, start, end int, id int32, inRun bool) {
	first, last := p.origin(start, end)
	switch {
	case id != None:
		out.add(int(id), first, last)
	case t.bytes == nil && inRun:
	case t.bytes == nil:
		out.add(t.vocab.Unknown, first, last)
	default:
		for i := start; i < end; i++ {
			out.add(int(t.bytes[p.text[i]]), first, last)
		}
	}
}
