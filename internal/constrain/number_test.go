package constrain

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/constrain/constraintest"
)

// numberSchemas are sets of numbers of every kind: bounds open and closed, on
// both sides of zero, far from one, steps that divide a power of ten and others.
var numberSchemas = []string{
	`{"type":"integer"}`,
	`{"minimum":-12,"maximum":7.5}`,
	`{"minimum":3,"multipleOf":7}`,
	`{"exclusiveMaximum":-0.25,"multipleOf":0.25}`,
	`{"exclusiveMinimum":0.1,"exclusiveMaximum":0.2}`,
	`{"minimum":998,"maximum":1001,"multipleOf":1}`,
	`{"const":-3.5}`,
	`{"const":0}`,
	`{"multipleOf":250}`,
	`{"multipleOf":0.003,"maximum":12}`,
	`{"exclusiveMinimum":0,"maximum":1}`,
	`{"minimum":0,"maximum":150,"type":"integer"}`,
	`{"minimum":1.5e7,"exclusiveMaximum":1.52e7}`,
	`{"exclusiveMinimum":-4e-9,"exclusiveMaximum":-1e-9}`,
	`{"minimum":1e20}`,
	`{"enum":[125e9,1e-12,-64]}`,
}

// numberTexts returns number texts of up to four digits, many of them with an
// exponent.
func numberTexts() []string {
	var mantissas []string
	for i := range 160 {
		mantissas = append(mantissas, fmt.Sprint(i))
	}
	for i := 0; i < 2000; i += 5 {
		for places := 1; places <= 3; places++ {
			text := fmt.Sprintf("%0*d", places+1, i)
			mantissas = append(mantissas, text[:len(text)-places]+"."+text[len(text)-places:])
		}
	}
	texts := []string{"1000", "15200000", "998.000", "1001.5", "15000000"}
	for i, m := range mantissas {
		texts = append(texts, m)
		for j, k := range []int{0, 1, -1, 2, -2, 3, -3, 4, 7, -9, 10, -12, 19, 20, 999, -999} {
			// Not all pairs: this test reads every one under every schema.
			if (i+j)%8 == 0 {
				texts = append(texts, m+[]string{
					fmt.Sprintf("e%d", k), fmt.Sprintf("E%+d", k), fmt.Sprintf("e%+03d", k), fmt.Sprintf("e%03d", k),
				}[(i/8+j)%4])
			}
		}
	}
	for _, text := range texts {
		texts = append(texts, "-"+text)
	}
	return texts
}

// TestNumbers: the grammar accepts exactly the texts that the validator does.
func TestNumbers(t *testing.T) {
	texts := numberTexts()
	for _, schema := range numberSchemas {
		schema := fmt.Appendf(nil, `{"type":"number","allOf":[%s]}`, schema)
		g, err := Compile(schema)
		require.NoError(t, err)
		m, validator, valid := newMatcher(g), constraintest.NewValidator(t, schema), 0
		for _, text := range texts {
			want := validator.Valid([]byte(text))
			require.Equal(t, want, m.match([]byte(text)), "%s: %s", schema, text)
			if want {
				valid++
			}
		}
		require.NotZero(t, valid, "%s", schema)
	}
}

// TestNumberCosts: no beginning of a text promises an end farther away than the
// rest of the text, but where digits before the point would be that end; and
// some byte leads nearer to it.
func TestNumberCosts(t *testing.T) {
	texts := numberTexts()
	for _, schema := range numberSchemas {
		g, err := Compile(fmt.Appendf(nil, `{"type":"number","allOf":[%s]}`, schema))
		require.NoError(t, err)
		m, falls := newMatcher(g), map[*state]bool{}
		for i, text := range texts {
			if i%4 != 0 || !m.match([]byte(text)) {
				continue
			}
			for s, at := m.start(), 0; at < len(text); at++ {
				if !falls[s] {
					require.LessOrEqual(t, nearest(m, s), max(0, s.cost-1), "%s: %q", schema, text[:at])
					falls[s] = true
				}
				left := int64(len(text) - at)
				if !strings.Contains(text, ".") {
					left++
				}
				require.LessOrEqual(t, s.cost, left, "%s: %q", schema, text[:at])
				s = m.step(s, text[at])
			}
		}
	}
}

func has(b bitset, id byte) bool { return b[id/64]>>(id%64)&1 != 0 }

// TestOddNumbers: digits that only an exponent makes valid, and zeros at the end
// of a fraction that cannot be another, are less likely than others.
func TestOddNumbers(t *testing.T) {
	v, tokens := testVocabulary(t)
	for _, c := range []struct{ schema, text, odd, usual string }{
		{`{"type":"number","minimum":0,"maximum":100}`, "15", "0123456789", ".eE"},
		{`{"type":"number","minimum":0,"maximum":100}`, "150", "0123456789.", "eE"},
		{`{"type":"number","minimum":0,"maximum":1}`, "", "23456789", "-01"},
		{`{"type":"integer"}`, "14", ".", "0123456789eE"},
		{`{"type":"integer"}`, "14.0", "0123456789", "eE"},
		{`{"type":"integer"}`, "1.5e", "", "0123456789+"},
		{`{"type":"number","multipleOf":0.25}`, "1.25", "0123456789", "eE"},
		{`{"const":-3.5}`, "-3.5", "0", "eE"},
		{`{"type":"number"}`, "1.000", "", "0123456789eE"},
	} {
		g, err := Compile([]byte(c.schema))
		require.NoError(t, err)
		m := newMatcher(g)
		s := m.start()
		for _, b := range []byte(c.text) {
			s = m.step(s, b)
		}
		allow := v.walk(m, s, infinite)
		for _, b := range []byte(c.odd) {
			require.True(t, has(allow.bits, b) && has(allow.odd, b), "%s: %q then %q", c.schema, c.text, b)
		}
		for _, b := range []byte(c.usual) {
			require.True(t, has(allow.bits, b) && !has(allow.odd, b), "%s: %q then %q", c.schema, c.text, b)
		}
	}
	g, err := Compile([]byte(`{"type":"integer","maximum":100,"minimum":0}`))
	require.NoError(t, err)
	guide, err := NewGuide(g, v, 9, lottery{rand.New(rand.NewPCG(1, 1))})
	require.NoError(t, err)
	require.NoError(t, guide.accept('1'))
	guide.mask(make([]float32, len(tokens)), guide.allowed())
	require.Equal(t, float32(-oddPenalty), guide.masked['.'])
	require.Zero(t, guide.masked['0'])
}
