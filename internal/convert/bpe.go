package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// tokenizerFile is what matters of tokenizer.json, of a byte-level BPE.
type tokenizerFile struct {
	Version       string         `json:"version"`
	Truncation    any            `json:"truncation"`
	Padding       any            `json:"padding"`
	AddedTokens   []addedJSON    `json:"added_tokens"`
	Normalizer    *component     `json:"normalizer"`
	PreTokenizer  *component     `json:"pre_tokenizer"`
	PostProcessor jsontext.Value `json:"post_processor"`
	Decoder       *component     `json:"decoder"`
	Model         bpeModel       `json:"model"`
}

type addedJSON struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

type bpeModel struct {
	Type         string           `json:"type"`
	Dropout      any              `json:"dropout"`
	Unknown      *string          `json:"unk_token"`
	SubPrefix    *string          `json:"continuing_subword_prefix"`
	WordSuffix   *string          `json:"end_of_word_suffix"`
	FuseUnknown  bool             `json:"fuse_unk"`
	ByteFallback bool             `json:"byte_fallback"`
	IgnoreMerges bool             `json:"ignore_merges"`
	Vocab        map[string]int   `json:"vocab"`
	Merges       []jsontext.Value `json:"merges"`
}

// readTokenizerJSON reads tokenizer.json, if the folder has it.
func (v *vocab) readTokenizerJSON(dir string) error {
	text, err := readFile(dir, "tokenizer.json")
	if err != nil || text == nil {
		return err
	}
	if err := v.parseTokenizer(text); err != nil {
		return fmt.Errorf("tokenizer.json: %w", err)
	}
	return nil
}

func (v *vocab) parseTokenizer(text []byte) (err error) {
	f := &tokenizerFile{}
	if err := json.Unmarshal(text, f); err != nil {
		return err
	}
	if f.Model.Type != "BPE" || f.Model.ByteFallback {
		return fmt.Errorf("model %q (byte_fallback %v): only byte-level BPE can be converted; a SentencePiece model needs its tokenizer.model",
			f.Model.Type, f.Model.ByteFallback)
	}
	*v = vocab{model: "gpt2", bos: -1, eos: -1, unknown: -1, padding: -1, addBOS: strings.Contains(string(f.PostProcessor), `"TemplateProcessing"`)}
	if v.pre, err = preName(f); err != nil {
		return err
	}
	if err := v.tokensOfJSON(f); err != nil {
		return err
	}
	for i, m := range f.Model.Merges {
		merge, err := mergeText(m)
		if err != nil {
			return fmt.Errorf("merge %d: %w", i, err)
		}
		v.merges = append(v.merges, merge)
	}
	return nil
}

// tokensOfJSON puts the vocabulary and the added tokens, which may be in it, in
// the order of ids.
func (v *vocab) tokensOfJSON(f *tokenizerFile) error {
	most := len(f.Model.Vocab) + len(f.AddedTokens)
	v.tokens, v.types = make([]string, most), make([]int32, most)
	n := 0
	put := func(id int, token string, kind int32) error {
		if id < 0 || id >= most {
			return fmt.Errorf("token %q has id %d, but there are %d tokens", token, id, most)
		}
		v.tokens[id], v.types[id], n = token, kind, max(n, id+1)
		return nil
	}
	for token, id := range f.Model.Vocab {
		if err := put(id, token, tokenizer.TypeNormal); err != nil {
			return err
		}
	}
	for _, t := range f.AddedTokens {
		kind := int32(tokenizer.TypeUserDefined)
		if t.Special {
			kind = tokenizer.TypeControl
		}
		if err := put(t.ID, t.Content, kind); err != nil {
			return err
		}
	}
	v.tokens, v.types = v.tokens[:n], v.types[:n]
	if id := slices.Index(v.types, 0); id >= 0 {
		return fmt.Errorf("no token has id %d", id)
	}
	return nil
}

// mergeText returns a merge as GGUF has it, "a b"; newer files have pairs.
func mergeText(value jsontext.Value) (text string, err error) {
	if value.Kind() == '"' {
		return text, json.Unmarshal(value, &text)
	}
	var pair []string
	if err := json.Unmarshal(value, &pair); err != nil {
		return "", err
	}
	if len(pair) != 2 {
		return "", fmt.Errorf("%d parts, not 2", len(pair))
	}
	return pair[0] + " " + pair[1], nil
}

// tokenizerJSON returns tokenizer.json.
func (v *vocab) tokenizerJSON() ([]byte, error) {
	p, err := preTokenizerOf(v.pre)
	if err != nil {
		return nil, err
	}
	f := tokenizerFile{
		Version: "1.0", AddedTokens: v.addedTokens(), Normalizer: p.normalizer, PreTokenizer: p.component(), Decoder: byteLevel(true),
		PostProcessor: v.postProcessor(),
		Model:         bpeModel{Type: "BPE", IgnoreMerges: p.ignoreMerges, Vocab: map[string]int{}},
	}
	for id, token := range v.tokens[:v.learned()] {
		f.Model.Vocab[token] = id
	}
	for _, m := range v.merges {
		a, b, ok := strings.Cut(m, " ")
		if !ok {
			return nil, fmt.Errorf("tokenizer.ggml.merges has %q, not two parts", m)
		}
		pair, err := json.Marshal([]string{a, b})
		if err != nil {
			return nil, err
		}
		f.Model.Merges = append(f.Model.Merges, pair)
	}
	return json.Marshal(&f, json.Deterministic(true), json.FormatNilSliceAsNull(false))
}

// learned is the number of tokens up to the last that is not added. They make
// the vocabulary of tokenizer.json, added ones among them included: readers
// number added tokens that are not in it from its end on, whatever their id.
func (v *vocab) learned() int {
	n := len(v.tokens)
	for n > 0 && v.types[n-1] == tokenizer.TypeUnused { // rows without a token
		n--
	}
	for n > 0 && v.types[n-1] != tokenizer.TypeNormal && v.types[n-1] != tokenizer.TypeUnused {
		n--
	}
	return n
}

// addedTokens lists the tokens that are not merged from text.
func (v *vocab) addedTokens() []addedJSON {
	list := []addedJSON{}
	for id, token := range v.tokens {
		switch kind := v.types[id]; kind {
		case tokenizer.TypeControl, tokenizer.TypeUserDefined, tokenizer.TypeUnknown:
			list = append(list, addedJSON{ID: id, Content: token, Special: kind != tokenizer.TypeUserDefined})
		}
	}
	return list
}

// postProcessor returns the one of a byte-level BPE, in JSON.
func (v *vocab) postProcessor() jsontext.Value {
	var p any = byteLevel(true)
	if t := v.bosTemplate(); t != nil {
		p = t
	}
	text, _ := json.Marshal(p, json.Deterministic(true)) // plain data cannot fail
	return text
}

// bosTemplate is the post-processor that puts BOS before a text, nil if the
// tokenizer does not do that.
func (v *vocab) bosTemplate() object {
	if !v.addBOS || v.bos < 0 || v.bos >= len(v.tokens) {
		return nil
	}
	bos := v.tokens[v.bos]
	special := func(n int) any { return object{"SpecialToken": object{"id": bos, "type_id": n}} }
	sequence := func(id string, n int) any { return object{"Sequence": object{"id": id, "type_id": n}} }
	return object{
		"type": "TemplateProcessing", "single": []any{special(0), sequence("A", 0)},
		"pair":           []any{special(0), sequence("A", 0), special(1), sequence("B", 1)},
		"special_tokens": object{bos: object{"id": bos, "ids": []int{v.bos}, "tokens": []string{bos}}},
	}
}
