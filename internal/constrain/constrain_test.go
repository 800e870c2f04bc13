package constrain

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/constrain/constraintest"
)

func TestRefusals(t *testing.T) {
	for schema, want := range map[string]string{
		``:                                  "EOF",
		`{"type":"string"} x`:               "text after the schema",
		`{"type":"string","type":1}`:        "duplicate object member name",
		`3`:                                 "#: a schema is an object or a boolean",
		`{"properties":{"a/b":{"not":{}}}}`: `#/properties/a~1b/not: keyword "not" is not supported`,
		`{"uniqueItems":true}`:              `#/uniqueItems: keyword "uniqueItems" is not supported`,
		`{"items":[{}]}`:                    "#/items: items as an array is not supported; its name since 2020-12 is prefixItems",
		`{"format":"iri"}`:                  `#/format: format "iri" is not supported`,
		`{"type":"int"}`:                    `#/type: type "int" is not one of JSON Schema`,
		`{"items":{"id":"x"}}`:              "#/items/id: id is supported at the root only",
		`{"minLength":-1}`:                  "#/minLength: minLength wants an integer of at least 0",
		`{"minimum":"1"}`:                   "#/minimum: minimum wants a number",
		`{"multipleOf":0}`:                  "#/multipleOf: multipleOf wants a number above 0",
		`{"required":"a"}`:                  "#/required: required wants an array of strings",
		`{"allOf":[]}`:                      "#/allOf: allOf wants an array of schemas",
		`{"$ref":"#/$defs/x"}`:              `#/$ref: $ref "#/$defs/x": the document has no "$defs" on this path`,
		`{"$ref":"other.json"}`:             `#/$ref: $ref "other.json" leaves the document`,
		`{"$ref":"#x"}`:                     `#/$ref: $ref "#x": no $anchor has this name`,
		`{"pattern":"(?=a)"}`:               `#/pattern: pattern "(?=a)": lookahead (?= is not supported`,
		`{"pattern":"(?<!a)b"}`:             "lookbehind (?<! is not supported",
		`{"pattern":"(a)\\1"}`:              `back-reference \1 is not supported`,
		`{"pattern":"\\bx"}`:                `\b is not supported`,
		`{"pattern":"(?i)a"}`:               "group (?i is not supported",
		`{"pattern":"a\\"}`:                 "it ends with a backslash",
		`{"pattern":"[a"}`:                  "missing closing ]",
		`{"oneOf":[{"type":"integer"},{"minimum":2}]}`:                  "#/oneOf: branches 0 and 1 can both hold",
		`{"minProperties":2}`:                                           "#/minProperties: more than 1",
		`{"propertyNames":{"anyOf":[{"minLength":3},{"pattern":"a"}]}}`: "#: propertyNames with several alternatives is not supported",
		`{"type":"string","enum":[1]}`:                                  "no JSON text is valid",
		`{"type":"integer","exclusiveMinimum":1,"exclusiveMaximum":2}`:  "no JSON text is valid",
		`{"required":["a"],"properties":{"a":false}}`:                   `no JSON text is valid`,
	} {
		if strings.Contains(schema, "required") && strings.Contains(schema, "false") {
			schema = `{"type":"object",` + schema[1:]
		}
		_, err := Compile([]byte(schema))
		require.ErrorContains(t, err, want, schema)
	}
}

// TestCostFalls: from every state that a generation meets, some byte that
// every vocabulary has leads to a state that is at least one byte nearer to the
// end. This is what keeps the end in reach.
func TestCostFalls(t *testing.T) {
	v, tokens := testVocabulary(t)
	for i, c := range constraintest.Cases(t) {
		g, err := Compile(c.Schema)
		if err != nil {
			continue
		}
		m := newMatcher(g)
		text := generate(t, m, v, tokens, int(g.Shortest())+40, uint64(i))
		s := m.start()
		for at := 0; ; at++ {
			require.LessOrEqual(t, nearest(m, s), max(0, s.cost-1), "%s: %q", c.Schema, text[:at])
			if at == len(text) {
				break
			}
			s = m.step(s, text[at])
		}
	}
}

// nearest returns the cost of the nearest state after s, or 0 at the end.
func nearest(m *matcher, s *state) int64 {
	if s.accepts() {
		return 0
	}
	best := infinite
	for b := range 0xF1 {
		if next := m.step(s, byte(b)); next != dead {
			best = min(best, next.cost)
		}
	}
	return best
}

