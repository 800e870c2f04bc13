package split

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// deepSeekPatterns are the patterns of each model, one after the other.
var deepSeekPatterns = map[string][]string{
	"deepseek-llm":   {LineBreak, CasedLetters, EastAsianMarks, Trailing, EastAsian, Numbers},
	"deepseek-coder": {LineBreak, Letters, Marks, EastAsian, Number},
}

// cut isolates the matches of a pattern in each piece.
func cut(t *testing.T, pattern string, pieces []string) (out []string) {
	p, err := New(pattern)
	require.NoError(t, err)
	for _, piece := range pieces {
		done := 0
		require.NoError(t, p.Each(piece, func(i, j int) {
			if done < i {
				out = append(out, piece[done:i])
			}
			out = append(out, piece[i:j])
			done = j
		}))
		if done < len(piece) {
			out = append(out, piece[done:])
		}
	}
	return out
}

// The oracle is Hugging Face tokenizers: testdata/record.py.
func TestDeepSeekGoldens(t *testing.T) {
	file, err := os.Open("testdata/deepseek.jsonl")
	require.NoError(t, err)
	defer file.Close()
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); n++ {
		var name, text string
		var want []string
		require.NoError(t, json.Unmarshal(lines.Bytes(), &[]any{&name, &text, &want}))
		got := []string{}
		if text != "" {
			got = append(got, text)
		}
		for _, pattern := range deepSeekPatterns[name] {
			got = cut(t, pattern, got)
		}
		require.Equal(t, len(want), len(got), "%s: %q", name, text)
		require.Equal(t, strings.Join(want, "|"), strings.Join(got, "|"), "%s: %q", name, text)
	}
	require.Equal(t, 394, n)
}

// White space in the middle of a text is looked at once.
func TestTrailingIsLinear(t *testing.T) {
	p, err := New(Trailing)
	require.NoError(t, err)
	require.Empty(t, matches(t, p, strings.Repeat(strings.Repeat(" ", 1<<20)+"x", 8)))
}
