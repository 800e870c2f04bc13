package groqclient_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// TestPost sends what it is given and returns what comes, unknown fields and
// their order included.
func TestPost(t *testing.T) {
	reply := `{"z":1,"a":"<new>"}`
	client, rec := serve(t, nil, answer(200, reply, "X-Request-Id", "req_9", "X-Ratelimit-Remaining-Tokens", "12"))
	got, meta, err := client.Post(t.Context(), "/chat/completions", json.RawMessage(`{"model":"m","tomorrow":"<&>"}`))
	require.NoError(t, err)
	require.Equal(t, reply, string(got))
	require.Equal(t, "req_9", meta.RequestID)
	require.EqualValues(t, 12, meta.RateLimits.Tokens.Remaining)
	require.Equal(t, "POST", rec.last().method)
	require.Equal(t, "/openai/v1/chat/completions", rec.last().path)
	require.Equal(t, `{"model":"m","tomorrow":"<&>"}`, rec.last().body)
}

func TestPostRefuses(t *testing.T) {
	client, rec := serve(t, nil, answer(200, "<html>"))
	for _, path := range []string{"", "chat", "/../admin", "/a?b=c", "/a%2e%2e", "/a b"} {
		_, _, err := client.Post(t.Context(), path, json.RawMessage(`{}`))
		require.ErrorContains(t, err, "want /word/word")
	}
	_, _, err := client.Post(t.Context(), "/a", json.RawMessage(`{`))
	require.ErrorContains(t, err, "unexpected end of JSON input")
	require.Zero(t, rec.count())
	_, _, err = client.Post(t.Context(), "/a", json.RawMessage(`{}`))
	var api *groqclient.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "<html>", string(api.Body))
}

// TestStatedWait is in the error of any status.
func TestStatedWait(t *testing.T) {
	client, _ := serve(t, []groqclient.Option{groqclient.WithRetry(groqclient.RetryPolicy{})},
		answer(503, `{}`, "Retry-After", "2.5"), answer(500, `{}`))
	for _, want := range []time.Duration{2500 * time.Millisecond, 0} {
		_, _, err := client.Post(t.Context(), "/a", json.RawMessage(`{}`))
		var api *groqclient.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, want, api.Wait)
	}
}
