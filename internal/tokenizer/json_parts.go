package tokenizer

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lpuctl/lpuctl/internal/tokenizer/split"
	"github.com/lpuctl/lpuctl/internal/tokenizer/ucd"
)

func (b *jsonBuilder) addNormalizer(path string, data jsontext.Value, depth int) error {
	o, kind := b.open(path, data, depth)
	var n normalizer
	switch kind {
	case "Sequence":
		return b.sequence(o, "normalizers", depth, b.addNormalizer)
	case "NFC":
		n = normalForm{ucd.NFC}
	case "NFD":
		n = normalForm{ucd.NFD}
	case "NFKC":
		n = normalForm{ucd.NFKC}
	case "NFKD":
		n = normalForm{ucd.NFKD}
	case "Prepend":
		n = prepend{shortText(o, "prepend")}
	case "Replace":
		n = replaceNormalizer(o)
	case "Strip":
		n = trim{needed[bool](o, "strip_left"), needed[bool](o, "strip_right")}
	default:
		return unsupported(o, kind)
	}
	b.p.normalize = append(b.p.normalize, n)
	return o.finish()
}

func replaceNormalizer(o *object) normalizer {
	literal, pattern := patternOf(o)
	content := shortText(o, "content")
	if literal != "" {
		return replaceString{literal, content}
	}
	return replacePattern{pattern, content}
}

// shortText takes a text that a normalizer puts in.
func shortText(o *object, name string) string {
	text := needed[string](o, name)
	if len(text) > maxPut {
		o.fail(fmt.Errorf("%q has %d bytes, at most %d are supported", name, len(text), maxPut))
	}
	return text
}

// patternOf takes the member "pattern": {"String": literal} or {"Regex":
// expression}. One of the results is set.
func patternOf(o *object) (literal string, pattern split.Pattern) {
	p := needed[struct {
		String *string
		Regex  *string
	}](o, "pattern")
	switch {
	case p.String != nil && p.Regex == nil && *p.String != "":
		return *p.String, nil
	case p.Regex != nil && p.String == nil:
		compiled, err := split.New(*p.Regex)
		if err != nil {
			o.fail(err)
		}
		return "", compiled
	}
	o.fail(errors.New(`"pattern": want either a String that is not empty or a Regex`))
	return "", nil
}

func (b *jsonBuilder) addSplitter(path string, data jsontext.Value, depth int) error {
	o, kind := b.open(path, data, depth)
	if b.byteLevel {
		o.fail(fmt.Errorf("%s after ByteLevel is not supported", kind))
	}
	if kind == "Sequence" {
		return b.sequence(o, "pretokenizers", depth, b.addSplitter)
	}
	steps, ok := b.splitters(o, kind)
	if !ok {
		return unsupported(o, kind)
	}
	b.p.split = append(b.p.split, steps...)
	return o.finish()
}

// splitters returns the splitters of a pre-tokenizer.
func (b *jsonBuilder) splitters(o *object, kind string) (steps []splitter, ok bool) {
	table := ucd.Load()
	one := func(pattern split.Pattern, how behavior, invert bool) ([]splitter, bool) {
		return []splitter{patternSplitter{pattern, how, invert}}, true
	}
	switch kind {
	case "ByteLevel":
		return b.byteLevelSplitters(o), true
	case "Split":
		return splitSplitter(o), true
	case "Metaspace":
		return []splitter{metaspaceOf(o)}, true
	case "Digits":
		how := contiguous
		if needed[bool](o, "individual_digits") {
			how = isolated
		}
		return one(split.Runes(table.IsNumber), how, false)
	case "Punctuation":
		return one(split.Runes(table.IsPunctuation), behaviorOf(o, isolated), false)
	case "WhitespaceSplit":
		return one(split.Runes(func(c rune) bool { return table.Of(c)&ucd.Space != 0 }), removed, false)
	}
	return nil, false
}

func behaviorOf(o *object, absent behavior) behavior {
	how := member(o, "behavior", absent)
	if err := how.check(); err != nil {
		o.fail(err)
	}
	return how
}

func (b *jsonBuilder) byteLevelSplitters(o *object) []splitter {
	b.byteLevel = true
	o.ignore("trim_offsets") // changes places only
	var steps []splitter
	if needed[bool](o, "add_prefix_space") {
		steps = append(steps, prefixSpace{})
	}
	if member(o, "use_regex", true) {
		pattern, err := split.New(split.GPT2)
		if err != nil {
			o.fail(err)
		}
		steps = append(steps, patternSplitter{pattern: pattern, behavior: isolated})
	}
	return steps
}

func splitSplitter(o *object) []splitter {
	literal, pattern := patternOf(o)
	if literal != "" {
		pattern = split.Literal(literal)
	}
	if !o.has("behavior") {
		o.fail(errors.New(`"behavior" is missing`))
	}
	return []splitter{patternSplitter{pattern, behaviorOf(o, isolated), needed[bool](o, "invert")}}
}

// metaspaceOf reads what the pre-tokenizer and the decoder Metaspace share.
func metaspaceOf(o *object) metaspace {
	m := metaspace{
		replacement: needed[string](o, "replacement"),
		prepend:     member(o, "prepend_scheme", prependAlways),
		cut:         member(o, "split", true),
	}
	switch m.prepend {
	case prependAlways, prependFirst, prependNever:
	default:
		o.fail(fmt.Errorf("prepend_scheme %q is not supported", m.prepend))
	}
	if utf8.RuneCountInString(m.replacement) != 1 {
		o.fail(fmt.Errorf("replacement %q is not one character", m.replacement))
	}
	if !member(o, "add_prefix_space", true) && m.prepend != prependNever {
		o.fail(errors.New("add_prefix_space is false, but prepend_scheme is not never"))
	}
	o.ignore("str_rep")
	return m
}

