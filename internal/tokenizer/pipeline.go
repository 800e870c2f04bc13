package tokenizer

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/tokenizer/split"
)

// pipeline is the scheme of Hugging Face tokenizers around a bpe model: added
// tokens are cut out of the text, what is left is normalized, split into words
// and merged.
type pipeline struct {
	name      string
	vocab     Vocab
	raw       addedTokens // matched before the normalizer
	cooked    addedTokens // matched after it, by their normalized form
	normalize []normalizer
	split     []splitter
	model     *bpe
	before    []int // what Options.Add puts before a text
	after     []int // and after it
	decode    []stageMaker
	printed   map[int]string // added tokens that decode in their normalized form
}

// normalizer rewrites a text.
type normalizer interface {
	normalize(p piece) (piece, error)
}

// splitter cuts a text into words, which it may rewrite, and passes them on.
type splitter interface {
	split(p piece, next func(piece) error) error
}

func (t *pipeline) kind() string { return t.name }

func (t *pipeline) encode(out *tokens, text string, o Options) error {
	if o.Add {
		out.addAll(t.before, 0)
	}
	if err := t.encodeText(out, newPiece(text, out.places), o.Parse); err != nil {
		return err
	}
	if o.Add {
		out.addAll(t.after, len(text))
	}
	return nil
}

// encodeText cuts the added tokens out of a text. With parse, special ones too.
func (t *pipeline) encodeText(out *tokens, p piece, parse bool) error {
	budget := split.NewBudget(len(p.text))
	words := t.words(out, budget)
	return t.raw.cut(p, parse, out, func(p piece) error {
		p, err := t.normalized(p, budget)
		if err != nil {
			return err
		}
		return t.cooked.cut(p, parse, out, words)
	})
}

// normalized applies the normalizers. It refuses those that make much more of a
// text than any normal form does.
func (t *pipeline) normalized(p piece, budget *split.Budget) (piece, error) {
	size := len(p.text)
	for _, n := range t.normalize {
		if r, ok := n.(replacePattern); ok {
			r.pattern = budget.Limit(r.pattern)
			n = r
		}
		var err error
		if p, err = n.normalize(p); err != nil {
			return p, err
		}
		if len(p.text) > 1<<10+18*size {
			return p, fmt.Errorf("normalizers make %d bytes of %d", len(p.text), size)
		}
	}
	return p, nil
}

// words returns what splits a text and adds the tokens of its words to out.
func (t *pipeline) words(out *tokens, budget *split.Budget) func(piece) error {
	e := &encoder{m: t.model}
	last := func(p piece) error {
		for _, u := range e.word(p.text) {
			if out.places {
				out.spans = append(out.spans, p.characters(int(u.start), int(u.end)))
			}
			out.ids = append(out.ids, int(u.id))
		}
		return nil
	}
	for i := len(t.split) - 1; i >= 0; i-- {
		step, next := t.split[i], last
		if s, ok := step.(patternSplitter); ok {
			s.pattern = budget.Limit(s.pattern)
			step = s
		}
		last = func(p piece) error { return step.split(p, next) }
	}
	return last
}

// check reports the first id that the pipeline could give and the vocabulary
// lacks.
func (t *pipeline) check() error {
	for _, id := range append(append([]int{}, t.before...), t.after...) {
		if !t.vocab.has(id) {
			return fmt.Errorf("id %d of the template is outside the vocabulary of %d tokens", id, len(t.vocab.Tokens))
		}
	}
	return nil
}
