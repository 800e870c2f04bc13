package constrain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPlainTokens: the mask of a string of any characters is the one that a walk
// of all tokens gives, at every length.
func TestPlainTokens(t *testing.T) {
	v, _ := testVocabulary(t)
	for _, schema := range []string{
		`{"type":"string"}`,
		`{"type":"string","minLength":3}`,
		`{"type":"string","minLength":10,"maxLength":40}`,
		`{"type":"string","maxLength":0}`,
		`{"type":"string","minLength":3,"maxLength":9}`,
		`{"type":"array","items":{"type":"string","maxLength":6}}`,
		`{"type":"string","pattern":"^[^a]*$"}`,
	} {
		g, err := Compile([]byte(schema))
		require.NoError(t, err)
		m := newMatcher(g)
		s := m.start()
		quick := 0
		for _, b := range []byte(` ["é\n\u00e9éé€x😀xxxx"`) {
			if s.insideAnything() != nil {
				quick++
			}
			for _, limit := range []int64{infinite, s.cost + 5, s.cost, s.cost - 1, s.cost / 2} {
				all, got := v.walkEvery(m, s, limit), v.walk(m, s, limit)
				require.Equal(t, all.bits, got.bits, "%s before %q", schema, b)
				require.LessOrEqual(t, all.worst, got.worst)
			}
			all, like := v.walkEvery(m, s, infinite), v.walk(m, v.like(m, s), infinite)
			require.Equal(t, all.bits, like.bits, "%s before %q", schema, b)
			require.LessOrEqual(t, all.worst, like.worst)
			if next := m.step(s, b); next != dead {
				s = next
			}
		}
		require.Equal(t, schema != `{"type":"string","pattern":"^[^a]*$"}`, quick > 0, schema)
	}
}

// walkEvery is walk without shortcuts.
func (v *Vocabulary) walkEvery(m *matcher, s *state, limit int64) *mask {
	out := &mask{bits: v.bitset(), odd: v.bitset()}
	v.walkTrie(out, &v.all, m, s, limit)
	return out
}
