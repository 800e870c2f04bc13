package groqclient_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

func TestBaseURLConventions(t *testing.T) {
	for suffix, want := range map[string][2]string{
		"":            {"/openai/v1/models", "/v1/fine_tunings"},
		"/":           {"/openai/v1/models", "/v1/fine_tunings"},
		"/openai/v1":  {"/openai/v1/models", "/v1/fine_tunings"},
		"/openai/v1/": {"/openai/v1/models", "/v1/fine_tunings"},
		"/v1":         {"/v1/models", "/v1/fine_tunings"},
		"/gate":       {"/gate/openai/v1/models", "/gate/v1/fine_tunings"},
		"/gate/v1":    {"/gate/v1/models", "/gate/v1/fine_tunings"},
	} {
		rec := &recorder{answers: []func(http.ResponseWriter){answer(200, `{"data":[]}`)}}
		server := httptest.NewServer(rec)
		client := newClient(t, server.URL+suffix)
		_, err := client.Models(t.Context())
		require.NoError(t, err)
		require.Equal(t, want[0], rec.last().path)
		_, err = client.FineTunings(t.Context())
		require.NoError(t, err)
		require.Equal(t, want[1], rec.last().path)
		client.CloseIdleConnections()
		server.Close()
	}
}

func TestNewRefuses(t *testing.T) {
	_, err := groqclient.New("  ")
	require.ErrorIs(t, err, groqclient.ErrNoKey)
	_, err = groqclient.New("gsk_two\nlines")
	require.ErrorContains(t, err, "control characters")
	require.NotContains(t, err.Error(), "gsk_two")
	for _, base := range []string{"", "groq.com", "ftp://groq.com", "http://", "http://%zz"} {
		_, err = groqclient.New(canary, groqclient.WithBaseURL(base))
		require.ErrorContains(t, err, "base URL", base)
	}
	for name, opt := range map[string]groqclient.Option{
		"header name":   groqclient.WithHeaders(http.Header{"Bad Name": {"x"}}),
		"header value":  groqclient.WithHeaders(http.Header{"X": {"a\nb"}}),
		"proxy":         groqclient.WithProxy("nowhere"),
		"proxy scheme":  groqclient.WithProxy("ftp://127.0.0.1:1"),
		"timeout":       groqclient.WithIdleTimeout(0),
		"retries":       groqclient.WithRetry(groqclient.RetryPolicy{MaxRetries: -1}),
		"no logger":     groqclient.WithLogger(nil),
		"no client":     groqclient.WithHTTPClient(nil),
		"tiny max line": groqclient.WithMaxLine(1),
	} {
		_, err = groqclient.New(canary, opt)
		require.Error(t, err, name)
	}
	_, err = groqclient.New(canary, groqclient.WithProxy("http://127.0.0.1:1"),
		groqclient.WithHTTPClient(&http.Client{Transport: http.DefaultTransport}))
	require.ErrorContains(t, err, "WithProxy")
}

func TestFromEnv(t *testing.T) {
	rec := &recorder{answers: []func(http.ResponseWriter){answer(200, `{"data":[]}`)}}
	server := httptest.NewServer(rec)
	defer server.Close()
	t.Setenv("GROQ_API_KEY", " "+canary+"\n")
	t.Setenv("GROQ_BASE_URL", server.URL)
	t.Setenv("GROQ_CUSTOM_HEADERS", "X-Team: a: b\n\nX-Two:2\n")
	client, err := groqclient.FromEnv()
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	_, err = client.Models(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Bearer "+canary, rec.last().header.Get("Authorization"))
	require.Equal(t, "a: b", rec.last().header.Get("X-Team"))
	require.Equal(t, "2", rec.last().header.Get("X-Two"))

	t.Setenv("GROQ_CUSTOM_HEADERS", "X-Ok: 1\nno colon "+canary)
	_, err = groqclient.FromEnv()
	require.ErrorContains(t, err, "line 2")
	require.NotContains(t, err.Error(), canary)
}

// TestRedirectKeepsTheKey lets a redirect lead within the host, but neither to
// another host nor from POST to GET.
func TestRedirectKeepsTheKey(t *testing.T) {
	thief := &recorder{answers: []func(http.ResponseWriter){answer(200, `{"data":[]}`)}}
	other := httptest.NewServer(thief)
	defer other.Close()
	away := answer(307, "", "Location", other.URL)
	client, _ := serve(t, nil, away)
	_, err := client.Models(t.Context())
	var api *groqclient.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, 307, api.StatusCode)
	require.Zero(t, thief.count())

	client, rec := serve(t, nil, answer(307, "", "Location", "/elsewhere"), answer(200, groqtest.Completion("hi")))
	resp, err := client.Chat(t.Context(), request())
	require.NoError(t, err)
	require.Equal(t, "hi", resp.Text())
	require.Equal(t, "/elsewhere", rec.last().path)
	require.Contains(t, rec.last().body, "Say hello.")

	client, rec = serve(t, nil, answer(302, "", "Location", "/elsewhere"))
	_, err = client.Chat(t.Context(), request())
	require.ErrorAs(t, err, &api)
	require.Equal(t, 1, rec.count())
}

// TestProxy sends a name that only the proxy can resolve.
func TestProxy(t *testing.T) {
	proxied := &recorder{answers: []func(http.ResponseWriter){answer(200, `{"data":[]}`)}}
	proxy := httptest.NewServer(proxied)
	defer proxy.Close()
	client := newClient(t, "http://groq.invalid", groqclient.WithProxy(proxy.URL))
	defer client.CloseIdleConnections()
	_, err := client.Models(t.Context())
	require.NoError(t, err)
	require.Equal(t, "/openai/v1/models", proxied.last().path)
}

