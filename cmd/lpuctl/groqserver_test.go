package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// keyCanary is the API key of all tests; no output may hold it.
const keyCanary = "gsk_canary0123456789"

// A fakeGroq answers calls of the API by method and path, and keeps what it was
// asked. It refuses calls without the key, and what it does not know.
type fakeGroq struct {
	t    *testing.T
	mux  *http.ServeMux
	http *httptest.Server

	mu     sync.Mutex
	asked  []string // method, path
	bodies []string
}

// newFakeGroq starts the server and points the environment to it.
func newFakeGroq(t *testing.T) *fakeGroq {
	t.Helper()
	g := &fakeGroq{t: t, mux: http.NewServeMux()}
	g.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuseCall(w, http.StatusNotFound, "unknown "+r.URL.Path)
	})
	g.http = httptest.NewServer(g)
	t.Cleanup(g.http.Close)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("GROQ_API_KEY", keyCanary)
	t.Setenv("GROQ_BASE_URL", g.http.URL)
	t.Setenv("GROQ_CUSTOM_HEADERS", "")
	return g
}

func (g *fakeGroq) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		body = []byte("unreadable: " + err.Error())
	}
	g.mu.Lock()
	g.asked = append(g.asked, r.Method+" "+strings.TrimPrefix(r.URL.EscapedPath(), "/openai/v1"))
	g.bodies = append(g.bodies, string(body))
	g.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+keyCanary {
		refuseCall(w, http.StatusUnauthorized, "key "+r.Header.Get("Authorization")+" is wrong")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.mux.ServeHTTP(w, r)
}

// on answers calls of the pattern, such as "GET /files", with a body.
func (g *fakeGroq) on(pattern, contentType, body string) {
	g.handle(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Request-Id", "req_1")
		io.WriteString(w, body) //nolint:errcheck // the client may have gone
	})
}

func (g *fakeGroq) handle(pattern string, f http.HandlerFunc) {
	method, path, _ := strings.Cut(pattern, " ")
	g.mux.HandleFunc(method+" /openai/v1"+path, f)
}

func refuseCall(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"message":%q,"type":"test"}}`, message)
}

// run runs a command line and looks for the key in what it prints.
func (g *fakeGroq) run(args ...string) result {
	g.t.Helper()
	return g.runWith("", args...)
}

func (g *fakeGroq) runWith(stdin string, args ...string) result {
	g.t.Helper()
	r := lpuctlWith(g.t, strings.NewReader(stdin), append(args, "--max-retries=0")...)
	require.NotContains(g.t, r.out+r.err, keyCanary)
	return r
}

// must is run for a command line that succeeds in silence.
func (g *fakeGroq) must(args ...string) string {
	g.t.Helper()
	r := g.run(args...)
	require.Equal(g.t, result{out: r.out}, r, "%q", args)
	return r.out
}

// calls are the calls so far, which it forgets.
func (g *fakeGroq) calls() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	calls := g.asked
	g.asked = nil
	return calls
}

// body is that of the latest call.
func (g *fakeGroq) body() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bodies[len(g.bodies)-1]
}