func TestWhitespaceIsBounded(t *testing.T) {
	g, err := Compile([]byte(`{}`))
	require.NoError(t, err)
	for _, c := range []struct {
		before, inside, after int
		want                  bool
	}{
		{MaxSpace, MaxSpace, MaxTrailingSpace, true},
		{MaxSpace + 1, 0, 0, false},
		{0, MaxSpace + 1, 0, false},
		{0, 0, MaxTrailingSpace + 1, false},
	} {
		in := strings.Repeat("\n", c.inside)
		for _, text := range []string{"[" + in + "]", "[" + in + "1" + in + "," + in + "{}]", "{" + in + `"a"` + in + ":" + in + "1" + in + "," + in + `"b":[]` + in + "}"} {
			text = strings.Repeat(" ", c.before) + text + strings.Repeat("\t", c.after)
			require.Equal(t, c.want, g.Match([]byte(text)), "%q", text)
		}
	}
}

// TestStrings: what is no character is no string, however it is written.
func TestStrings(t *testing.T) {
	g, err := Compile([]byte(`{}`))
	require.NoError(t, err)
	for text, want := range map[string]bool{
		`"\ud83d\ude00"`:       true,
		`"\uD83D\uDE00\u00e9"`: true,
		`"\ud83d"`:             false,
		`"\ud83dx"`:            false,
		`"\ud83d\n"`:           false,
		`"\ud83d\u0041"`:       false,
		`"\ude00"`:             false,
		`"\u12G4"`:             false,
		`"\x"`:                 false,
		"\"\x7f\"":             true,
		"\"\x1f\"":             false,
		"\"\xc0\x80\"":         false,
		"\"\xe0\x80\x80\"":     false,
		"\"\xed\xa0\x80\"":     false,
		"\"\xf4\x90\x80\x80\"": false,
		"\"\xf4\x8f\xbf\xbf\"": true,
	} {
		require.Equal(t, want, g.Match([]byte(text)), "%q", text)
	}
}

func TestVocabularyErrors(t *testing.T) {
	_, tokens := testVocabulary(t)
	_, err := NewVocabulary(tokens, nil)
	require.EqualError(t, err, "constrain: the vocabulary has no token that ends a text")
	_, err = NewVocabulary(tokens, []int{len(tokens)})
	require.ErrorContains(t, err, "is outside the vocabulary")
	_, err = NewVocabulary(tokens[:'}'], []int{0})
	require.EqualError(t, err, "constrain: the vocabulary has no token for the byte 0x7D")
}

func TestGuideErrors(t *testing.T) {
	v, tokens := testVocabulary(t)
	g, err := Compile([]byte(`{"const":[true,"é"]}`))
	require.NoError(t, err)
	_, err = NewGuide(g, v, 5, lottery{})
	require.EqualError(t, err, "constrain: the shortest valid text has 11 bytes, too many for 5 tokens")
	guide, err := NewGuide(g, v, 6, lottery{rand.New(rand.NewPCG(1, 1))})
	require.NoError(t, err)
	_, err = guide.Pick(make([]float32, 3))
	require.ErrorContains(t, err, "3 logits for a vocabulary of")
	wrong := fixed(int('x'))
	guide, err = NewGuide(g, v, 6, &wrong)
	require.NoError(t, err)
	_, err = guide.Pick(make([]float32, len(tokens)))
	require.EqualError(t, err, "constrain: token 120 is not allowed here")
}

// fixed is a Picker that does not look at the logits.
type fixed int

func (f fixed) Pick([]float32) (int, error) { return int(f), nil }

// TestMatcherForgets: the states that a matcher keeps are bounded, and
// forgetting them changes nothing.
func TestMatcherForgets(t *testing.T) {
	g, err := Compile([]byte(`{"type":"string","maxLength":100000}`))
	require.NoError(t, err)
	m := newMatcher(g)
	s := m.step(m.start(), '"')
	for range 100_000 {
		s = m.step(m.compact(s), 'a')
		require.LessOrEqual(t, len(m.states), maxStates+1)
	}
	require.Equal(t, dead, m.step(s, 'a'))
	require.True(t, m.step(s, '"').accepts())
}
