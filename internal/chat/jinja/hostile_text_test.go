package jinja

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// repeated renders a text 10000 times, with a tenth of the limits left. What
// counts little of what it does comes to its end.
func repeated(t *testing.T, before, body string) error {
	tmpl, err := Parse(before + "{% for i in range(10000) %}" + body + "{% endfor %}")
	require.NoError(t, err)
	r := tmpl.renderer(&Dict{}, clock)
	r.steps, r.memory = maxSteps/10*9, maxMemory/10*9
	_, err = r.render()
	return err
}

func requireLimit(t *testing.T, err error) {
	var got *Error
	require.ErrorAs(t, err, &got)
	require.Equal(t, LimitError, got.Kind, got.Message)
}

// TestLongText repeats operations that look short and read a long text: each
// counts what it reads, so that the loop around it ends at a limit.
func TestLongText(t *testing.T) {
	const long = "{% set a = 'a' * 10**6 %}{% set b = a ~ '' %}{% set c = 'b' * 10**6 ~ 'é' %}{% set l = [''] * 10**5 %}{% set d = dict(range(9000)|map('string')|batch(2)) %}"
	for _, expression := range []string{
		"a == b", "[a] == [b]", "a < b", "a is eq(b)", "a is lower", "a is upper", "b in [a]", "b in {a: 1}", "{a: 1}[b]", "{a: 1}.get(b)", "{(a, 1): 1}",
		"dict({a: 1})", "dict([(a, 1)])", "dict.fromkeys([a])", "{}[a]", "'x'[a]", "'x'|attr(a)", "[a, b]|unique|list", "[a, b]|sort", "[a, b]|max",
		"[{}]|map(attribute=a)|list", "[{}]|sort(attribute='a,' * 10**5)", "[{'a': a}]|groupby('a')", "{a: 1}|dictsort", "loop.changed(a if i is odd else b)",
		"a.partition('b')", "a.rpartition('b')", "a.endswith(b)", "a.endswith((a ~ 'b',) * 9)", "a.strip(c)", "(' ' * 10**6).strip()", "a|trim(c)", "a.swapcase()",
		"a.title()", "a|title", "a|striptags", "('<!--' * 10**5)|striptags", "a.isupper()", "a.istitle()", "a.isascii()", "a.casefold()", "a.replace('b', '')", "a.rsplit()", "('%%' * 10**5) % ()",
		"a.splitlines()", "a.expandtabs()", "a.center(5)", "a.find('b', 1)", "a.removeprefix(b)", "('1' * 10**6)|float", "('x' * 10**6)|int", "1e-300|round(323)",
		"[a]|string", "''.join(l)", "l|join", "cycler(*l)", "d|xmlattr", "dict(**dict(range(1000)|map('string')|batch(2)))",
	} {
		t.Run(expression, func(t *testing.T) {
			requireLimit(t, repeated(t, long, "{% set x = "+expression+" %}"))
		})
	}
	require.NoError(t, repeated(t, long, "{% set x = i + 1 %}"), "what reads no text")
}

// TestLongNames loops over names that fill the source, over many parameters and
// over a place far behind.
func TestLongNames(t *testing.T) {
	name := strings.Repeat("n", 400_000)
	var params strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&params, "p%d,", i)
	}
	for label, body := range map[string]string{
		"variable":   "{% set x = " + name + " %}",
		"assignment": "{% set " + name + " = 1 %}",
		"attribute":  "{% set x = loop." + name + " %}",
		"namespace":  "{% set ns." + name + " = 1 %}",
		"argument":   "{% set x = dict(" + name + "=1) %}",
		"parameters": "{% macro m(" + strings.TrimSuffix(params.String(), ",") + ") %}{% endmacro %}{% for j in range(100) %}{{ m() }}{% endfor %}",
		"line":       strings.Repeat("\n", 900_000) + "{% set x = (1 if 0) is defined %}",
		"scopes":     strings.Repeat("{% for j in [1] %}", 150) + "{% for j in range(99999) %}{{ absent }}{% endfor %}" + strings.Repeat("{% endfor %}", 150),
	} {
		t.Run(label, func(t *testing.T) {
			requireLimit(t, repeated(t, "{% set ns = namespace() %}", body))
		})
	}
	require.NoError(t, repeated(t, "", "{% set n = 1 %}"), "a short name")
}

// TestManyParameters binds 20000 parameters by name, once: the work grows with
// their number alone.
func TestManyParameters(t *testing.T) {
	var params, values strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&params, "p%d,", i)
		fmt.Fprintf(&values, "p%d=%d,", i, i)
	}
	text, err := render("{% macro m("+strings.TrimSuffix(params.String(), ",")+") %}{{ p0 }} {{ p19999 }}{% endmacro %}{{ m("+values.String()+") }}", &Dict{})
	require.NoError(t, err)
	require.Equal(t, "0 19999", text)
}
