package groqclient_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// chatError is the error of a chat that is answered so, without retries.
func chatError(t *testing.T, a func(http.ResponseWriter)) error {
	client, _ := serve(t, []groqclient.Option{groqclient.WithRetry(groqclient.RetryPolicy{})}, a)
	_, err := client.Chat(t.Context(), request())
	require.Error(t, err)
	return err
}

func TestAPIErrorForms(t *testing.T) {
	for body, want := range map[string]groqclient.APIError{
		`{"error":{"message":"m","type":"t","code":"c","param":"p"}}`: {Message: "m", Type: "t", Code: "c", Param: "p"},
		`{"error":{"message":"m","code":503}}`:                        {Message: "m", Code: "503"},
		`{"error":{"message":"m","code":null}}`:                       {Message: "m"},
		`{"error":{"error":{"message":"m","code":"c"}}}`:              {Message: "m", Code: "c"},
		`{"error":"over capacity"}`:                                   {Message: "over capacity"},
		`{"message":"m"}`:                                             {Message: "m"},
		`{"error":{"message":"m","failed_generation":"<f>"}}`:         {Message: "m", FailedGeneration: "<f>"},
		`{"error":{"message":"m","failed_generation":{"a":1}}}`:       {Message: "m", FailedGeneration: `{"a":1}`},
		`{"error":{"message":"m","schema_path":"/a","schema_path_segments":["a",0],"schema_kind":"k","schema_code":"s"}}`: {
			Message: "m", SchemaPath: "/a", SchemaSegments: []string{"a", "0"}, SchemaKind: "k", SchemaCode: "s",
		},
		`{"error":{"message":"m","schema_path_segments":"a"}}`: {Message: "m"},
		`not JSON`: {},
		``:         {},
		`[1]`:      {},
	} {
		var got *groqclient.APIError
		require.ErrorAs(t, chatError(t, answer(400, body, "X-Request-Id", "req_9", "X-Groq-Region", "msp")), &got)
		require.Equal(t, body, string(got.Body))
		require.Equal(t, 400, got.StatusCode)
		require.Equal(t, "req_9", got.RequestID)
		require.Equal(t, "msp", got.Region)
		require.Equal(t, 1, got.Attempts)
		want.Meta, want.Method, want.URL, want.Body = got.Meta, got.Method, got.URL, got.Body
		require.Equal(t, &want, got, body)
	}
}

func TestErrorTexts(t *testing.T) {
	long := strings.Repeat("ö ", 300)
	for _, tt := range []struct {
		a    func(http.ResponseWriter)
		want string
	}{
		{
			answer(400, `{"error":{"message":"bad","code":"model_not_found"}}`, "X-Request-Id", "req_9"),
			"groq: POST /openai/v1/chat/completions: 400 Bad Request: model_not_found: bad (request req_9)",
		},
		{answer(499, ``), "groq: POST /openai/v1/chat/completions: 499 Request Cancelled"},
		{answer(498, ``), "groq: POST /openai/v1/chat/completions: 498 Capacity Exceeded"},
		{answer(502, "<html>\n <b>no</b>"), "groq: POST /openai/v1/chat/completions: 502 Bad Gateway: <html> <b>no</b>"},
		{answer(429, `{}`, "Retry-After", "90"), "groq: POST /openai/v1/chat/completions: 429 Too Many Requests: {}; the server asks to wait 1m30s"},
		{answer(200, `[]`), "groq: POST /openai/v1/chat/completions: error in a reply of status 200: unexpected reply: " +
			"JSON array where an object is expected: []"},
		{answer(200, `{"choices":[{"index":"a"}]}`), "groq: POST /openai/v1/chat/completions: error in a reply of status 200: " +
			`unexpected reply: JSON string in field "index": {"choices":[{"index":"a"}]}`},
	} {
		require.EqualError(t, chatError(t, tt.a), tt.want)
	}
	err := chatError(t, answer(500, long))
	require.True(t, utf8.ValidString(err.Error()))
	require.Less(t, len(err.Error()), 300)
}

func TestRateLimitError(t *testing.T) {
	const day = "Rate limit reached for model `m` on requests per day (RPD): Limit 1000, Used 1000, Requested 1. Please try again in 1h2m3.5s."
	var limit *groqclient.RateLimitError
	require.ErrorAs(t, chatError(t, answer(429, `{"error":{"message":"`+day+`","type":"requests"}}`)), &limit)
	require.Equal(t, "RPD", limit.Dimension)
	require.EqualValues(t, 1000, limit.Limit)
	require.EqualValues(t, 1000, limit.Used)
	require.EqualValues(t, 1, limit.Requested)
	require.Equal(t, time.Hour+2*time.Minute+3500*time.Millisecond, limit.Wait)

	// The header is exact and comes before the words.
	require.ErrorAs(t, chatError(t, answer(429, `{"error":{"message":"`+day+`"}}`, "Retry-After", "7.5")), &limit)
	require.Equal(t, 7500*time.Millisecond, limit.Wait)

	// Without words, the headers name the dimension.
	require.ErrorAs(t, chatError(t, answer(429, ``, "X-Ratelimit-Remaining-Requests", "0", "X-Ratelimit-Reset-Requests", "12s")), &limit)
	require.Equal(t, "RPD", limit.Dimension)
	require.Equal(t, 12*time.Second, limit.Wait)

	require.ErrorAs(t, chatError(t, answer(413, `{"error":{"message":"too large","type":"tokens","code":"rate_limit_exceeded"}}`,
		"Retry-After", "3")), &limit)
	require.True(t, limit.TooLarge)
	require.Zero(t, limit.Wait)
	require.Equal(t, "TPM", limit.Dimension)

	require.NotErrorAs(t, chatError(t, answer(413, `{"error":{"message":"body too large"}}`)), &limit)
}

