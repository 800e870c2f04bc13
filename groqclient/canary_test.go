package groqclient_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

const headerSecret = "team-secret-4711"

// everyForm writes v as all the verbs do.
func everyForm(v any) string {
	return fmt.Sprintf("%v %+v %#v %s %q", v, v, v, v, v)
}

// requireClean fails if a secret is in the text.
func requireClean(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, text, canary)
	require.NotContains(t, text, headerSecret)
	require.NotContains(t, text, base64.StdEncoding.EncodeToString([]byte(canary)))
}

// TestKeyIsNeverShown lets a server echo the secrets in every way it can and
// looks at logs, errors and every form of every value.
func TestKeyIsNeverShown(t *testing.T) {
	var logs bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	opts := []groqclient.Option{
		groqclient.WithLogger(logger), groqclient.WithHeaders(http.Header{"X-Team-Token": {headerSecret}}),
	}
	echo := `{"error":{"message":"key ` + canary + ` and ` + headerSecret + ` refused","code":"` + canary + `","failed_generation":"` + canary + `"}}`
	answers := []func(http.ResponseWriter){
		answer(500, canary, "X-Request-Id", canary), answer(401, echo, "X-Echo", canary), answer(429, echo, "Retry-After", "900"),
		answer(200, canary), answer(400, "Bearer "+canary+" "+headerSecret),
	}
	client, rec := serve(t, opts, answers...)
	for range 4 {
		_, err := client.Chat(t.Context(), request())
		inspect(t, err)
	}
	require.Equal(t, headerSecret, rec.last().header.Get("X-Team-Token"), "the secrets were really sent")
	require.Equal(t, "Bearer "+canary, rec.last().header.Get("Authorization"))
	requireClean(t, rec.last().path+rec.last().query+rec.last().body)
	requireClean(t, everyForm(client))
	requireClean(t, everyForm(*client))
	requireClean(t, everyForm(struct{ c groqclient.Client }{*client}))
	requireClean(t, everyForm(client.ChatStream(t.Context(), request()))+everyForm(*client.RespondStream(t.Context(), nil)))
	require.Contains(t, logs.String(), "status=500")
	requireClean(t, logs.String())

	preview, err := client.PreviewChat(request(), true)
	require.NoError(t, err)
	requireClean(t, everyForm(preview)+string(preview.Body))
	require.Equal(t, "[redacted]", preview.Header.Get("Authorization"))
	require.Equal(t, "[redacted]", preview.Header.Get("X-Team-Token"))
}

// inspect looks at an error, at all that it wraps, and at the fields of those.
func inspect(t *testing.T, err error) {
	require.Error(t, err)
	requireClean(t, everyForm(err))
	var api *groqclient.APIError
	var limit *groqclient.RateLimitError
	var broken *groqclient.StreamError
	var transport *groqclient.TransportError
	if errors.As(err, &api) {
		requireClean(t, everyForm(*api)+string(api.Body))
	}
	if errors.As(err, &limit) {
		requireClean(t, everyForm(*limit))
	}
	if errors.As(err, &broken) {
		requireClean(t, everyForm(*broken)+everyForm(broken.Partial))
	}
	if errors.As(err, &transport) {
		requireClean(t, everyForm(*transport)+everyForm(transport.Err))
	}
}

// TestKeyIsNotInStreamErrors does the same for errors inside a stream.
func TestKeyIsNotInStreamErrors(t *testing.T) {
	for _, stream := range []string{
		"event: error\ndata: {\"error\":{\"message\":\"" + canary + "\"}}\n\n",
		groqtest.Frames(`{"error":"` + canary + `"}`),
		groqtest.Frames(`{"choices":[],"x_groq":{"error":"` + canary + `"}}`),
		"event: error\ndata: " + canary + "\n\n",
	} {
		server := groqtest.StartHandler(func(x *groqtest.Exchange) { x.SSE(); x.Send(stream) })
		client := newClient(t, server.URL)
		_, err := readScenario(client.ChatStream(t.Context(), request()), 0)
		inspect(t, err)
		client.CloseIdleConnections()
		server.Close()
	}
}

// TestKeyIsNotInTransportErrors has a transport say the key, as a proxy might.
func TestKeyIsNotInTransportErrors(t *testing.T) {
	leaky := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("proxy refused %q: %w", r.Header.Get("Authorization"), io.ErrUnexpectedEOF)
	})}
	client := newClient(t, "http://127.0.0.1:1", groqclient.WithHTTPClient(leaky))
	_, err := client.Chat(t.Context(), request())
	inspect(t, err)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the cleaned error still matches")
	require.ErrorContains(t, err, "proxy refused")

	client = newClient(t, "http://groq.invalid", groqclient.WithProxy("http://user:"+headerSecret+"@127.0.0.1:1"))
	_, err = client.Chat(t.Context(), request())
	inspect(t, err)
	requireClean(t, everyForm(client))
}

// TestKeyIsNotInACrash lets a program panic in the middle of a call, with
// everything that the client gives as the value.
func TestKeyIsNotInACrash(t *testing.T) {
	if os.Getenv("GROQCLIENT_CRASH") != "" {
		crash(t)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKeyIsNotInACrash$")
	cmd.Env = append(os.Environ(), "GROQCLIENT_CRASH=1", "GROQ_API_KEY="+canary, "GOTRACEBACK=all")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "panic: ")
	require.Contains(t, string(out), "RoundTrip")
	requireClean(t, string(out))
}

func crash(t *testing.T) {
	panics := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			panic(fmt.Sprintf("%+v %+v %+v %v", r, resp, resp.Request, err))
		})
	}
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		x.Answer(200, "text/plain", x.R.Header.Get("Authorization"))
	})
	client, err := groqclient.FromEnv(groqclient.WithBaseURL(server.URL), groqclient.WithMiddleware(panics))
	require.NoError(t, err)
	_, err = client.Chat(t.Context(), request())
	require.NoError(t, err)
}
