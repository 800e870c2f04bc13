package constrain

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/constrain/constraintest"
)

// TestPairs combines schemas of the cases at random, as both and as either. What
// is generated is valid, and a document is accepted where the validator says
// that it is valid. LPUCTL_CONSTRAIN_PAIRS sets how many pairs.
func TestPairs(t *testing.T) {
	pairs := 150
	if n, err := strconv.Atoi(os.Getenv("LPUCTL_CONSTRAIN_PAIRS")); err == nil {
		pairs = n
	}
	cases := combinable(t)
	v, tokens := testVocabulary(t)
	random := rand.New(rand.NewPCG(5, 6))
	compiled := 0
	for i := range pairs {
		a, b := cases[random.IntN(len(cases))], cases[random.IntN(len(cases))]
		keyword := []string{"allOf", "anyOf"}[i%2]
		schema := fmt.Appendf(nil, `{%q:[%s,%s]}`, keyword, a.Schema, b.Schema)
		g, err := Compile(schema)
		if err != nil {
			require.True(t, refused(err), "%s: %v", schema, err)
			continue
		}
		compiled++
		valid := constraintest.NewValidator(t, schema)
		valid.Require(t, generate(t, newMatcher(g), v, tokens, int(g.Shortest())+random.IntN(40), uint64(i)))
		for _, test := range append(a.Tests, b.Tests...) {
			require.Equal(t, valid.Valid(test.Data), g.Match(test.Data), "%s: %s", schema, test.Data)
		}
	}
	require.Greater(t, compiled, pairs/2)
}

// combinable returns the cases whose schemas compile and mean the same inside
// another schema. Formats are left out: the validator is lax with some.
func combinable(t *testing.T) []constraintest.Case {
	var out []constraintest.Case
	for _, c := range constraintest.Cases(t) {
		_, err := Compile(c.Schema)
		if err == nil && !bytes.Contains(c.Schema, []byte(`"$`)) && !bytes.Contains(c.Schema, []byte(`"format"`)) {
			out = append(out, c)
		}
	}
	return out
}
