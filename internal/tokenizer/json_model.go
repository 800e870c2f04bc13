package tokenizer

import (
	"errors"
	"fmt"
	"slices"
)

// setModel reads the model, which must be BPE.
func (b *jsonBuilder) setModel(o *object) error {
	if kind := member(o, "type", "BPE"); kind != "BPE" {
		o.fail(fmt.Errorf("type %q is not supported, only BPE", kind))
	}
	for _, name := range []string{"continuing_subword_prefix", "end_of_word_suffix"} {
		if text := member(o, name, ""); text != "" {
			o.fail(fmt.Errorf("%s %q is not supported", name, text))
		}
	}
	if dropout := member(o, "dropout", 0.0); dropout != 0 {
		o.fail(fmt.Errorf("dropout %g would give different ids each time", dropout))
	}
	b.p.name, b.p.model = "BPE", &bpe{
		byteLevel:    b.byteLevel,
		fuseUnknown:  member(o, "fuse_unk", false),
		fallback:     member(o, "byte_fallback", false),
		ignoreMerges: member(o, "ignore_merges", false),
	}
	if b.byteLevel {
		b.p.name = "byte-level BPE"
	}
	if b.byteLevel && b.p.model.fallback {
		o.fail(errors.New("byte_fallback together with ByteLevel is not supported"))
	}
	unknown := member(o, "unk_token", "")
	vocab, merges := o.raw("vocab"), o.raw("merges")
	if err := o.finish(); err != nil {
		return err
	}
	if err := b.setVocab(string(vocab), unknown); err != nil {
		return fmt.Errorf("model.vocab: %w", err)
	}
	if err := b.setMerges(string(merges)); err != nil {
		return fmt.Errorf("model.merges: %w", err)
	}
	return nil
}

// setVocab reads the tokens and their ids, and gives ids to added tokens.
func (b *jsonBuilder) setVocab(text, unknown string) error {
	entries, err := parseVocab(text)
	if err != nil {
		return err
	}
	if err := b.placeAdded(entries); err != nil {
		return err
	}
	v, m := &b.p.vocab, b.p.model
	v.Tokens = make([]string, size(entries, b.added))
	v.Types = make([]int32, len(v.Tokens))
	for i := range v.Types {
		v.Types[i] = TypeUnused
	}
	for _, e := range entries {
		if v.Types[e.id] == TypeNormal {
			return fmt.Errorf("tokens %q and %q both have the id %d", v.Tokens[e.id], e.text, e.id)
		}
		v.Tokens[e.id], v.Types[e.id] = e.text, TypeNormal
	}
	for _, a := range b.added {
		v.Tokens[a.ID] = a.Content
	}
	if err := b.setUnknown(unknown); err != nil {
		return err
	}
	b.load, err = newLoader(m, entries, len(v.Tokens))
	for _, id := range m.bytes {
		if id != None && m.fallback {
			v.Types[id] = TypeByte
		}
	}
	return err
}

// setUnknown finds the unknown token, if the model names one.
func (b *jsonBuilder) setUnknown(token string) error {
	v := &b.p.vocab
	v.Unknown = None
	if token != "" {
		if v.Unknown = slices.Index(v.Tokens, token); v.Unknown == None {
			return fmt.Errorf("unk_token %q is not in it", token)
		}
	}
	b.p.model.unknown = int32(v.Unknown)
	return nil
}

// placeAdded checks that added tokens have the ids that the library gives them:
// those of the vocabulary, or the next ones after its size.
func (b *jsonBuilder) placeAdded(entries []entry) error {
	ids := make(map[string]int, len(b.added))
	for _, a := range b.added {
		ids[a.Content] = None
	}
	for _, e := range entries {
		if _, ok := ids[e.text]; ok {
			ids[e.text] = e.id
		}
	}
	next := len(entries)
	for i, a := range b.added {
		want := ids[a.Content]
		if want == None {
			want = next
			next++
		}
		if a.ID != want {
			return fmt.Errorf("added_tokens[%d] (%q) has id %d, the library gives it %d", i, a.Content, a.ID, want)
		}
		ids[a.Content] = want
	}
	return nil
}

// size returns the number of ids of a vocabulary.
func size(entries []entry, added []jsonAdded) int {
	n := 0
	for _, e := range entries {
		n = max(n, e.id+1)
	}
	for _, a := range added {
		n = max(n, a.ID+1)
	}
	return n
}

// setMerges reads the merges, ["a b", …] or [["a", "b"], …].
func (b *jsonBuilder) setMerges(text string) error {
	err := eachMerge(text, b.load.merge)
	b.load.finish()
	return err
}
