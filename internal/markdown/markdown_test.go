package markdown

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func styled(pieces ...string) string {
	var s Styler
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(s.Style(p))
	}
	return b.String() + s.End()
}

func TestStyles(t *testing.T) {
	for text, want := range map[string]string{
		"plain\n":                "plain\n",
		"# Title\ntext":          "#" + bold + " Title" + reset + "\ntext",
		"#hash":                  "#hash",
		"a `b` c":                "a " + code + "`b`" + reset + " c",
		"a **b** c":              "a *" + bold + "*b**" + reset + " c",
		"2**3**4":                "2**3**4",
		"**open\nnext":           "*" + bold + "*open" + reset + "\nnext",
		"`**`":                   code + "`**`" + reset,
		"x\x1b[31m\a\r\ty\u009b": "x[31m\ty",
		"```go\nif **x {\n```\nafter": code + "``" + "`go" + reset + "\n" + code + "if **x {" + reset + "\n" +
			code + "```" + reset + "\nafter",
		"  ```\n# c\n\n  ```\n": "  " + code + "```" + reset + "\n" + code + "# c" + reset + "\n\n" + code + "  ```" + reset + "\n",
	} {
		require.Equal(t, want, styled(text), "%q", text)
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9]+m")

// FuzzStyler checks that the text stays and that its pieces do not matter.
func FuzzStyler(f *testing.F) {
	f.Add("# a\n**b** `c`\n```\nd\n```\n*", 3)
	f.Add("\x1b[2J****`\u202e", 1)
	f.Fuzz(func(t *testing.T, text string, n int) {
		text = strings.ToValidUTF8(text, "?")
		pieces := []string{text}
		if runes := []rune(text); n > 0 && n < len(runes) {
			pieces = []string{string(runes[:n]), string(runes[n:])}
		}
		got := styled(text)
		require.Equal(t, got, styled(pieces...))
		plain := strings.Map(func(r rune) rune {
			if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0) {
				return -1
			}
			return r
		}, text)
		require.Equal(t, plain, colours.ReplaceAllString(got, ""))
		for _, line := range strings.Split(got, "\n") {
			if i := strings.LastIndex(line, "\x1b"); i >= 0 {
				require.True(t, strings.HasPrefix(line[i:], reset), "a colour outlasts its line")
			}
		}
	})
}