func (b *jsonBuilder) addTemplate(path string, data jsontext.Value, depth int) error {
	o, kind := b.open(path, data, depth)
	switch kind {
	case "Sequence":
		return b.sequence(o, "processors", depth, b.addTemplate)
	case "ByteLevel":
		o.ignore("add_prefix_space", "trim_offsets", "use_regex") // change places only
		return o.finish()
	case "TemplateProcessing":
		b.setTemplate(o)
		return o.finish()
	}
	return unsupported(o, kind)
}

// jsonTemplateItem is a special token or the text.
type jsonTemplateItem struct {
	SpecialToken *jsonTemplateName
	Sequence     *jsonTemplateName
}

type jsonTemplateName struct {
	ID     string `json:"id"`
	TypeID int    `json:"type_id"`
}

type jsonTemplateToken struct {
	ID     string   `json:"id"`
	IDs    []int    `json:"ids"`
	Tokens []string `json:"tokens"`
}

// setTemplate reads what stands before and after a single text.
func (b *jsonBuilder) setTemplate(o *object) {
	if b.p.before != nil || b.p.after != nil {
		o.fail(errors.New("a second TemplateProcessing is not supported"))
	}
	o.ignore("pair")
	tokens := member(o, "special_tokens", map[string]jsonTemplateToken(nil))
	texts := 0
	for _, item := range needed[[]jsonTemplateItem](o, "single") {
		if len(b.p.before)+len(b.p.after) > maxAround {
			break
		}
		switch {
		case item.Sequence != nil && item.SpecialToken == nil && item.Sequence.ID == "A":
			texts++
		case item.SpecialToken != nil && item.Sequence == nil:
			t, ok := tokens[item.SpecialToken.ID]
			if !ok {
				o.fail(fmt.Errorf("special_tokens lacks %q", item.SpecialToken.ID))
			}
			if texts == 0 {
				b.p.before = append(b.p.before, t.IDs...)
			} else {
				b.p.after = append(b.p.after, t.IDs...)
			}
		default:
			o.fail(errors.New(`"single": want special tokens and the sequence A`))
		}
	}
	if n := len(b.p.before) + len(b.p.after); n > maxAround {
		o.fail(fmt.Errorf("%d ids around a text, at most %d are supported", n, maxAround))
	}
	if texts != 1 {
		o.fail(fmt.Errorf(`"single" has the text %d times, want once`, texts))
	}
}

func (b *jsonBuilder) addDecoder(path string, data jsontext.Value, depth int) error {
	o, kind := b.open(path, data, depth)
	if kind == "Sequence" {
		return b.sequence(o, "decoders", depth, b.addDecoder)
	}
	maker := b.stage(o, kind)
	if maker == nil && o.err == nil {
		return unsupported(o, kind)
	}
	b.p.decode = append(b.p.decode, maker)
	return o.finish()
}

// stage returns what makes a stage of decoding, nil for a kind that is not
// known.
func (b *jsonBuilder) stage(o *object, kind string) stageMaker {
	switch kind {
	case "Fuse":
		b.fused = true
		return func() stage { return keepStage{} }
	case "Strip":
		return stripStageOf(o, b.fused)
	case "Replace":
		return b.replaceStage(o)
	}
	if b.fused {
		o.fail(fmt.Errorf("%s after Fuse or ByteLevel is not supported", kind))
	}
	switch kind {
	case "ByteLevel":
		b.fused = true
		o.ignore("add_prefix_space", "trim_offsets", "use_regex")
		return func() stage { return &byteLevelStage{} }
	case "ByteFallback":
		return func() stage { return &byteFallbackStage{} }
	case "Metaspace":
		m := metaspaceOf(o)
		return func() stage { return &metaspaceStage{m.replacement, m.prepend != prependNever} }
	}
	return nil
}

// replaceStage returns the decoder Replace. After Fuse it must not look for
// more than one character, which two tokens could share.
func (b *jsonBuilder) replaceStage(o *object) stageMaker {
	literal, pattern := patternOf(o)
	content := needed[string](o, "content")
	if pattern != nil {
		o.fail(errors.New("a Regex is not supported in the decoder Replace"))
	}
	if b.fused && utf8.RuneCountInString(literal) != 1 {
		o.fail(fmt.Errorf("pattern %q after Fuse is not supported, only one character", literal))
	}
	b.grow(o, len(literal), len(content))
	return func() stage { return replaceStage{literal, content} }
}

// grow counts what a decoder makes of old bytes. After others it could make
// much of a token.
func (b *jsonBuilder) grow(o *object, old, made int) {
	if old > 0 && made > old {
		b.growth = max(b.growth, 1) * ((min(made, 1<<20) + old - 1) / old)
	}
	if b.growth > maxPut {
		o.fail(fmt.Errorf("decoders make %d bytes of one, at most %d are supported", b.growth, maxPut))
	}
}

func stripStageOf(o *object, fused bool) stageMaker {
	content := needed[string](o, "content")
	start, stop := needed[int](o, "start"), needed[int](o, "stop")
	if utf8.RuneCountInString(content) != 1 {
		o.fail(fmt.Errorf("content %q is not one character", content))
	}
	if min(start, stop) < 0 || max(start, stop) > maxPut {
		o.fail(fmt.Errorf("start %d, stop %d: want numbers from 0 to %d", start, stop, maxPut))
	}
	if fused {
		return func() stage { return &stripText{content: content, start: start, stop: stop} }
	}
	return func() stage { return stripToken{content, start, stop} }
}
