package constrain

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadings: each of 100 nested objects may be one of two until its last
// member decides, and all 2**100 readings are kept.
func TestReadings(t *testing.T) {
	g, err := Compile([]byte(`{"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[
		{"type":"object","properties":{"a":{"$ref":"#/$defs/n"},"b":{"type":"null"}},"required":["b"]},
		{"type":"object","properties":{"a":{"$ref":"#/$defs/n"},"c":{"type":"null"}},"required":["c"]}]}}}`))
	require.NoError(t, err)
	first, second := `,"b":null,"c":1`, `,"b":1,"c":null`
	random := rand.New(rand.NewPCG(1, 1))
	text := `{"b":null}`
	for range 100 {
		last := first
		if random.IntN(2) == 1 {
			last = second
		}
		text = `{"a":` + text + last + `}`
	}
	require.True(t, g.Match([]byte(text)), text)
	require.False(t, g.Match([]byte(`{"a":`+text+`,"b":1,"c":1}`)), "neither")
	require.False(t, g.Match([]byte(`{"a":`+text+`}`)), "not decided")
}

// TestManyBranches: as many branches as one choice may have are told apart by
// their last byte.
func TestManyBranches(t *testing.T) {
	branch := func(i int) string {
		return fmt.Sprintf(`{"type":"object","properties":{"a":{"const":"x%03d"},"b":{"const":%d}},"required":["a","b"]}`, i%10, i)
	}
	g, err := Compile([]byte(`{"anyOf":[` + list(maxAlternatives, branch) + `]}`))
	require.NoError(t, err)
	for i := 0; i < maxAlternatives; i += 7 {
		require.True(t, g.Match(fmt.Appendf(nil, `{"a":"x%03d","b":%d}`, i%10, i)), i)
		require.False(t, g.Match(fmt.Appendf(nil, `{"a":"x%03d","b":%d}`, (i+1)%10, i)), i)
	}
}
