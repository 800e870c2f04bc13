package tokenizer

import (
	"unicode/utf8"

	"github.com/lpuctl/lpuctl/internal/tokenizer/split"
	"github.com/lpuctl/lpuctl/internal/tokenizer/ucd"
)

// normalForm brings a text into a Unicode normal form.
type normalForm struct{ form ucd.Form }

func (n normalForm) normalize(p piece) (piece, error) {
	if ascii(p.text) {
		return p, nil
	}
	w := rewriter{from: p}
	n.form.Each(p.text, func(text string, start, end int) {
		if text == p.text[start:end] {
			w.keep(end)
		} else {
			w.put(text, end)
		}
	})
	return w.finish(), nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// prepend puts text before a text that is not empty.
type prepend struct{ text string }

func (n prepend) normalize(p piece) (piece, error) {
	if p.text == "" {
		return p, nil
	}
	return p.prepend(n.text), nil
}

// replaceString replaces old, which is not empty.
type replaceString struct{ old, text string }

func (n replaceString) normalize(p piece) (piece, error) { return p.replaceAll(n.old, n.text), nil }

// replacePattern replaces the matches of a pattern.
type replacePattern struct {
	pattern split.Pattern
	text    string
}

func (n replacePattern) normalize(p piece) (piece, error) {
	w := rewriter{from: p}
	err := n.pattern.Each(p.text, func(start, end int) {
		w.keep(start)
		w.put(n.text, end)
	})
	return w.finish(), err
}

// trim removes white space from the ends of a text.
type trim struct{ left, right bool }

func (n trim) normalize(p piece) (piece, error) {
	start, end := 0, len(p.text)
	table := ucd.Load()
	for n.left && start < end {
		c, size := utf8.DecodeRuneInString(p.text[start:end])
		if table.Of(c)&ucd.Space == 0 {
			break
		}
		start += size
	}
	for n.right && start < end {
		c, size := utf8.DecodeLastRuneInString(p.text[start:end])
		if table.Of(c)&ucd.Space == 0 {
			break
		}
		end -= size
	}
	return p.slice(start, end), nil
}