func TestMiddlewareSeesAttemptsButNoKey(t *testing.T) {
	var order []string
	note := func(name string) groqclient.Middleware {
		return func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				order = append(order, name)
				require.Empty(t, r.Header.Get("Authorization"))
				resp, err := next.RoundTrip(r)
				require.NoError(t, err)
				require.Empty(t, resp.Request.Header.Get("Authorization"))
				return resp, nil
			})
		}
	}
	client, rec := serve(t, []groqclient.Option{groqclient.WithMiddleware(note("outer"), note("inner"))},
		answer(500, ""), answer(200, `{"data":[]}`))
	_, err := client.Models(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"outer", "inner", "outer", "inner"}, order)
	require.Equal(t, "Bearer "+canary, rec.last().header.Get("Authorization"))
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestHTTPClient uses the caller's client but not its Timeout, which would cut
// the stream after 50 ms.
func TestHTTPClient(t *testing.T) {
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		x.SSE()
		x.Pause(150 * time.Millisecond)
		x.Send(groqtest.Frames(groqtest.Chunk("late"), groqtest.LastChunk(), "[DONE]"))
	})
	defer server.Close()
	hc := &http.Client{Timeout: 50 * time.Millisecond, Transport: &http.Transport{}}
	client := newClient(t, server.URL, groqclient.WithHTTPClient(hc))
	defer client.CloseIdleConnections()
	text, err := readScenario(client.ChatStream(t.Context(), request()), 0)
	require.NoError(t, err)
	require.Equal(t, "late", text)
	require.Equal(t, 50*time.Millisecond, hc.Timeout, "the caller's client is not changed")
}

// TestTimeouts: no connection, no reply, a reply that stops.
func TestTimeouts(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	client := newClient(t, "http://"+silent.Addr().String(), groqclient.WithRetry(groqclient.RetryPolicy{}),
		groqclient.WithResponseHeaderTimeout(50*time.Millisecond))
	_, err = client.Chat(t.Context(), request())
	var broken *groqclient.TransportError
	require.ErrorAs(t, err, &broken)
	require.True(t, broken.Timeout())
	require.Equal(t, 1, broken.Attempts)

	stalled := groqtest.StartHandler(func(x *groqtest.Exchange) {
		x.W.Header().Set("Content-Type", "application/json")
		x.Send(`{"id":`)
		x.Pause(10 * time.Second)
	})
	defer stalled.Close()
	client = newClient(t, stalled.URL, groqclient.WithIdleTimeout(50*time.Millisecond))
	_, err = client.Chat(t.Context(), request())
	require.ErrorIs(t, err, groqclient.ErrIdleTimeout)
	require.ErrorAs(t, err, &broken)
	require.True(t, broken.Timeout())
}

// TestErrorBodyStalls keeps what came of an error whose body never ends.
func TestErrorBodyStalls(t *testing.T) {
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		x.W.WriteHeader(500)
		x.Send(`half an er`)
		x.Pause(10 * time.Second)
	})
	defer server.Close()
	client := newClient(t, server.URL, groqclient.WithIdleTimeout(50*time.Millisecond))
	_, err := client.Chat(t.Context(), request())
	var api *groqclient.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "half an er", string(api.Body))
	require.Equal(t, 1, server.Requests())
}

func TestCancelledStreamKeepsPartial(t *testing.T) {
	server := groqtest.StartHandler(func(x *groqtest.Exchange) { x.SSE(); x.UntilGone(groqtest.Frames(groqtest.Chunk("x"))) })
	defer server.Close()
	client := newClient(t, server.URL)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	why := errors.New("the user left")
	var broken *groqclient.StreamError
	for chunk, err := range client.ChatStream(ctx, request()).Chunks() {
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, why)
			require.NotErrorIs(t, err, groqclient.ErrStreamTruncated)
			require.ErrorAs(t, err, &broken)
			break
		}
		require.Equal(t, "x", chunk.Text())
		cancel(why)
	}
	require.Contains(t, broken.Partial.Text(), "x")
}

func TestStreamOnlyOnce(t *testing.T) {
	client, _ := serve(t, nil, answer(200, groqtest.Completion("hi")))
	stream := client.ChatStream(t.Context(), request())
	text, err := readScenario(stream, 0)
	require.NoError(t, err)
	require.Equal(t, "hi", text)
	_, err = readScenario(stream, 0)
	require.ErrorContains(t, err, "only once")
}

// TestConnectionsAreReused drains what follows [DONE].
func TestConnectionsAreReused(t *testing.T) {
	server := groqtest.StartHandler(func(x *groqtest.Exchange) { x.Reply("hi") })
	defer server.Close()
	reused := 0
	count := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if server.OpenConns() == 1 {
				reused++
			}
			return next.RoundTrip(r)
		})
	}
	client := newClient(t, server.URL, groqclient.WithMiddleware(count))
	defer client.CloseIdleConnections()
	for range 5 {
		_, err := readScenario(client.ChatStream(t.Context(), request()), 0)
		require.NoError(t, err)
	}
	require.Equal(t, 4, reused)
	require.Equal(t, 1, server.OpenConns())
}

func TestHTMLPageInsteadOfJSON(t *testing.T) {
	client, _ := serve(t, nil, func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html>Log in to the hotel</html>") //nolint:errcheck // to a test client
	})
	_, err := client.Chat(t.Context(), request())
	require.ErrorContains(t, err, "Log in to the hotel")
	_, err = readScenario(client.ChatStream(t.Context(), request()), 0)
	require.ErrorIs(t, err, groqclient.ErrNotStream)
	require.ErrorContains(t, err, "Log in to the hotel")
}
