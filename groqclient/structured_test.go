package groqclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

type inner struct {
	When time.Time `json:"when"`
	Raw  []byte    `json:"raw"`
}

type base struct {
	ID int64 `json:"id"`
}

type everything struct {
	base
	Zeta    string  `json:"zeta" description:"the \"last\" letter"`
	Alpha   float32 `json:"alpha"`
	Level   string  `json:"level" enum:"low,high"`
	Size    uint8   `json:"size" enum:"1,2"`
	Maybe   *bool   `json:"maybe,omitempty"`
	List    []inner `json:"list"`
	NoTag   [2]int
	Skipped string `json:"-"`
	_       string // unexported: must not be in the schema
}

func TestSchemaOf(t *testing.T) {
	schema, err := groqclient.SchemaOf[everything]()
	require.NoError(t, err)
	require.Equal(t, `{"type":"object","properties":{"id":{"type":"integer"},`+
		`"zeta":{"type":"string","description":"the \"last\" letter"},"alpha":{"type":"number"},`+
		`"level":{"type":"string","enum":["low","high"]},"size":{"type":"integer","enum":[1,2]},`+
		`"maybe":{"anyOf":[{"type":"boolean"},{"type":"null"}]},`+
		`"list":{"type":"array","items":{"type":"object","properties":{"when":{"type":"string","format":"date-time"},"raw":{"type":"string"}},`+
		`"required":["when","raw"],"additionalProperties":false}},"NoTag":{"type":"array","items":{"type":"integer"}}},`+
		`"required":["id","zeta","alpha","level","size","maybe","list","NoTag"],"additionalProperties":false}`, string(schema))
	require.NoError(t, groqclient.CheckStrict(schema))
}

type tree struct {
	Name string  `json:"name"`
	Kids []*tree `json:"kids"`
}

type forest struct {
	First tree  `json:"first"`
	Next  *tree `json:"next"`
}

func TestSchemaOfRecursive(t *testing.T) {
	const kids = `{"type":"object","properties":{"name":{"type":"string"},"kids":{"type":"array","items":` +
		`{"anyOf":[{"$ref":"#/$defs/tree"},{"type":"null"}]}}},"required":["name","kids"],"additionalProperties":false`
	schema, err := groqclient.SchemaOf[tree]()
	require.NoError(t, err)
	require.Equal(t, kids+`,"$defs":{"tree":`+kids+`}}}`, string(schema))
	require.NoError(t, groqclient.CheckStrict(schema))
	schema, err = groqclient.SchemaOf[forest]()
	require.NoError(t, err)
	require.Contains(t, string(schema), `"first":{"$ref":"#/$defs/tree"},"next":{"anyOf":[{"$ref":"#/$defs/tree"},{"type":"null"}]}`)
	require.NoError(t, groqclient.CheckStrict(schema))
}

func TestSchemaOfRefuses(t *testing.T) {
	_, err := groqclient.SchemaOf[struct{ M map[string]int }]()
	require.ErrorContains(t, err, ".M: a map[string]int has no strict schema")
	_, err = groqclient.SchemaOf[struct{ A any }]()
	require.ErrorContains(t, err, "interface")
	_, err = groqclient.SchemaOf[struct{ R json.RawMessage }]()
	require.ErrorContains(t, err, "writes its own JSON")
	_, err = groqclient.SchemaOf[struct{ *inner }]()
	require.ErrorContains(t, err, "embedded pointer")
	_, err = groqclient.SchemaOf[struct {
		N int `enum:"1,x"`
	}]()
	require.ErrorContains(t, err, `"x" is not a int`)
	_, err = groqclient.SchemaOf[struct {
		N *int `enum:"1"`
	}]()
	require.ErrorContains(t, err, "exclude each other")
}

