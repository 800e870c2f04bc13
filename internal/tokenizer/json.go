package tokenizer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lpuctl/lpuctl/internal/tokenizer/split"
)

// maxJSON is the size in bytes of the largest tokenizer.json.
const maxJSON = 256 << 20

// ParseJSON reads a tokenizer.json of Hugging Face tokenizers with a BPE model.
// Members and kinds of parts that are not known here are errors, since they
// could change ids. Truncation and padding are ignored: transformers sets its
// own.
//
// The file does not say which tokens are BOS and EOS. They are those that
// config names, a tokenizer_config.json; it may be nil.
func ParseJSON(data, config []byte) (*Tokenizer, error) {
	t, err := parseJSON(data, config)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: tokenizer.json: %w", err)
	}
	return t, nil
}

func parseJSON(data, config []byte) (*Tokenizer, error) {
	if len(data) > maxJSON {
		return nil, fmt.Errorf("%d bytes, at most %d are supported", len(data), maxJSON)
	}
	o := parseObject("file", data, "model")
	if version := member(o, "version", "1.0"); version != "1.0" {
		o.fail(fmt.Errorf("version %q is not supported, only 1.0", version))
	}
	o.ignore("truncation", "padding")
	b := &jsonBuilder{p: &pipeline{printed: make(map[int]string)}, added: member(o, "added_tokens", []jsonAdded(nil))}
	b.added = slices.DeleteFunc(b.added, func(a jsonAdded) bool { return a.Content == "" }) // as the library does
	b.build(o)
	if err := o.finish(); err != nil {
		return nil, err
	}
	return b.finish(config)
}

// build builds the parts of a file in the order in which they depend on each
// other.
func (b *jsonBuilder) build(file *object) {
	b.part(file, "normalizer", b.addNormalizer)
	b.part(file, "pre_tokenizer", b.addSplitter)
	b.part(file, "post_processor", b.addTemplate)
	b.part(file, "decoder", b.addDecoder)
	model := file.part("model")
	if model == nil {
		file.fail(errors.New(`"model" is missing or no object`))
	}
	if file.err == nil {
		file.err = b.setModel(model)
	}
}

// part builds a part that may be absent.
func (b *jsonBuilder) part(file *object, name string, build func(string, jsontext.Value, int) error) {
	if data := file.raw(name); data != nil && file.err == nil {
		file.err = build(name, data, 0)
	}
}

// jsonAdded is an element of added_tokens.
type jsonAdded struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// jsonBuilder makes a pipeline of the parts of a file.
type jsonBuilder struct {
	p         *pipeline
	added     []jsonAdded
	load      *loader
	byteLevel bool // the last splitter is ByteLevel
	fused     bool // decoders so far give one string
	parts     int  // that have been opened
	growth    int  // bytes that the decoders make of one, at most
}

// Bounds on what a file can make of a text.
const (
	maxDepth   = 8    // of Sequences inside each other
	maxParts   = 32   // normalizers, splitters and others in all
	maxAdded   = 512  // bytes of a token that is looked for in the text
	maxPut     = 64   // bytes that a normalizer puts for a match, and that decoders make of one
	maxAround  = 1024 // ids around a text
	maxMembers = 64   // of an object but the vocabulary
)

// open reads the object of a part and takes its type.
func (b *jsonBuilder) open(path string, data jsontext.Value, depth int) (o *object, kind string) {
	o = parseObject(path, data)
	if b.parts++; b.parts > maxParts {
		o.fail(fmt.Errorf("more than %d parts", maxParts))
	}
	if depth > maxDepth {
		o.fail(fmt.Errorf("more than %d parts inside each other", maxDepth))
	}
	kind = needed[string](o, "type")
	return o, kind
}

// sequence builds the elements of a Sequence.
func (b *jsonBuilder) sequence(o *object, name string, depth int, build func(string, jsontext.Value, int) error) error {
	parts := needed[[]jsontext.Value](o, name)
	if err := o.finish(); err != nil {
		return err
	}
	for i, data := range parts {
		if err := build(fmt.Sprintf("%s.%s[%d]", o.path, name, i), data, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func unsupported(o *object, kind string) error {
	o.fail(fmt.Errorf("type %q is not supported", kind))
	return o.err
}

// finish adds the added tokens and the ids that config names.
func (b *jsonBuilder) finish(config []byte) (*Tokenizer, error) {
	p := b.p
	if err := b.addTokens(); err != nil {
		return nil, err
	}
	if p.decode == nil {
		p.decode = []stageMaker{func() stage { return &spacer{} }}
	}
	v := &p.vocab
	v.Scores = make([]float32, len(v.Tokens))
	v.BOS, v.EOS = None, None
	v.AddBOS, v.AddEOS = len(p.before) > 0, len(p.after) > 0
	if config != nil {
		if err := b.nameSpecial(config); err != nil {
			return nil, fmt.Errorf("tokenizer_config.json: %w", err)
		}
	}
	return &Tokenizer{p.vocab, p}, p.check()
}

// addTokens adds the added tokens to the vocabulary and to what is found in
// text.
func (b *jsonBuilder) addTokens() error {
	p := b.p
	var raw, cooked []addedToken
	budget := split.NewBudget(maxAdded * len(b.added))
	for i, a := range b.added {
		if len(a.Content) > maxAdded {
			return fmt.Errorf("added_tokens[%d] has %d bytes, at most %d are supported", i, len(a.Content), maxAdded)
		}
		p.vocab.Types[a.ID] = TypeUserDefined
		if a.Special {
			p.vocab.Types[a.ID] = TypeControl
		}
		t := addedToken{a.ID, a.Content, a.Special, a.SingleWord, a.LStrip, a.RStrip}
		if !a.Normalized {
			raw = append(raw, t)
			continue
		}
		normal, err := p.normalized(newPiece(a.Content, false), budget)
		if err != nil {
			return fmt.Errorf("added_tokens[%d]: %w", i, err)
		}
		if normal.text == "" {
			return fmt.Errorf("added_tokens[%d]: nothing is left of %q when it is normalized", i, a.Content)
		}
		t.text, p.printed[a.ID] = normal.text, normal.text
		cooked = append(cooked, t)
	}
	p.raw, p.cooked = newAddedTokens(raw), newAddedTokens(cooked)
	return nil
}

// nameSpecial finds the ids of bos_token and eos_token.
func (b *jsonBuilder) nameSpecial(config []byte) error {
	var names struct {
		BOS jsontext.Value `json:"bos_token"`
		EOS jsontext.Value `json:"eos_token"`
	}
	if err := json.Unmarshal(config, &names); err != nil {
		return err
	}
	var err error
	if b.p.vocab.BOS, err = b.special(names.BOS); err != nil {
		return fmt.Errorf("bos_token: %w", err)
	}
	if b.p.vocab.EOS, err = b.special(names.EOS); err != nil {
		return fmt.Errorf("eos_token: %w", err)
	}
	return nil
}

// special returns the id of a token that is named by a string, or by an object
// with its content. A token that the vocabulary lacks is None.
func (b *jsonBuilder) special(data jsontext.Value) (int, error) {
	var token struct {
		Content string `json:"content"`
	}
	var err error
	switch data.Kind() {
	case '"':
		err = json.Unmarshal(data, &token.Content)
	case '{':
		err = json.Unmarshal(data, &token)
	case 0, 'n':
	default:
		err = errors.New("want a string or an object")
	}
	if err != nil || token.Content == "" {
		return None, err
	}
	return slices.Index(b.p.vocab.Tokens, token.Content), nil // None is -1
}
