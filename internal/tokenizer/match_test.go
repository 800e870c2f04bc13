package tokenizer

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMatcher compares with a search through all entries, on tokens that begin
// alike.
func TestMatcher(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte("aab"[r.IntN(3)])
		}
		return b.String()
	}
	for range 2000 {
		var entries []entry
		stem := word(r.IntN(6))
		for id := range 1 + r.IntN(8) {
			entries = append(entries, entry{stem + word(1+r.IntN(5)), id})
		}
		want := func(s string) (id, length int) {
			for _, e := range entries {
				if strings.HasPrefix(s, e.text) && len(e.text) >= length { // of equal texts the last
					id, length = e.id, len(e.text)
				}
			}
			return id, length
		}
		m := newMatcher(append([]entry(nil), entries...))
		for range 20 {
			s := stem + word(1+r.IntN(8))
			id, length := want(s)
			gotID, got := m.prefix(s)
			require.Equal(t, []int{id, length}, []int{gotID, got}, "%v in %q", entries, s)
		}
	}
}
