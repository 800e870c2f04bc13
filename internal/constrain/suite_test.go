package constrain

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/constrain/constraintest"
)

// refused says whether an error is one of those that a schema of the suite may
// end with: keywords that are not supported, references out of the document,
// branches of oneOf that overlap, schemas that nothing satisfies.
func refused(err error) bool {
	for _, text := range []string{"is not supported", "leaves the document", "can both hold", "no JSON text is valid", "$id is supported at the root only"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// leftOut says whether a valid document is one that the grammar leaves out on
// purpose: leap seconds that are not written in UTC, and Punycode.
func leftOut(file, document string) bool {
	return strings.Contains(document, ":60") && !strings.Contains(document, "23:59:60") ||
		file == "optional/format/hostname" && strings.HasPrefix(document, `"xn--`)
}

// TestSuite holds the grammar against every document of the public test suite
// and of our own whose schema compiles: it accepts what is valid, in any
// layout, and refuses what is not.
func TestSuite(t *testing.T) {
	compiled, documents := 0, 0
	for _, c := range constraintest.Cases(t) {
		g, err := Compile(c.Schema)
		if err != nil {
			require.True(t, refused(err), "%s: %s: %v", c.File, c.About, err)
			continue
		}
		compiled++
		for _, test := range c.Tests {
			documents++
			want := test.Valid && !leftOut(c.File, string(test.Data))
			for _, layout := range layouts(t, test.Data) {
				require.Equal(t, want, g.Match(layout), "%s: %s: %s: %s", c.File, c.About, test.About, layout)
			}
		}
	}
	require.Equal(t, constraintest.Supported, compiled)
	require.Equal(t, 1358, documents)
}

// layouts returns a document as it is, compact, and indented.
func layouts(t *testing.T, document []byte) [][]byte {
	var compact, indented bytes.Buffer
	require.NoError(t, json.Compact(&compact, document))
	require.NoError(t, json.Indent(&indented, document, "", "    "))
	return [][]byte{document, compact.Bytes(), indented.Bytes()}
}
