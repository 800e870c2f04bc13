package convert

import (
	"fmt"
	"strings"

	"github.com/lpuctl/lpuctl/internal/tokenizer/split"
)

// component is a normalizer, pre-tokenizer or decoder of tokenizer.json, with
// the fields that the ones below have.
type component struct {
	Type       string      `json:"type"`
	Parts      []component `json:"pretokenizers,omitzero"`
	Pattern    *pattern    `json:"pattern,omitzero"`
	Behavior   string      `json:"behavior,omitzero"`
	Invert     *bool       `json:"invert,omitzero"`
	Individual *bool       `json:"individual_digits,omitzero"`
	AddPrefix  *bool       `json:"add_prefix_space,omitzero"`
	Trim       *bool       `json:"trim_offsets,omitzero"`
	UseRegex   *bool       `json:"use_regex,omitzero"`
}

type pattern struct {
	Regex string `json:"Regex"`
}

// preTokenizer is a way to split text that has a name in GGUF.
type preTokenizer struct {
	name         string
	regex        string // splits before the bytes; empty if there is none
	digits       bool   // each digit stands alone
	normalizer   *component
	ignoreMerges bool // words that are tokens are not merged
}

// preTokenizers are the names that can be converted (llama.cpp,
// convert_hf_to_gguf_update.py and src/llama-vocab.cpp).
func preTokenizers() []preTokenizer {
	return []preTokenizer{
		{name: "gpt-2"},
		{name: "smollm", digits: true},
		{name: "llama-bpe", regex: split.Llama3, ignoreMerges: true},
		{name: "qwen2", regex: split.Qwen2, normalizer: &component{Type: "NFC"}},
		{name: "gpt-4o", regex: split.O200K},
		{name: "tekken", regex: split.Tekken, ignoreMerges: true},
	}
}

func preTokenizerOf(name string) (*preTokenizer, error) {
	var known []string
	for _, p := range preTokenizers() {
		if p.name == name {
			return &p, nil
		}
		known = append(known, p.name)
	}
	return nil, fmt.Errorf("tokenizer.ggml.pre %q cannot be converted; %s can", name, strings.Join(known, ", "))
}

// preName returns the name in GGUF of what a tokenizer.json does.
func preName(f *tokenizerFile) (string, error) {
	for _, p := range preTokenizers() {
		if same(f.PreTokenizer, p.component()) && same(f.Normalizer, p.normalizer) {
			return p.name, nil
		}
	}
	return "", fmt.Errorf("normalizer %s and pre_tokenizer %s have no name in GGUF that lpuctl knows", f.Normalizer, f.PreTokenizer)
}

// component returns the pre-tokenizer as tokenizer.json has it.
func (p *preTokenizer) component() *component {
	yes, no := true, false
	switch {
	case p.regex != "":
		words := component{Type: "Split", Pattern: &pattern{p.regex}, Behavior: "Isolated", Invert: &no}
		return &component{Type: "Sequence", Parts: []component{words, *byteLevel(false)}}
	case p.digits:
		return &component{Type: "Sequence", Parts: []component{{Type: "Digits", Individual: &yes}, *byteLevel(true)}}
	}
	return byteLevel(true)
}

// byteLevel maps bytes to characters, and splits as GPT-2 does if asked to.
func byteLevel(words bool) *component {
	yes, no := true, false
	return &component{Type: "ByteLevel", AddPrefix: &no, Trim: &yes, UseRegex: &words}
}

// same compares what matters for the tokens: trim_offsets does not, and
// use_regex is true by default.
func same(a, b *component) bool { return a.String() == b.String() }

// String shows what matters.
func (c *component) String() string {
	if c == nil {
		return "none"
	}
	s := c.Type
	switch c.Type {
	case "Sequence":
		for i := range c.Parts {
			s += " " + c.Parts[i].String()
		}
	case "Split":
		s += fmt.Sprintf("(%q %s %v)", c.Pattern.text(), c.Behavior, isTrue(c.Invert, false))
	case "Digits":
		s += fmt.Sprintf("(%v)", isTrue(c.Individual, false))
	case "ByteLevel":
		s += fmt.Sprintf("(%v %v)", isTrue(c.AddPrefix, true), isTrue(c.UseRegex, true))
	}
	return s
}

func (p *pattern) text() string {
	if p == nil {
		return ""
	}
	return p.Regex
}

func isTrue(v *bool, def bool) bool {
	if v == nil {
		return def
	}
	return *v
}
