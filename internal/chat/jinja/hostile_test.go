package jinja

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHostile renders templates that would take for ever, or all memory: each
// ends with an error of this kind. What keeps them short are the counted limits
// of package jinja; a limit that does not hold shows as a test that does not
// end.
func TestHostile(t *testing.T) {
	nest := func(open, middle, end string) string {
		return strings.Repeat(open, 100000) + middle + strings.Repeat(end, 100000)
	}
	for name, c := range map[string]struct{ template, kind string }{
		"range":             {"{{ range(10**9)|list }}", OverflowError},
		"nested loops":      {strings.Repeat("{% for i in range(1000) %}", 9) + "x" + strings.Repeat("{% endfor %}", 9), LimitError},
		"empty loops":       {"{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", LimitError},
		"string":            {"{{ 'a' * 10**9 }}", LimitError},
		"list":              {"{{ [1] * 10**9 }}", LimitError},
		"huge count":        {"{{ '' * 10**18 ~ [] * 10**18 }}", LimitError},
		"doubled string":    {"{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", LimitError},
		"doubled list":      {"{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", LimitError},
		"shared list":       {"{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}", LimitError},
		"shared JSON":       {"{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson }}", LimitError},
		"shared equal":      {"{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}", LimitError},
		"shared key":        {"{% set ns = namespace(s=(1,)) %}{% for i in range(60) %}{% set ns.s = (ns.s, ns.s) %}{% endfor %}{{ {ns.s: 1} }}", LimitError},
		"deep list":         {"{% set ns = namespace(s=[1]) %}{% for i in range(90000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}", RecursionError},
		"deep JSON":         {"{% set ns = namespace(s=[1]) %}{% for i in range(90000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s|tojson }}", RecursionError},
		"deep key":          {"{% set ns = namespace(s=(1,)) %}{% for i in range(90000) %}{% set ns.s = (ns.s,) %}{% endfor %}{{ ns.s in {} }}", LimitError},
		"itself":            {"{% set ns = namespace() %}{% set ns.s = [ns] %}{{ ns }}", RecursionError},
		"macro":             {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", RecursionError},
		"two macros":        {"{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}", LimitError},
		"recursive loop":    {"{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", RecursionError},
		"caller":            {"{% macro m() %}{% call m() %}{% endcall %}{{ caller }}{% endmacro %}{% call m() %}{% endcall %}", RecursionError},
		"parentheses":       {"{{ " + nest("(", "1", ")") + " }}", LimitError},
		"lists":             {"{{ " + nest("[", "1", "]") + " }}", LimitError},
		"not":               {"{{ " + strings.Repeat("not ", 100000) + "1 }}", LimitError},
		"minus":             {"{{ " + strings.Repeat("- ", 100000) + "1 }}", LimitError},
		"ifs":               {strings.Repeat("{% if 1 %}", 50000), LimitError},
		"targets":           {"{% set " + nest("(", "a", ")") + " = 1 %}", LimitError},
		"long sum":          {"{{ 1" + strings.Repeat("+1", 100000) + " }}", RecursionError},
		"long chain":        {"{{ x" + strings.Repeat(".x", 100000) + " }}", RecursionError},
		"filters":           {"{{ 1" + strings.Repeat("|string", 100000) + " }}", RecursionError},
		"elif":              {"{% if 0 %}" + strings.Repeat("{% elif 0 %}", 50000) + "{% endif %}{% for i in range(99999) %}{{ i }}{{ i }}{{ i }}{{ i }}{{ i }}{{ i }}{{ i }}{{ i }}{% for j in range(100) %}{% endfor %}{% endfor %}", LimitError},
		"center":            {"{{ 'a'|center(10**15) }}", LimitError},
		"percent width":     {"{{ '%1000000000d' % 1 }}", LimitError},
		"percent star":      {"{{ '%*d' % (10**12, 1) }}", LimitError},
		"percent precision": {"{{ '%.999999999f' % 1 }}", LimitError},
		"format width":      {"{{ '{:999999999}'.format(1) }}", LimitError},
		"format nesting":    {"{{ '" + strings.Repeat("{0:", 100000) + strings.Repeat("}", 100000) + "'.format(1) }}", ValueError},
		"indent":            {"{{ [1]|tojson(indent=10**10) }}", LimitError},
		"batch":             {"{{ [1]|batch(10**10, 'x')|list }}", LimitError},
		"slice":             {"{{ [1]|slice(10**10)|list }}", LimitError},
		"replace":           {"{% set a = 'a' * 10**5 %}{{ a|replace('a', a) }}", LimitError},
		"join":              {"{% set a = 'a' * 10**5 %}{{ a|join(a) }}", LimitError},
		"expandtabs":        {"{{ '\\t'.expandtabs(10**12) }}", LimitError},
		"search":            {"{% set a = 'a' * 10**7 %}{% for i in range(100000) %}{% if 'b' in a %}{% endif %}{% endfor %}", LimitError},
		"output":            {"{% set a = 'a' * 10**6 %}{% for i in range(1000) %}{{ a }}{% endfor %}", LimitError},
		"split words":       {"{{ ('a ' * 10**8).split() }}", LimitError},
		"split commas":      {"{{ ('a,' * 10**8).split(',') }}", LimitError},
		"split right":       {"{{ ('a,' * 10**8).rsplit(',') }}", LimitError},
		"lines":             {"{{ ('a\n' * 10**8).splitlines() }}", LimitError},
		"words":             {"{{ ('a ' * 10**8)|wordcount }}", LimitError},
		"escaped":           {"{{ ('\"' * 10**8)|e }}", LimitError},
		"JSON escapes":      {"{{ ('\x01' * 10**8)|tojson }}", LimitError},
		"repr escapes":      {"{{ ['\x01' * 10**8] }}", LimitError},
		"filter chain":      {"{% filter string" + strings.Repeat("|string", 50000) + " %}{% endfilter %}", RecursionError},
		"power":             {"{{ 2 ** 10**15 }}", Unsupported},
		"tags":              {strings.Repeat("{% raw ", 100000), SyntaxError},
		"comments":          {strings.Repeat("{#", 100000), SyntaxError},
		"size":              {strings.Repeat("x", maxSource+1), LimitError},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := render(c.template, &Dict{})
			var got *Error
			require.ErrorAs(t, err, &got, "%d bytes of text", len(text))
			require.Equal(t, c.kind, got.Kind, got.Message)
		})
	}
}

