package jinja

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// clock is the time that testdata/record.py renders at.
var clock = time.Date(2024, 7, 9, 4, 5, 6, 0, time.UTC)

// recorded is what transformers makes of a template.
type recorded struct {
	Template string
	Text     string
	Error    string
	Message  string
}

// context are the variables of the recorded templates.
func context(t testing.TB) *Dict {
	t.Helper()
	data, err := os.ReadFile("testdata/context.json")
	require.NoError(t, err)
	v, err := ParseJSON(data)
	require.NoError(t, err)
	return v.(*Dict)
}

// render parses and renders a template.
func render(source string, variables *Dict) (string, error) {
	tmpl, err := Parse(source)
	if err != nil {
		return "", err
	}
	return tmpl.Render(variables, clock)
}

// ownWords are the templates that fail here and there with different words: wrong
// arguments of Python's functions, and what Python's compiler finds.
var ownWords = []string{
	"{{ range() }}", "{{ range(1, 2, 3, 4) }}", "{{ raise_exception() }}", "{{ raise_exception('a', 'b') }}", "{{ strftime_now() }}", "{{ strftime_now(5) }}",
	"{{ message.get() }}", "{{ dict(**5) }}",
	"{{ 'a'.upper(1) }}", "{{ 'a'.replace('a') }}", "{{ 'a'.replace(1, 2) }}", "{{ 'a'.split(1) }}", "{{ 'a'.find(1) }}",
	"{% break %}", "{% continue %}", "{% for i in items %}{% generation %}{% break %}{% endgeneration %}{% endfor %}",
}

// TestLanguage renders testdata/language.jsonl: texts, kinds of errors and their
// messages are those of Jinja2 as transformers sets it up.
func TestLanguage(t *testing.T) {
	data, err := os.ReadFile("testdata/language.jsonl")
	require.NoError(t, err)
	variables := context(t)
	for line := range strings.Lines(string(data)) {
		var want recorded
		require.NoError(t, json.Unmarshal([]byte(line), &want))
		t.Run(want.Template, func(t *testing.T) {
			text, err := render(want.Template, variables)
			if want.Error == "" {
				require.NoError(t, err)
				require.Equal(t, want.Text, text)
				return
			}
			var got *Error
			require.ErrorAs(t, err, &got, "rendered %q, want %s: %s", text, want.Error, want.Message)
			if slices.Contains(ownWords, want.Template) {
				return
			}
			require.Equal(t, want.Error+": "+want.Message, got.Kind+": "+got.Message)
		})
	}
}
