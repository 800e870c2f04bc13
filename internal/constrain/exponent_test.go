package constrain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExponents states the one form of numbers that is refused though it is
// valid (docs/structured.md): where the value is restricted, an exponent that
// follows digits which no valid number begins with.
func TestExponents(t *testing.T) {
	for _, c := range []struct {
		schema, text string
		want         bool
	}{
		{`{"type":"number"}`, "1.5e1", true},
		{`{"type":"number"}`, "-5e-1", true},
		{`{"type":"integer"}`, "1e3", true},
		{`{"type":"integer"}`, "1.5e1", false}, // is 15
		{`{"type":"integer"}`, "15", true},
	} {
		g, err := Compile([]byte(c.schema))
		require.NoError(t, err)
		require.Equal(t, c.want, g.Match([]byte(c.text)), "%s under %s", c.text, c.schema)
	}
}
