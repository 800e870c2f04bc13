package constrain

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/constrain/constraintest"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// generated is a recorded case whose schema compiles.
type generated struct {
	constraintest.Generated
	grammar   *Grammar
	validator constraintest.Validator
}

// generatedCases returns the recorded cases whose schemas compile, and how many
// do not.
func generatedCases(t testing.TB) (cases []generated, refusals int) {
	for _, c := range constraintest.GeneratedCases(t) {
		g, err := Compile([]byte(c.Schema))
		if err != nil {
			require.True(t, refused(err), "%s: %v", c.Name, err)
			refusals++
			continue
		}
		cases = append(cases, generated{c, g, constraintest.NewValidator(t, []byte(c.Schema))})
	}
	return cases, refusals
}

// unsupported is in what the formats leave out on purpose, as in leftOut.
var unsupported = regexp.MustCompile("[0-9]:60|(?i:xn--)")

// accepted returns the documents of a case that two validators call valid, but
// those that are left out on purpose.
func (c *generated) accepted() (documents []string, left int) {
	for _, text := range c.Valid {
		switch {
		case !c.validator.Valid([]byte(text)):
		case strings.Contains(c.Schema, `"format"`) && unsupported.MatchString(text):
			left++
		default:
			documents = append(documents, text)
		}
	}
	return documents, left
}

// TestGeneratedDocuments holds the grammar against documents of other people's
// generators, serializers and projects, with two validators.
func TestGeneratedDocuments(t *testing.T) {
	cases, refusals := generatedCases(t)
	valid, invalid, left, disputed := 0, 0, 0, 0
	for _, c := range cases {
		accepted, out := c.accepted()
		for _, text := range accepted {
			require.True(t, c.grammar.Match([]byte(text)), "%s: %s", c.Name, text)
		}
		valid += len(accepted)
		left += out
		disputed += len(c.Valid) - len(accepted) - out
		for _, text := range c.Invalid {
			require.False(t, c.grammar.Match([]byte(text)), "%s: %s", c.Name, text)
			if c.validator.Valid([]byte(text)) {
				disputed++
			}
		}
		invalid += len(c.Invalid)
	}
	require.Equal(t, 405, len(cases))
	require.Equal(t, 54, refusals)
	require.Equal(t, 4097, valid)
	require.Equal(t, 1594, invalid)
	require.Equal(t, 5, left)
	require.Equal(t, 2, disputed)
	t.Logf("not checked: %d documents that only one of two validators calls valid", disputed)
}

// TestTextUnderOthersSchemas generates under the schemas that others wrote.
func TestTextUnderOthersSchemas(t *testing.T) {
	cases, _ := generatedCases(t)
	v, tokens := testVocabulary(t)
	for i, c := range cases {
		m := newMatcher(c.grammar)
		for _, more := range []int{0, 60} {
			c.validator.Require(t, generate(t, m, v, tokens, int(v.closing(m, m.start()))+more, uint64(i)))
		}
	}
}

// TestGeneratedTokens follows the valid documents token by token, cut at random.
func TestGeneratedTokens(t *testing.T) {
	cases, _ := generatedCases(t)
	v, tokens := testVocabulary(t)
	random := rand.New(rand.NewPCG(3, 4))
	followed := 0
	for _, c := range cases {
		accepted, _ := c.accepted()
		m := newMatcher(c.grammar)
		for _, text := range accepted {
			text := []byte(text)
			requireTokens(t, m, v, text, cut(text, tokens, random))
			followed++
		}
	}
	require.Equal(t, 4097, followed)
}

// TestGeneratedRealTokens follows some of the valid documents as GPT-2 cuts them
// into tokens.
func TestGeneratedRealTokens(t *testing.T) {
	cases, _ := generatedCases(t)
	tok := gpt2(t)
	all := make([][]byte, tok.Size())
	for id := range all {
		all[id] = tok.TokenBytes(id)
	}
	v, err := NewVocabulary(all, []int{tok.Vocab().EOS})
	require.NoError(t, err)
	followed := 0
	for i := 0; i < len(cases); i += 8 {
		accepted, _ := cases[i].accepted()
		for _, text := range accepted[:min(len(accepted), 1)] {
			ids, err := tok.Encode(text, false)
			require.NoError(t, err)
			requireTokens(t, newMatcher(cases[i].grammar), v, []byte(text), ids)
			followed++
		}
	}
	require.Equal(t, 49, followed)
}

// gpt2 returns the tokenizer of GPT-2.
func gpt2(t *testing.T) *tokenizer.Tokenizer {
	const path = "../tokenizer/testdata/ggml-vocab-gpt-2.gguf.gz"
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	data, err := io.ReadAll(zipped)
	require.NoError(t, err)
	parsed, err := gguf.Parse(path, data)
	require.NoError(t, err)
	tok, err := tokenizer.FromGGUF(metadata{parsed})
	require.NoError(t, err)
	return tok
}

// metadata is a GGUF file as a tokenizer reads it.
type metadata struct{ file *gguf.File }

func (m metadata) Metadata(key string) (any, bool) { return m.file.Value(key) }

// TestGeneratedMutations edits the valid documents byte by byte. What is still
// JSON is accepted where the validator says that it is valid, and only there.
func TestGeneratedMutations(t *testing.T) {
	cases, _ := generatedCases(t)
	random := rand.New(rand.NewPCG(9, 10))
	valid, invalid := 0, 0
	for _, c := range cases {
		if strings.Contains(c.Schema, `"format"`) { // the validator is lax with some
			continue
		}
		accepted, _ := c.accepted()
		m := newMatcher(c.grammar)
		for _, text := range accepted {
			for range 20 {
				edited := edit([]byte(text), random)
				if strict(edited) != nil || longExponent.Match(edited) {
					continue
				}
				want := c.validator.Valid(edited)
				require.Equal(t, want, m.match(edited), "%s: %s: %s", c.Name, c.Schema, edited)
				if want {
					valid++
				} else {
					invalid++
				}
			}
		}
	}
	require.Equal(t, 19553, valid)
	require.Equal(t, 7852, invalid)
}

// longExponent is in numbers that are left out on purpose.
var longExponent = regexp.MustCompile(`[eE][+-]?[0-9]{4}`)

// edit changes, removes, inserts or repeats some bytes.
func edit(text []byte, random *rand.Rand) []byte {
	const letters = `0123456789.eE-+"\,:[]{} atrufn`
	i := random.IntN(len(text))
	j := min(len(text), i+1+random.IntN(4))
	letter := letters[random.IntN(len(letters))]
	before, middle, after := text[:i], text[i:j], text[j:]
	switch random.IntN(4) {
	case 0:
		middle = []byte{letter}
	case 1:
		middle = nil
	case 2:
		middle = append([]byte{letter}, middle...)
	case 3:
		middle = append(bytes.Clone(middle), middle...)
	}
	return bytes.Join([][]byte{before, middle, after}, nil)
}

// strict reports what is wrong with a JSON text whose names must be unique.
func strict(text []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	if _, err := d.ReadValue(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}
