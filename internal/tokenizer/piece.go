package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// piece is a part of a text on its way to tokens, perhaps rewritten.
type piece struct {
	text   string
	start  int    // where it begins in the original
	spans  []span // the place in the original of each byte; nil where text is the original
	places bool   // whether rewriting must keep spans
}

// newPiece returns a whole text. Bytes that are not UTF-8 become U+FFFD.
func newPiece(text string, places bool) piece {
	p := piece{text: text, places: places}
	if utf8.ValidString(text) {
		return p
	}
	w := rewriter{from: p}
	for i, c := range text {
		if c != utf8.RuneError {
			continue
		}
		w.keep(i)
		_, n := utf8.DecodeRuneInString(text[i:])
		w.put("\uFFFD", i+n)
	}
	return w.finish()
}

// slice returns the bytes i to j of p.
func (p piece) slice(i, j int) piece {
	q := piece{text: p.text[i:j], start: p.start + i, places: p.places}
	if p.spans != nil {
		q.spans = p.spans[i:j]
		q.start, _ = p.origin(i, j)
	}
	return q
}

// origin returns the place in the original of the bytes i to j of p.
func (p piece) origin(i, j int) (start, end int) {
	switch {
	case p.spans == nil:
		return p.start + i, p.start + j
	case i < j:
		return p.spans[i].start, p.spans[j-1].end
	case i < len(p.spans):
		return p.spans[i].start, p.spans[i].start
	case i > 0:
		return p.spans[i-1].end, p.spans[i-1].end
	}
	return p.start, p.start
}

// characters is origin with i and j moved outwards to whole characters.
func (p piece) characters(i, j int) span {
	for i > 0 && i < len(p.text) && !utf8.RuneStart(p.text[i]) {
		i--
	}
	for j < len(p.text) && !utf8.RuneStart(p.text[j]) {
		j++
	}
	start, end := p.origin(i, j)
	return span{start, end}
}

// rewriter makes a piece out of another, from left to right.
type rewriter struct {
	from  piece
	done  int // bytes of from that are dealt with
	out   strings.Builder
	spans []span
}

// keep copies from up to byte end.
func (w *rewriter) keep(end int) {
	w.out.WriteString(w.from.text[w.done:end])
	for ; w.from.places && w.done < end; w.done++ {
		start, end := w.from.origin(w.done, w.done+1)
		w.spans = append(w.spans, span{start, end})
	}
	w.done = end
}

// put writes text, which stands for from up to byte end.
func (w *rewriter) put(text string, end int) {
	w.out.WriteString(text)
	if w.from.places {
		start, stop := w.from.origin(w.done, end)
		for range len(text) {
			w.spans = append(w.spans, span{start, stop})
		}
	}
	w.done = end
}

// finish keeps what is left and returns the new piece.
func (w *rewriter) finish() piece {
	w.keep(len(w.from.text))
	return piece{text: w.out.String(), start: w.from.start, spans: w.spans, places: w.from.places}
}

// replaceAll returns p with every old, which is not empty, written as text.
func (p piece) replaceAll(old, text string) piece {
	if !strings.Contains(p.text, old) {
		return p
	}
	w := rewriter{from: p}
	for at := 0; ; {
		n := strings.Index(p.text[at:], old)
		if n < 0 {
			return w.finish()
		}
		w.keep(at + n)
		at += n + len(old)
		w.put(text, at)
	}
}

// prepend returns p with text before it.
func (p piece) prepend(text string) piece {
	w := rewriter{from: p}
	w.put(text, 0)
	return w.finish()
}
