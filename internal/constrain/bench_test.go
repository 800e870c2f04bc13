package constrain

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkNumberMask walks a vocabulary that has a token for each number of up
// to three digits, as Llama 3's has, from within a number with bounds.
func BenchmarkNumberMask(b *testing.B) {
	_, tokens := testVocabulary(b)
	end := len(tokens)
	tokens = append(tokens, []byte("<end>"))
	for i := range 1000 {
		for n := 1; n <= 3; n++ {
			tokens = append(tokens, fmt.Appendf(nil, "%0*d", n, i))
		}
	}
	v, err := NewVocabulary(tokens, []int{end})
	require.NoError(b, err)
	for _, c := range []struct{ schema, text string }{
		{`{"type":"integer","minimum":0,"maximum":150}`, "1"},
		{`{"type":"integer","minimum":0,"maximum":150}`, "15"},
		{`{"type":"integer"}`, "15"},
		{`{"type":"integer"}`, "1.5"},
		{`{"minimum":0,"maximum":1,"type":"number"}`, "0.3"},
		{`{"type":"integer"}`, "1.5e"},
		{`{"type":"integer", "minimum":-1e30,"maximum":1e30}`, "1.5"},
	} {
		b.Run(c.schema+c.text, func(b *testing.B) {
			g, err := Compile([]byte(c.schema))
			require.NoError(b, err)
			for b.Loop() {
				m := newMatcher(g)
				s := m.start()
				for i := range len(c.text) {
					s = m.step(s, c.text[i])
				}
				v.walk(m, s, infinite)
			}
		})
	}
}
