package batch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// inputLine is a request whose prompt is its custom_id.
func inputLine(id string) string {
	return fmt.Sprintf(`{"custom_id":%q,"method":"POST","url":"/v1/chat/completions",`+
		`"body":{"model":"m","messages":[{"role":"user","content":%q}],"max_completion_tokens":100}}`, id, id) + "\n"
}

func TestReadRequests(t *testing.T) {
	last := `{"custom_id":"c","method":"POST","url":"/v1/embeddings","body":{"model":"e","input":"x"}}`
	text := inputLine("a") + "\r\n" + strings.TrimSuffix(inputLine("b"), "\n") + "\r\n" + last
	got, err := readRequests(strings.NewReader(text), endpoints())
	require.NoError(t, err)
	require.Len(t, got, 3)
	body := len(`{"model":"m","messages":[{"role":"user","content":"a"}],"max_completion_tokens":100}`)
	require.Equal(t, request{
		id: "a", line: 1, size: len(inputLine("a")), path: "/chat/completions", model: "m", bytes: body, limit: 100,
	}, got[0])
	require.Equal(t, 3, got[1].line)
	require.Equal(t, "/embeddings", got[2].path)
	require.Equal(t, last, text[got[2].offset:int(got[2].offset)+got[2].size])
}

// TestBadRequests names every bad line.
func TestBadRequests(t *testing.T) {
	line := func(change, to string) string {
		s := strings.Replace(inputLine("x"), change, to, 1)
		require.NotEqual(t, inputLine("x"), s)
		return s
	}
	for _, c := range []struct{ text, want string }{
		{"", "no requests"},
		{"\n \n", "no requests"},
		{inputLine("a") + "{\"custom_id\":\n", "line 2: unexpected end of JSON input"},
		{line(`"custom_id":"x"`, `"id":"x"`), "line 1: no custom_id"},
		{line(`POST`, `GET`), `line 1: method "GET": want POST`},
		{line(`/v1/chat/completions`, `/v1/audio/translations`), `line 1: url "/v1/audio/translations": want /v1/chat/completions or /v1/`},
		{line(`/v1/chat/completions`, `/v1/../secret`), `line 1: url "/v1/../secret"`},
		{line(`"model":"m"`, `"model":""`), "line 1: body: no model"},
		{line(`"model":"m"`, `"model":"m","stream":true`), "line 1: body: stream must not be set"},
		{line(`"body":{`, `"text":{`), "line 1: body: want an object"},
		{line(`"body":{`, `"body":[{`), "line 1: invalid character"},
		{line(`100`, `"many"`), "line 1: body: "},
		{inputLine("a") + "\n" + inputLine("b") + inputLine("a"), `line 4: custom_id "a" is that of line 1 too`},
		{strings.Repeat("{}\n", 12), "line 10: no custom_id\nand 2 more"},
	} {
		_, err := readRequests(strings.NewReader(c.text), endpoints())
		require.ErrorContains(t, err, c.want)
	}
}

func FuzzReadRequests(f *testing.F) {
	f.Add([]byte(inputLine("a") + "\n" + inputLine("b")))
	f.Add([]byte(`{"custom_id":"c","method":"POST","url":"/v1/embeddings","body":{"model":"e","max_tokens":-1e300}}`))
	f.Add([]byte("{}\n{\"custom_id\":7}\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		requests, err := readRequests(bytes.NewReader(data), endpoints())
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, q := range requests {
			var l groqclient.BatchLine
			require.NoError(t, json.Unmarshal(data[q.offset:q.offset+int64(q.size)], &l))
			require.Equal(t, q.id, l.CustomID)
			require.Equal(t, q.bytes, len(l.Body))
			require.NotEmpty(t, q.model)
			require.GreaterOrEqual(t, q.limit, 0)
			require.False(t, seen[q.id])
			seen[q.id] = true
		}
	})
}
