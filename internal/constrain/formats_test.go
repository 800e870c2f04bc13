package constrain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/constrain/constraintest"
)

// TestLengthsOfAddresses: names of hosts and addresses of e-mail have all the
// labels and characters that they may have, and no more.
func TestLengthsOfAddresses(t *testing.T) {
	label := strings.Repeat("a", 63)
	labels := func(n int) string { return strings.TrimSuffix(strings.Repeat("a.", n), ".") }
	host := label + "." + label + "." + label + "." // 192 characters
	for _, c := range []struct {
		format, text string
		want         bool
	}{
		{"hostname", labels(127), true},
		{"hostname", labels(128), false},
		{"hostname", host + label[:61], true},
		{"hostname", host + label[:62], false},
		{"hostname", "a" + label, false},
		{"email", "a.b@" + labels(13), true},
		{"email", label[:30] + "." + label[:33] + "@a.b", true},
		{"email", label[:30] + "." + label[:34] + "@a.b", false},
		{"email", label + "a@a.b", true},
		{"email", label + "aa@a.b", false},
		{"email", `"` + label[:62] + `"@a.b`, true},
		{"email", `"` + label[:63] + `"@a.b`, false},
		{"email", `"` + label[:10] + `@a"@a.b`, true},
		{"email", "a@" + host + label[:60], true},
		{"email", "a@" + host + label[:61], false},
	} {
		schema := fmt.Appendf(nil, `{"type":"string","format":%q}`, c.format)
		text := fmt.Appendf(nil, "%q", c.text)
		g, err := Compile(schema)
		require.NoError(t, err)
		require.Equal(t, c.want, g.Match(text), "%s", text)
		require.Equal(t, c.want, constraintest.NewValidator(t, schema).Valid(text), "%s", text)
	}
}

// TestFormatWithLength: a format and bounds of the length hold at once. This is
// what pydantic says of a URL.
func TestFormatWithLength(t *testing.T) {
	schema := []byte(`{"type":"string","format":"uri","minLength":10,"maxLength":2083}`)
	g, err := Compile(schema)
	require.NoError(t, err)
	valid := constraintest.NewValidator(t, schema)
	for n, want := range map[int]bool{9: false, 10: true, 2083: true, 2084: false} {
		text := []byte(`"a://` + strings.Repeat("b", n-4) + `"`)
		require.Equal(t, want, valid.Valid(text))
		require.Equal(t, want, g.Match(text), "%d", n)
	}
	g, err = Compile([]byte(`{"type":"string","format":"hostname","maxLength":300}`))
	require.NoError(t, err)
	require.False(t, g.Match([]byte(`"`+strings.Repeat("a.", 127)+`a"`)))
}
