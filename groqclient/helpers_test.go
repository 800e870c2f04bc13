package groqclient_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// recorded is a request as the server saw it.
type recorded struct {
	method, path, query, body string
	header                    http.Header
}

// recorder answers each request with the next of its answers (the last one for
// ever) and keeps what it was asked.
type recorder struct {
	mu      sync.Mutex
	answers []func(http.ResponseWriter)
	seen    []recorded
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body) // a cut body fails the comparison
	r.mu.Lock()
	n := min(len(r.seen), len(r.answers)-1)
	r.seen = append(r.seen, recorded{req.Method, req.URL.EscapedPath(), req.URL.RawQuery, string(body), req.Header})
	r.mu.Unlock()
	r.answers[n](w)
}

func (r *recorder) last() recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[len(r.seen)-1]
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

// answer makes an answer of the given status, body and headers (name, value...).
func answer(status int, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body) //nolint:errcheck // the client may have gone
	}
}

// serve starts a recorder and a client of it with short waits.
func serve(t testing.TB, opts []groqclient.Option, answers ...func(http.ResponseWriter)) (*groqclient.Client, *recorder) {
	rec := &recorder{answers: answers}
	server := httptest.NewServer(rec)
	client := newClient(t, server.URL, opts...)
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
	})
	return client, rec
}

// fast is the default policy with waits of milliseconds.
func fast() groqclient.RetryPolicy {
	p := groqclient.DefaultRetryPolicy()
	p.MinBackoff, p.MaxBackoff = time.Millisecond, 2*time.Millisecond
	return p
}

func newClient(t testing.TB, url string, opts ...groqclient.Option) *groqclient.Client {
	opts = append([]groqclient.Option{groqclient.WithBaseURL(url), groqclient.WithRetry(fast())}, opts...)
	client, err := groqclient.New(canary, opts...)
	require.NoError(t, err)
	return client
}

// sameJSON compares v, marshalled, with JSON text.
func sameJSON(t *testing.T, want string, v any) {
	t.Helper()
	got, err := json.Marshal(v)
	require.NoError(t, err)
	require.JSONEq(t, want, string(got))
}