func TestRateLimitsAreReadable(t *testing.T) {
	client, _ := serve(t, nil,
		answer(200, good, "X-Ratelimit-Limit-Tokens", "6000", "X-Ratelimit-Remaining-Tokens", "5000", "X-Ratelimit-Reset-Tokens", "577.5ms",
			"X-Ratelimit-Limit-Requests", "14400", "X-Ratelimit-Remaining-Requests", "14399", "X-Ratelimit-Reset-Requests", "6.5"),
		answer(200, good), answer(400, `{}`, "X-Ratelimit-Remaining-Tokens", "17"))
	require.True(t, client.RateLimits().At.IsZero())
	resp, err := client.Chat(t.Context(), request())
	require.NoError(t, err)
	want := groqclient.RateLimits{
		Tokens:   groqclient.Limit{Known: true, Limit: 6000, Remaining: 5000, Reset: 577500 * time.Microsecond},
		Requests: groqclient.Limit{Known: true, Limit: 14400, Remaining: 14399, Reset: 6500 * time.Millisecond},
		At:       resp.Meta.RateLimits.At,
	}
	require.Equal(t, want, resp.Meta.RateLimits)
	require.Equal(t, want, client.RateLimits())

	resp, err = client.Chat(t.Context(), request())
	require.NoError(t, err)
	require.False(t, resp.Meta.RateLimits.Tokens.Known)
	require.Equal(t, want, client.RateLimits(), "a reply without limits does not erase them")

	_, err = client.Chat(t.Context(), request())
	require.Error(t, err)
	require.EqualValues(t, 17, client.RateLimits().Tokens.Remaining, "errors state limits too")
}

// TestStreamErrorFields looks at what a stopped stream keeps of the error.
func TestStreamErrorFields(t *testing.T) {
	for data, want := range map[string]groqclient.APIError{
		"event: error\ndata: {\"error\":{\"message\":\"m\",\"code\":\"tool_use_failed\",\"failed_generation\":\"<f>\"}}\n\n": {
			Message: "m", Code: "tool_use_failed", FailedGeneration: "<f>",
		},
		"event: error\ndata: {\"message\":\"m\",\"code\":7}\n\n": {Message: "m", Code: "7"},
		"event: error\ndata: over capacity\n\n":                  {Message: "over capacity"},
		"data: {\"error\":\"over capacity\"}\n\n":                {Message: "over capacity"},
		"data: {\"error\":{\"code\":1}}\n\n":                     {Message: `{"error":{"code":1}}`, Code: "1"},
	} {
		server := groqtest.StartHandler(func(x *groqtest.Exchange) { x.SSE(); x.Send(data) })
		client := newClient(t, server.URL)
		_, err := readScenario(client.ChatStream(t.Context(), request()), 0)
		require.ErrorIs(t, err, groqclient.ErrStreamStopped)
		var api *groqclient.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, []string{want.Message, want.Code, want.FailedGeneration}, []string{api.Message, api.Code, api.FailedGeneration}, data)
		client.CloseIdleConnections()
		server.Close()
	}
}

// TestBrokenStreams are ends that other clients take for success.
func TestBrokenStreams(t *testing.T) {
	for name, tt := range map[string]struct {
		stream string
		want   error
	}{
		"nothing":           {"", groqclient.ErrStreamTruncated},
		"only DONE":         {"data: [DONE]\n\n", groqclient.ErrStreamTruncated},
		"only comments":     {": hi\n\n: there\n\n", groqclient.ErrStreamTruncated},
		"half a chunk":      {"data: {\"choices\":[", nil},
		"not JSON":          {"data: hello\n\n", nil},
		"line over the max": {"data: " + strings.Repeat("x", 2000) + "\n\n", groqclient.ErrLineTooLong},
	} {
		server := groqtest.StartHandler(func(x *groqtest.Exchange) { x.SSE(); x.Send(tt.stream) })
		client := newClient(t, server.URL, groqclient.WithMaxLine(1000))
		_, err := readScenario(client.ChatStream(t.Context(), request()), 0)
		var broken *groqclient.StreamError
		require.ErrorAs(t, err, &broken, name)
		if tt.want != nil {
			require.ErrorIs(t, err, tt.want, name)
		}
		client.CloseIdleConnections()
		server.Close()
	}
}
