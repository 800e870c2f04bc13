package constrain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func repeat(n int, open, middle, close string) string {
	return strings.Repeat(open, n) + middle + strings.Repeat(close, n)
}

func list(n int, item func(i int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, ",")
}

// hostile are schemas that are made to be expensive, and what Compile says. ""
// is no error.
var hostile = map[string]struct{ schema, want string }{
	"deep nesting":         {repeat(5000, `{"items":`, `{}`, `}`), "more than 4096 bytes"},
	"deeper nesting":       {repeat(100_000, `{"items":`, `{}`, `}`), "exceeded max depth"},
	"deep const":           {`{"const":` + repeat(5000, `[`, ``, `]`) + `}`, ""},
	"exponential pattern":  {`{"pattern":"^(a|b)*a(a|b){20}$"}`, "too many states"},
	"patterns that clash":  {`{"allOf":[` + list(9, func(i int) string { return fmt.Sprintf(`{"pattern":"^(a{%d})*$"}`, 7+i) }) + `]}`, "too many states"},
	"nested repetition":    {`{"pattern":"((((a{1,30}){1,30}){1,30}){1,30}){1,30}"}`, "invalid repeat count"},
	"long pattern":         {`{"pattern":"` + strings.Repeat("[ab]{0,900}", 90) + `$"}`, "too many states"},
	"huge maxLength":       {`{"type":"string","maxLength":1000000000000}`, ""},
	"counted pattern":      {`{"type":"string","pattern":"^[a-z]*$","maxLength":1000000000000}`, ""},
	"fewer bytes or fewer": {`{"type":"string","pattern":"^(aaa|😀)+$","maxLength":1000000000000}`, "too many states"},
	"huge minItems":        {`{"type":"array","minItems":100000000000000}`, ""},
	"minItems without end": {`{"type":"array","minItems":1e40}`, "no JSON text is valid"},
	"huge exponent":        {`{"type":"number","minimum":1e999999999}`, "more than 400 digits"},
	"long number":          {`{"const":` + strings.Repeat("9", 500) + `}`, "more than 400 digits"},
	"long bounds":          {`{"anyOf":[` + list(500, func(i int) string { return fmt.Sprintf(`{"minimum":%de-390,"maximum":%de-390}`, i, i+1) }) + `]}`, "too many states"},
	"recursion":            {`{"$ref":"#/$defs/a","$defs":{"a":{"type":"array","minItems":1,"items":{"$ref":"#/$defs/a"}}}}`, "no JSON text is valid"},
	"chain": {`{"properties":{` + list(2000, func(i int) string { return fmt.Sprintf(`"%d":{"$ref":"#/$defs/%d"}`, i*377%2000, i) }) + `},"$defs":{"0":{},` + list(1999, func(i int) string {
		return fmt.Sprintf(`"%d":{"type":"array","minItems":1,"items":{"$ref":"#/$defs/%d"}}`, i+1, i)
	}) + `}}`, ""},
	"reference to itself": {`{"$ref":"#"}`, ""},
	"choices to itself":   {`{"anyOf":[{"$ref":"#"},{"allOf":[{"$ref":"#"},{"type":"null"}]}]}`, ""},
	"product of choices":  {`{"allOf":[` + list(12, func(i int) string { return fmt.Sprintf(`{"anyOf":[{"minLength":%d},{"maxLength":%d}]}`, i, 50+i) }) + `]}`, "alternatives"},
	"choices that fail":   {`{"allOf":[` + list(30, func(i int) string { return `{"anyOf":[{"type":"string"},{"type":["string","null"]},{"type":"null"}]}` }) + `]}`, "more than 512 alternatives"},
	"many oneOf branches": {`{"oneOf":[` + list(65, func(i int) string { return fmt.Sprintf(`{"const":%d}`, i) }) + `]}`, "at most 64"},
	"many values":         {`{"enum":[` + list(30_000, func(i int) string { return fmt.Sprint(i) }) + `]}`, "more than 20000 schemas"},
	"many properties":     {`{"properties":{` + list(3000, func(i int) string { return fmt.Sprintf(`"p%d":{"type":"null"}`, i) }) + `}}`, ""},
	"many required":       {`{"required":[` + list(2000, func(i int) string { return fmt.Sprintf(`"p%d"`, i) }) + `]}`, ""},
	"many patterns":       {`{"patternProperties":{` + list(16, func(i int) string { return fmt.Sprintf(`"%c":{"minLength":%d}`, 'a'+i, i) }) + `}}`, "too many states"},
	"conjunctions": {`{"$ref":"#/$defs/a","$defs":{` + list(14, func(i int) string {
		return fmt.Sprintf(`"%c":{"properties":{"x":{"$ref":"#/$defs/%c"}},"patternProperties":{"x":{"$ref":"#"},"y":{"$ref":"#/$defs/%c"}}}`, 'a'+i, 'a'+(i+1)%14, 'a'+(i*3)%14)
	}) + `}}`, "too many states"},
	"too long": {`{"title":"` + strings.Repeat("x", maxSchemaBytes) + `"}`, "at most 1048576"},
}

// TestHostileSchemas: each ends with its error or compiles, within the limits
// of doc.go.
func TestHostileSchemas(t *testing.T) {
	for name, c := range hostile {
		g, err := Compile([]byte(c.schema))
		if c.want != "" {
			require.ErrorContains(t, err, c.want, name)
			continue
		}
		require.NoError(t, err, name)
		m := newMatcher(g)
		require.NotEqual(t, dead, m.start(), name)
	}
}

// TestHostileDocuments: what makes the automaton follow many readings, or meet
// many states, is bounded too.
func TestHostileDocuments(t *testing.T) {
	twins := `{"type":"object","properties":{"a":{"$ref":"#"}}}`
	both, err := Compile([]byte(`{"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[{"type":"object","properties":{"a":{"$ref":"#/$defs/n"},"b":{"type":"null"}}},{"type":"object","properties":{"a":{"$ref":"#/$defs/n"},"c":{"type":"null"}}}]}}}`))
	require.NoError(t, err)
	one, err := Compile([]byte(twins))
	require.NoError(t, err)
	for _, g := range []*Grammar{both, one} {
		require.True(t, g.Match([]byte(repeat(40, `{"a":`, `{}`, `}`))))
		require.True(t, g.Match([]byte(`{"x":[`+list(50_000, func(i int) string { return "[[1]]" })+`]}`)))
		require.True(t, g.Match([]byte(`{"x":`+repeat(20_000, `[`, ``, `]`)+`}`)))
	}
}
