package tokenizer

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/tokenizer/split"
)

// Keys of a byte-level vocabulary.
const (
	keyPre    = "tokenizer.ggml.pre"
	keyMerges = "tokenizer.ggml.merges"
)

// preTokenizer is what a name of tokenizer.ggml.pre stands for: the patterns
// that text is cut with, one after the other.
type preTokenizer struct {
	patterns     []string
	ignoreMerges bool
	addBOS       bool // where the file does not say
}

// preTokenizers maps names to pre-tokenizers as llama.cpp does
// (llama-vocab.cpp), as far as their patterns are those of models here. The
// patterns are those of the models' own tokenizer.json files.
func preTokenizers(name string) (preTokenizer, bool) {
	switch name {
	case "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v2-code", "gigachat", "a.x-4.0",
		"mellum", "modern-bert", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4":
		return preTokenizer{patterns: []string{split.GPT2}}, true
	case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2":
		return preTokenizer{patterns: []string{split.Number, split.GPT2}}, true
	case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano":
		return preTokenizer{patterns: []string{split.Llama3}, ignoreMerges: true, addBOS: true}, true
	case "dbrx", "smaug-bpe", "chatglm-bpe", "glm4":
		return preTokenizer{patterns: []string{split.Llama3}}, true
	case "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "hunyuan", "megrez", "solar-open", "grok-2":
		return preTokenizer{patterns: []string{split.Qwen2}}, true
	case "qwen35":
		return preTokenizer{patterns: []string{split.Qwen35}}, true
	case "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2":
		return preTokenizer{patterns: []string{split.O200K}}, true
	case "tekken":
		return preTokenizer{patterns: []string{split.Tekken}, ignoreMerges: true, addBOS: true}, true
	case "deepseek-llm":
		return preTokenizer{patterns: []string{
			split.LineBreak, split.CasedLetters, split.EastAsianMarks, split.Trailing, split.EastAsian, split.Numbers,
		}}, true
	case "deepseek-coder":
		return preTokenizer{patterns: []string{split.LineBreak, split.Letters, split.Marks, split.EastAsian, split.Number}}, true
	case "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4":
		return preTokenizer{patterns: []string{split.Thousands, split.CJK, split.DeepSeek3}}, true
	}
	return preTokenizer{}, false
}

// bpeFromGGUF reads a vocabulary of the model "gpt2".
func bpeFromGGUF(r *metadataReader) (*Tokenizer, error) {
	name := optional(r, keyPre, "")
	pre, ok := preTokenizers(name)
	if r.err == nil && !ok {
		return nil, fmt.Errorf("%s is %q, whose pattern is not known", keyPre, name)
	}
	v := Vocab{
		Tokens:  required[[]string](r, keyTokens),
		Types:   required[[]int32](r, keyTypes),
		BOS:     r.id(keyBOS, None),
		EOS:     r.id(keyEOS, None),
		Unknown: r.id(keyUnknown, None),
		AddBOS:  optional(r, keyAddBOS, pre.addBOS),
		AddEOS:  optional(r, keyAddEOS, false),
	}
	merges := required[[]string](r, keyMerges)
	if r.err != nil {
		return nil, r.err
	}
	v.Scores = make([]float32, len(v.Tokens))
	if err := v.validate(); err != nil {
		return nil, err
	}
	p, err := ggufPipeline(v, pre, merges)
	if err != nil {
		return nil, err
	}
	return &Tokenizer{v, p}, nil
}

func ggufPipeline(v Vocab, pre preTokenizer, merges []string) (*pipeline, error) {
	m := &bpe{byteLevel: true, holes: true, ignoreMerges: pre.ignoreMerges, unknown: None}
	if err := loadGGUF(m, v.Tokens, merges); err != nil {
		return nil, err
	}
	p := &pipeline{
		name:   "byte-level BPE",
		vocab:  v,
		raw:    newAddedTokens(ggufAdded(&v)),
		model:  m,
		decode: []stageMaker{func() stage { return &byteLevelStage{} }},
	}
	for _, pattern := range pre.patterns {
		s, err := split.New(pattern)
		if err != nil {
			return nil, err
		}
		p.split = append(p.split, patternSplitter{pattern: s, behavior: isolated})
	}
	if v.AddBOS {
		p.before = []int{v.BOS}
	}
	if v.AddEOS {
		p.after = []int{v.EOS}
	}
	return p, nil
}

// ggufAdded returns the tokens that are not merged from text.
func ggufAdded(v *Vocab) []addedToken {
	var list []addedToken
	for id, token := range v.Tokens {
		switch v.Types[id] {
		case TypeControl, TypeUnknown:
			list = append(list, addedToken{id: id, text: token, special: true})
		case TypeUserDefined:
			list = append(list, addedToken{id: id, text: token})
		}
	}
	return list
}

// loadGGUF fills a model with tokens in the byte-level alphabet and merges "left
// right".
func loadGGUF(m *bpe, spellings, merges []string) error {
	entries := make([]entry, len(spellings))
	for id, token := range spellings {
		entries[id] = entry{token, id}
	}
	l, err := newLoader(m, entries, len(entries))
	if err != nil {
		return err
	}
	for rank, line := range merges {
		left, right, ok := cutMerge(line)
		if !ok {
			return fmt.Errorf("merge %d is %q, want two tokens with a space between", rank, line)
		}
		if err := l.merge(rank, left, right); err != nil {
			return err
		}
	}
	l.finish()
	return nil
}
