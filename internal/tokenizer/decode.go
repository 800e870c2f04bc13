package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// stage is a step of decoding: it turns the strings of tokens, or what an
// earlier stage made of them, into other strings.
type stage interface {
	push(token string, next func(string))
	flush(next func(string))
	// bytes is push in the middle of a text, with bytes left as they are.
	bytes(token string) string
}

// stageMaker returns a stage at the beginning of a text.
type stageMaker func() stage

// stageStream decodes with the stages of a pipeline.
type stageStream struct {
	t       *pipeline
	special bool
	stages  []stage
}

func (t *pipeline) stream(special bool) decoder {
	s := &stageStream{t: t, special: special}
	for _, newStage := range t.decode {
		s.stages = append(s.stages, newStage())
	}
	return s
}

func (s *stageStream) push(id int, out *strings.Builder) {
	v := &s.t.vocab
	if !v.has(id) || !s.special && v.Types[id] == TypeControl {
		return
	}
	token, ok := s.t.printed[id]
	if !ok {
		token = v.Tokens[id]
	}
	if token != "" { // an id without a token
		s.run(0, token, out)
	}
}

// run sends a token through the stages from i on.
func (s *stageStream) run(i int, token string, out *strings.Builder) {
	if i == len(s.stages) {
		out.WriteString(token)
		return
	}
	s.stages[i].push(token, func(token string) { s.run(i+1, token, out) })
}

func (s *stageStream) flush(out *strings.Builder) {
	for i, st := range s.stages {
		st.flush(func(token string) { s.run(i+1, token, out) })
	}
}

// spacer puts a space between tokens: what a file without a decoder means.
type spacer struct{ started bool }

func (s *spacer) push(token string, next func(string)) {
	if s.started {
		token = " " + token
	}
	s.started = true
	next(token)
}

func (s *spacer) flush(func(string)) {}

// byteLevelStage reads tokens in the byte-level alphabet, others as they are,
// and makes text of all the bytes. Each maximal part of a character gives one
// U+FFFD.
type byteLevelStage struct{ pending []byte }

func (s *byteLevelStage) push(token string, next func(string)) {
	bytes, ok := appendByteLevel(s.pending, token)
	if !ok {
		bytes = append(bytes, token...)
	}
	text, rest := decodeUTF8(bytes)
	next(text)
	s.pending = append(s.pending[:0], rest...)
}

func (s *byteLevelStage) flush(next func(string)) {
	if len(s.pending) > 0 {
		next("\uFFFD")
	}
	s.pending = nil
}

// decodeUTF8 returns bytes as text, and the beginning of a character that is
// left at the end.
func decodeUTF8(bytes []byte) (text string, rest []byte) {
	if utf8.Valid(bytes) {
		return string(bytes), nil
	}
	var out strings.Builder
	for len(bytes) > 0 {
		c, n := utf8.DecodeRune(bytes)
		if c == utf8.RuneError && n == 1 {
			if n = maximalPart(bytes); n == len(bytes) && !utf8.FullRune(bytes) {
				return out.String(), bytes
			}
		}
		out.WriteRune(c)
		bytes = bytes[n:]
	}
	return out.String(), nil
}

// maximalPart returns the length of the longest beginning of bytes that begins a
// character, at least 1, where no character begins (the Unicode Standard,
// section 3.9, table 3-8).
func maximalPart(bytes []byte) int {
	n := 1
	for n < len(bytes) && n < 4 && !utf8.FullRune(bytes[:n]) {
		n++
	}
	// FullRune is true of a part once it cannot become a character.
	if utf8.FullRune(bytes[:n]) && n > 1 {
		n--
	}
	return n
}

// byteFallbackStage reads runs of tokens <0x00> to <0xFF> as UTF-8. A run that
// is not gives one U+FFFD for each byte, so a run is held back to its end.
type byteFallbackStage struct{ run []byte }

func (s *byteFallbackStage) push(token string, next func(string)) {
	if b, err := parseByte(token); err == nil {
		s.run = append(s.run, b)
		return
	}
	s.flush(next)
	next(token)
}

func (s *byteFallbackStage) flush(next func(string)) {
	switch {
	case len(s.run) == 0:
	case utf8.Valid(s.run):
		next(string(s.run))
	default:
		for range s.run {
			next("\uFFFD")
		}
	}
	s.run = s.run[:0]
}

// replaceStage replaces in each token.
type replaceStage struct{ old, text string }

func (s replaceStage) push(token string, next func(string)) {
	next(strings.ReplaceAll(token, s.old, s.text))
}

func (s replaceStage) flush(func(string)) {}

// metaspaceStage writes replacement as a space, in the first token as nothing
// when prefix says so.
type metaspaceStage struct {
	replacement string
	prefix      bool // the first token of the text is still to come
}

func (s *metaspaceStage) push(token string, next func(string)) {
	with := " "
	if s.prefix {
		with = ""
	}
	s.prefix = false
	next(strings.ReplaceAll(token, s.replacement, with))
}

func (s *metaspaceStage) flush(func(string)) {}

// keepStage passes tokens on.
type keepStage struct{}

func (keepStage) push(token string, next func(string)) { next(token) }
func (keepStage) flush(func(string))                   {}

// stripToken removes content from the ends of each token, start and stop times
// at most.
type stripToken struct {
	content     string
	start, stop int
}

func (s stripToken) push(token string, next func(string)) {
	for i := 0; i < s.start && strings.HasPrefix(token, s.content); i++ {
		token = token[len(s.content):]
	}
	for i := 0; i < s.stop && strings.HasSuffix(token, s.content); i++ {
		token = token[:len(token)-len(s.content)]
	}
	next(token)
}

func (s stripToken) flush(func(string)) {}

// stripText removes content from the ends of the whole text. What may be its
// end is held back.
type stripText struct {
	content     string
	start, stop int // how many may still be removed
	held        int // how many are held back, at most stop
}

func (s *stripText) push(token string, next func(string)) {
	for s.start > 0 && strings.HasPrefix(token, s.content) {
		token = token[len(s.content):]
		s.start--
	}
	if token == "" {
		return
	}
	s.start = 0
	token = strings.Repeat(s.content, s.held) + token
	for s.held = 0; s.held < s.stop && strings.HasSuffix(token, s.content); s.held++ {
		token = token[:len(token)-len(s.content)]
	}
	next(token)
}

func (s *stripText) flush(func(string)) {}