func TestCheckStrict(t *testing.T) {
	object := func(properties, rest string) string {
		return `{"type":"object","additionalProperties":false,"properties":{` + properties + `}` + rest + `}`
	}
	for schema, want := range map[string]string{
		object(``, ``): "",
		object(`"a":{"type":"string"}`, `,"required":["a"]`):                                         "",
		object(`"a":{"type":["string","null"]}`, `,"required":["a"]`):                                "",
		object(`"a":{"const":1}`, `,"required":["a"]`):                                               "",
		object(`"a":{"$ref":"#"}`, `,"required":["a"]`):                                              "",
		object(`"a":{"$ref":"#/$defs/x~1y"}`, `,"required":["a"],"$defs":{"x/y":{"type":"string"}}`): "",
		`[]`:                                "not a JSON object",
		`{"type":"string"}`:                 "the root must be of type object",
		`{"anyOf":[]}`:                      "the root must be of type object",
		`{"type":"object"}`:                 "#: additionalProperties must be false",
		object(`"a":{"type":"string"}`, ``): `#: property "a" must be in required`,
		object(``, `,"required":["b"]`):     `#: required "b" is not a property`,
		object(`"a":{"type":"object"}`, `,"required":["a"]`):              "#/properties/a: additionalProperties must be false",
		object(`"a":{"type":"array"}`, `,"required":["a"]`):               "#/properties/a: array without items",
		object(`"a":{"type":"array","items":{}}`, `,"required":["a"]`):    "#/properties/a/items: no type",
		object(`"a":{"type":"date"}`, `,"required":["a"]`):                `#/properties/a: unknown type "date"`,
		object(`"a":{"enum":[]}`, `,"required":["a"]`):                    "#/properties/a: enum without values",
		object(`"a":{"type":"string","not":{}}`, `,"required":["a"]`):     "#/properties/a: allOf, oneOf and not",
		object(`"a":{"anyOf":[{"type":"null"},{}]}`, `,"required":["a"]`): "#/properties/a/anyOf/1: no type",
		object(`"a":{"$ref":"#/$defs/b"}`, `,"required":["a"]`):           `"#/$defs/b" points to nothing`,
		object(`"a":{"$ref":"http://x"}`, `,"required":["a"]`):            "leaves the document",
		object(`"a":{"type":5}`, `,"required":["a"]`):                     "#/properties/a: type is neither",
		object(`"a":{"type":["string",null]}`, `,"required":["a"]`):       "#/properties/a: unknown type",
		object(`"a":7`, `,"required":["a"]`):                              "#/properties/a: json",
		object(``, `,"$defs":{"d":{"type":"object"}}`):                    "#/$defs/d: additionalProperties",
		strings.Repeat(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":`, 100) + `{"type":"null"}` + strings.Repeat("}}", 100): "nested deeper",
	} {
		err := groqclient.CheckStrict(json.RawMessage(schema))
		if want == "" {
			require.NoError(t, err, schema)
		} else {
			require.ErrorContains(t, err, want, schema)
		}
	}
}

type city struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

func TestStructured(t *testing.T) {
	client, rec := serve(t, nil, answer(200, groqtest.Completion(`{"name":"Oslo","size":7}`)),
		answer(200, groqtest.Completion("Oslo!")), answer(200, strings.Replace(groqtest.Completion(`{"name":"Os`), `"stop"`, `"length"`, 1)))
	req := request()
	got, _, err := groqclient.Structured[city](t.Context(), client, req)
	require.NoError(t, err)
	require.Equal(t, city{"Oslo", 7}, got)
	require.Nil(t, req.ResponseFormat, "the caller's request is not changed")
	require.Contains(t, rec.last().body, `"response_format":{"type":"json_schema","json_schema":{"name":"city","schema":{"type":"object",`)
	require.Contains(t, rec.last().body, `"strict":true`)
	_, resp, err := groqclient.Structured[city](t.Context(), client, req)
	require.ErrorContains(t, err, "structured answer: invalid character")
	require.Equal(t, "Oslo!", resp.Text())
	_, resp, err = groqclient.Structured[city](t.Context(), client, req)
	require.ErrorContains(t, err, `ended with "length"`)
	require.NotNil(t, resp)
	_, _, err = groqclient.Structured[[]city](t.Context(), client, req)
	require.ErrorContains(t, err, "the root must be of type object")
}

