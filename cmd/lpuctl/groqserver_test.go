package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// A fakeGroq answers calls of the API by method and path. It refuses what it
// does not know.
type fakeGroq struct {
	*groqtest.Server

	t   *testing.T
	mux *http.ServeMux

	mu    sync.Mutex
	asked []string // method, path
}

// newFakeGroq starts the server and gives the test a home that points to it.
func newFakeGroq(t *testing.T) *fakeGroq {
	t.Helper()
	g := &fakeGroq{t: t, mux: http.NewServeMux()}
	g.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuseCall(w, http.StatusNotFound, "unknown "+r.URL.Path)
	})
	g.Server = serveGroq(t, func(x *groqtest.Exchange) {
		g.mu.Lock()
		g.asked = append(g.asked, x.R.Method+" "+strings.TrimPrefix(x.R.URL.EscapedPath(), "/openai/v1"))
		g.mu.Unlock()
		x.R.Body = io.NopCloser(strings.NewReader(x.Body))
		g.mux.ServeHTTP(x.W, x.R)
	})
	newHome(t)
	t.Setenv("GROQ_BASE_URL", g.URL)
	return g
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

// run runs a command line that does not retry.
func (g *fakeGroq) run(args ...string) result {
	g.t.Helper()
	return g.runWith("", args...)
}

func (g *fakeGroq) runWith(stdin string, args ...string) result {
	g.t.Helper()
	return runCLI(g.t, stdin, append(args, "--max-retries=0")...)
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
	bodies := g.Bodies()
	return bodies[len(bodies)-1]
}
