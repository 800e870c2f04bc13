package constrain

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLengthsApart: the number of characters that stands apart from an
// automaton costs what it costs within one.
func TestLengthsApart(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	apart := 0
	for _, source := range []string{`^[a-c]*$`, `^(ab|c)+\.(a|b{3})?$`, `é`, `^"(a|bc)*"$`, `^(é|ab?\\)*c`, `^(aaa|😀)+$`, `^(aa|\u0001)*b$`} {
		for most := range int64(9) {
			c := compiler{budget: budget{maxDFAStates, maxDFAWork}}
			d, err := pattern(source, &c.budget)
			require.NoError(t, err)
			spec, err := c.textSpec(texts{parts: []*dfa{d}, least: 1, most: most})
			require.NoError(t, err)
			if spec.most < 0 {
				continue
			}
			apart++
			within, err := d.ofLength(1, most, &c.budget)
			require.NoError(t, err)
			for range 300 {
				follow(t, random, spec, within, source)
			}
		}
	}
	require.Equal(t, 6*9, apart)
}

// follow compares costs along a random string.
func follow(t *testing.T, random *rand.Rand, spec *textSpec, within *dfa, source string) {
	letters := []rune("aabbcc.é😀\"\\\x01")
	q, p := int32(0), int32(0)
	for n := int64(0); ; n++ {
		require.Equal(t, within.cost[p], spec.cost(q, n), "%s: %d characters, at most %d", source, n, spec.most)
		c := letters[random.IntN(len(letters))]
		q, p = spec.dfa.step(q, c), within.step(p, c)
		if q < 0 {
			require.Negative(t, p)
			return
		}
		if p < 0 {
			require.GreaterOrEqual(t, spec.cost(q, n+1), infinite)
			return
		}
	}
}