// toolAnswer is a completion that calls functions: name, arguments, ...
func toolAnswer(calls ...string) string {
	list := []string{}
	for i := 0; i+1 < len(calls); i += 2 {
		args, _ := json.Marshal(calls[i+1]) // a string always marshals
		list = append(list, `{"id":"call_`+calls[i]+`","type":"function","function":{"name":"`+calls[i]+`","arguments":`+string(args)+`}}`)
	}
	return `{"choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[` + strings.Join(list, ",") + `]},"finish_reason":"tool_calls"}]}`
}

type pair struct {
	X int `json:"x"`
	Y int `json:"y"`
}

func adders(t *testing.T) []groqclient.ToolFunc {
	add, err := groqclient.NewToolFunc("add", "adds", func(_ context.Context, p pair) (map[string]int, error) {
		return map[string]int{"sum": p.X + p.Y}, nil
	})
	require.NoError(t, err)
	fail, err := groqclient.NewToolFunc("fail", "fails", func(context.Context, struct{}) (string, error) {
		return "", errors.New("out of order")
	})
	require.NoError(t, err)
	return []groqclient.ToolFunc{add, fail}
}

func TestRunTools(t *testing.T) {
	client, rec := serve(t, nil, answer(200, toolAnswer("add", `{"x":1,"y":2}`, "fail", `{}`)),
		answer(200, toolAnswer("nope", `{}`, "add", `{"x":`)), answer(200, groqtest.Completion("3")))
	var told []string
	run, err := client.RunTools(t.Context(), request(), adders(t), groqclient.RunToolsOptions{
		OnCall: func(c groqclient.ToolCall, result string, _ error) { told = append(told, c.Function.Name+" "+result) },
	})
	require.NoError(t, err)
	require.Equal(t, "3", run.Response.Text())
	require.Equal(t, 3, run.Rounds)
	require.Equal(t, []string{
		`add {"sum":3}`, `fail {"error":"out of order"}`, `nope {"error":"there is no function \"nope\""}`,
		`add {"error":"the arguments are not what the schema says: unexpected end of JSON input"}`,
	}, told)
	require.Len(t, run.Messages, 8) // user, 2 x (assistant, tool, tool), assistant
	require.Contains(t, rec.last().body, `{"role":"tool","content":"{\"sum\":3}","tool_call_id":"call_add"}`)
	require.Contains(t, rec.last().body, `"function":{"name":"add","description":"adds","parameters":{"type":"object","properties":{"x":`)
}

func TestRunToolsBounds(t *testing.T) {
	client, rec := serve(t, nil, answer(200, toolAnswer("add", `{"x":1,"y":2}`)))
	run, err := client.RunTools(t.Context(), request(), adders(t), groqclient.RunToolsOptions{MaxRounds: 3})
	require.ErrorIs(t, err, groqclient.ErrToolRounds)
	require.Equal(t, 3, run.Rounds)
	require.Equal(t, 3, rec.count())

	failed := answer(400, `{"error":{"message":"m","code":"tool_use_failed","failed_generation":"<f>"}}`)
	client, _ = serve(t, nil, failed, answer(200, groqtest.Completion("ok")))
	_, err = client.RunTools(t.Context(), request(), nil, groqclient.RunToolsOptions{})
	var api *groqclient.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "<f>", api.FailedGeneration)
	client, rec = serve(t, nil, failed, answer(200, groqtest.Completion("ok")))
	run, err = client.RunTools(t.Context(), request(), nil, groqclient.RunToolsOptions{MaxFailedCalls: 1})
	require.NoError(t, err)
	require.Equal(t, "ok", run.Response.Text())
	require.Equal(t, 2, rec.count())
}

func TestNewToolFuncRefuses(t *testing.T) {
	_, err := groqclient.NewToolFunc("a", "", func(context.Context, int) (int, error) { return 0, nil })
	require.ErrorContains(t, err, "must be a struct")
	_, err = groqclient.NewToolFunc("a b", "", func(context.Context, pair) (int, error) { return 0, nil })
	require.ErrorContains(t, err, `"a b"`)
	_, err = groqclient.NewToolFunc("a", "", func(context.Context, struct{ C chan int }) (int, error) { return 0, nil })
	require.ErrorContains(t, err, "chan int")
}
