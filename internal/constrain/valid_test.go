package constrain

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/constrain/constraintest"
)

// fragments are tokens of more than one byte, many of which JSON cuts apart.
var fragments = []string{
	`{"`, `"}`, `":`, `": `, `", "`, `"]}`, `}]`, `[[`, `],`, ` {`, "\n  ", "\n    \"", `true`, ` false`, `null,`, `tr`, `ue}`,
	`\"`, `\u`, `\ud8`, `00`, `123`, `1.`, `e+`, `-0`, `foo`, `"foo"`, `"bar":`, `ba`, `aaaa`, ` the`, `é`, "\xc3", "\xe2\x82", "€", "😀", "\xf0\x9f", `,"`,
}

// testVocabulary has all bytes, the fragments, a token without bytes, and an
// end token, the last one.
func testVocabulary(t testing.TB) (*Vocabulary, [][]byte) {
	var tokens [][]byte
	for b := range 256 {
		tokens = append(tokens, []byte{byte(b)})
	}
	for _, f := range fragments {
		tokens = append(tokens, []byte(f))
	}
	tokens = append(tokens, nil, []byte("<end>"))
	v, err := NewVocabulary(tokens, []int{len(tokens) - 1})
	require.NoError(t, err)
	return v, tokens
}

// lottery is a model of random weights: it picks any token that is left.
type lottery struct{ random *rand.Rand }

func (l lottery) Pick(logits []float32) (int, error) {
	var left []int
	for id, x := range logits {
		if !math.IsInf(float64(x), -1) {
			left = append(left, id)
		}
	}
	return left[l.random.IntN(len(left))], nil
}

// generate returns a text of at most n tokens.
func generate(t testing.TB, m *matcher, v *Vocabulary, tokens [][]byte, n int, seed uint64) []byte {
	guide, err := newGuide(m, v, n, lottery{rand.New(rand.NewPCG(seed, 1))})
	require.NoError(t, err)
	var text []byte
	for range n {
		id, err := guide.Pick(make([]float32, len(tokens)))
		require.NoError(t, err)
		if id == len(tokens)-1 {
			break
		}
		text = append(text, tokens[id]...)
	}
	require.True(t, guide.state.accepts(), "%s", text)
	return text
}

// TestGeneratedTextIsValid generates under every schema of the suite that
// compiles, with the least number of tokens that is allowed and with more.
func TestGeneratedTextIsValid(t *testing.T) {
	v, tokens := testVocabulary(t)
	texts := 0
	for _, c := range constraintest.Cases(t) {
		g, err := Compile(c.Schema)
		if err != nil {
			continue
		}
		valid := constraintest.NewValidator(t, c.Schema)
		m := newMatcher(g)
		for seed, more := range []int{0, 1, 3, 10, 30, 100} {
			valid.Require(t, generate(t, m, v, tokens, int(v.closing(m, m.start()))+more, uint64(seed)))
			texts++
		}
	}
	require.Equal(t, constraintest.Supported*6, texts)
}

// script is a Picker that wants certain tokens. It fails when the guide has
// removed one.
type script struct {
	t    testing.TB
	ids  []int
	text []byte
}

func (s *script) Pick(logits []float32) (int, error) {
	id := s.ids[0]
	s.ids = s.ids[1:]
	require.False(s.t, math.IsInf(float64(logits[id]), -1), "token %d of %s", id, s.text)
	return id, nil
}

// cut returns the tokens of a text, chosen at random among all that fit.
func cut(text []byte, tokens [][]byte, random *rand.Rand) []int {
	var ids []int
	for len(text) > 0 {
		fitting := []int{int(text[0])}
		for id, token := range tokens {
			if len(token) > 1 && bytes.HasPrefix(text, token) {
				fitting = append(fitting, id, id)
			}
		}
		id := fitting[random.IntN(len(fitting))]
		ids = append(ids, id)
		text = text[len(tokens[id]):]
	}
	return ids
}

// requireTokens follows a document whose tokens are ids. The guide may use three
// tokens for each byte: where fewer are left, it may want a shorter text.
func requireTokens(t *testing.T, m *matcher, v *Vocabulary, text []byte, ids []int) {
	ids = append(ids, v.ends[0])
	guide, err := newGuide(m, v, int(m.g.Shortest())+3*len(text), &script{t, ids, text})
	require.NoError(t, err)
	logits := make([]float32, len(v.tokens))
	for range ids {
		_, err := guide.Pick(logits)
		require.NoError(t, err)
	}
}

// TestEveryTokenizationIsAllowed follows valid documents token by token, cut in
// several ways.
func TestEveryTokenizationIsAllowed(t *testing.T) {
	v, tokens := testVocabulary(t)
	random := rand.New(rand.NewPCG(1, 2))
	followed := 0
	for _, c := range constraintest.Cases(t) {
		g, err := Compile(c.Schema)
		if err != nil {
			continue
		}
		m := newMatcher(g)
		for _, test := range c.Tests {
			if !test.Valid || leftOut(c.File, string(test.Data)) {
				continue
			}
			for range 2 {
				requireTokens(t, m, v, test.Data, cut(test.Data, tokens, random))
			}
			followed++
		}
	}
	require.Equal(t, 673, followed)
}