// TestPlace names line and column of an error.
func TestPlace(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"a\n  {{ 1 / 0 }}\nb", "template line 2, column 8: ZeroDivisionError: division by zero"},
		{"é {{ x.y }}", "template line 1, column 7: UndefinedError: 'x' is undefined"},
		{"a\nb {% foo %}", "template line 2, column 6: TemplateSyntaxError: Encountered unknown tag 'foo'."},
		{"{% macro m() %}\n{{ raise_exception('no') }}\n{% endmacro %}\n\n{{ m() }}", "template line 2, column 19: TemplateError: no"},
	} {
		_, err := render(c.template, &Dict{})
		require.EqualError(t, err, c.want)
	}
}

// TestVariablesStay renders twice: a template cannot change what it is given.
func TestVariablesStay(t *testing.T) {
	variables := context(t)
	tmpl, err := Parse("{% set items = items + [5] %}{% set role = 'x' %}{{ items }}{{ role }}")
	require.NoError(t, err)
	for range 2 {
		text, err := tmpl.Render(variables, clock)
		require.NoError(t, err)
		require.Equal(t, "[1, 2, 3, 4, 5]x", text)
	}
}

func TestParseJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"b": 1, "a": [2.0, null, true, "x"], "b": 3}`, `{'b': 3, 'a': [2.0, None, True, 'x']}`},
		{`[99999999999999999999]`, "[99999999999999999999]"}, {`1e400`, "inf"}, {`-0`, "0"}, {`-0.0`, "-0.0"}, {` "\u00e9\ud83d\ude00" `, "é😀"},
	} {
		v, err := ParseJSON([]byte(c.in))
		require.NoError(t, err)
		d := &Dict{}
		d.Set("v", v)
		text, err := render("{{ v }}", d)
		require.NoError(t, err)
		require.Equal(t, c.want, text)
	}
	for _, in := range []string{"", "[", `{"a"`, `{"a":`, "[1 2]", "1 2", "[1,]", strings.Repeat("[", 100000)} {
		_, err := ParseJSON([]byte(in))
		require.ErrorContains(t, err, "JSON: ", in)
	}
}

// TestBigInteger prints an integer that does not fit 64 bits, and refuses to
// calculate with it. What it compares to is in testdata/language.txt.
func TestBigInteger(t *testing.T) {
	v, err := ParseJSON([]byte(`{"n": 1000000000000000019884624838656}`))
	require.NoError(t, err)
	text, err := render("{{ n }} {{ n|tojson }} {{ n is integer }} {{ n is number }} {{ 'y' if n }}", v.(*Dict))
	require.NoError(t, err)
	require.Equal(t, "1000000000000000019884624838656 1000000000000000019884624838656 True True y", text)
	for _, template := range []string{"{{ n + 1 }}", "{{ 2.5 * n }}", "{{ -n }}", "{{ n|abs }}", "{{ 'a' * n }}", "{{ n * [1] }}"} {
		_, err := render(template, v.(*Dict))
		require.ErrorContains(t, err, "UnsupportedError: integer 1000000000000000019884624838656 does not fit 64 bits", template)
	}
}

func FuzzRender(f *testing.F) {
	data, err := os.ReadFile("testdata/language.txt")
	require.NoError(f, err)
	for line := range strings.Lines(string(data)) {
		f.Add(line)
	}
	variables := context(f)
	f.Fuzz(func(t *testing.T, source string) {
		text, err := render(source, variables)
		if err != nil {
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Empty(t, text)
			return
		}
		again, err := render(source, variables)
		require.NoError(t, err)
		require.Equal(t, text, again)
	})
}

func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(`{"a": [1, 2.5, null, true, "\u00e9"], "a": {}}`))
	f.Add([]byte(`[[`))
	f.Add([]byte(`-6E666`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ParseJSON(data)
		if err != nil {
			return
		}
		d := &Dict{}
		d.Set("v", v)
		text, err := render("{{ v|tojson }}", d)
		require.NoError(t, err)
		if strings.Contains(text, "Infinity") {
			return // what Python makes of a number that is too large is no JSON
		}
		again, err := ParseJSON([]byte(text))
		require.NoError(t, err)
		d.Set("v", again)
		second, err := render("{{ v|tojson }}", d)
		require.NoError(t, err)
		require.Equal(t, text, second)
	})
}
