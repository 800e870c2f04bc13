// Package groqtest is a Groq-shaped server on loopback that misbehaves on
// purpose. Its scenarios are a table: what the server does, and the one outcome
// that a client must have. The tests of groqclient and of the lpuctl commands
// run the same table.
package groqtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// A Server serves one scenario.
type Server struct {
	URL string // base URL in Groq's convention

	http *httptest.Server
	gone chan struct{}

	mu       sync.Mutex
	requests int
	open     map[net.Conn]bool
	changed  chan struct{} // closed and replaced when a connection closes
	bodies   []string
	once     sync.Once
}

// Start serves the scenario on loopback until Close.
func Start(s Scenario) *Server {
	return StartHandler(s.Serve)
}

// StartHandler serves a conversation of the caller's.
func StartHandler(serve func(*Exchange)) *Server {
	srv := &Server{gone: make(chan struct{}), open: map[net.Conn]bool{}, changed: make(chan struct{})}
	srv.http = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve(srv.exchange(w, r))
	}))
	srv.http.Config.ConnState = srv.track
	srv.http.Start()
	srv.URL = srv.http.URL
	return srv
}

// Close stops the server and waits for its handlers.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// Requests is the number of requests that have arrived.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Bodies are the bodies of the requests, in order of arrival.
func (s *Server) Bodies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...)
}

// OpenConns is the number of connections that are not closed.
func (s *Server) OpenConns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// AwaitNoConns waits until every connection is closed, or for ctx; its error
// then says how many are left.
func (s *Server) AwaitNoConns(ctx context.Context) error {
	for {
		s.mu.Lock()
		left, changed := len(s.open), s.changed
		s.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d connections are open: %w", left, ctx.Err())
		}
	}
}

// Gone is closed once a client has left in the middle of a stream.
func (s *Server) Gone() <-chan struct{} { return s.gone }

func (s *Server) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.open[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(s.open, c)
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

func (s *Server) exchange(w http.ResponseWriter, r *http.Request) *Exchange {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		body = []byte("unreadable: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	s.bodies = append(s.bodies, string(body))
	return &Exchange{W: w, R: r, N: s.requests, Body: string(body), server: s}
}

// An Exchange is one request and the writing of its answer.
type Exchange struct {
	W    http.ResponseWriter
	R    *http.Request
	N    int    // 1 for the first request that the server got
	Body string // of the request

	server *Server
}

// Streams reports whether the request asks for a stream.
func (x *Exchange) Streams() bool { return strings.Contains(x.Body, `"stream":true`) }

// SSE begins an event stream.
func (x *Exchange) SSE() {
	h := x.W.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Request-Id", requestID)
	setLimits(h, 14370, 5000)
	x.W.WriteHeader(http.StatusOK)
}

// Send writes and flushes s. It reports false once the client has gone.
func (x *Exchange) Send(s string) bool {
	_, err := io.WriteString(x.W, s)
	x.W.(http.Flusher).Flush()
	return err == nil && x.R.Context().Err() == nil
}

// Pause waits, or less if the client goes; it reports whether it stayed.
func (x *Exchange) Pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-x.R.Context().Done():
		return false
	}
}

// UntilGone sends s again and again until the client has gone.
func (x *Exchange) UntilGone(s string) {
	for x.Send(s) && x.Pause(5*time.Millisecond) {
	}
	x.server.once.Do(func() { close(x.server.gone) })
}

// Answer writes a whole answer of the given status and type.
func (x *Exchange) Answer(status int, contentType, body string) {
	x.W.Header().Set("Content-Type", contentType)
	if x.W.Header().Get("X-Request-Id") == "" {
		x.W.Header().Set("X-Request-Id", requestID)
	}
	x.W.WriteHeader(status)
	io.WriteString(x.W, body) //nolint:errcheck // the client may have gone
}

// Error writes an error object.
func (x *Exchange) Error(status int, kind, code, message string) {
	x.Answer(status, "application/json", fmt.Sprintf(`{"error":{"message":%q,"type":%q,"code":%q}}`, message, kind, code))
}

// Cut ends the connection in the middle of the body.
func (x *Exchange) Cut() { panic(http.ErrAbortHandler) }

// Reset answers with a TCP reset instead of bytes.
func (x *Exchange) Reset() {
	conn, _, err := http.NewResponseController(x.W).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // the close is abrupt either way
	}
	conn.Close()
}

func setLimits(h http.Header, requests, tokens int) {
	h.Set("X-Ratelimit-Limit-Requests", "14400")
	h.Set("X-Ratelimit-Remaining-Requests", fmt.Sprint(requests))
	h.Set("X-Ratelimit-Reset-Requests", "2m59.56s")
	h.Set("X-Ratelimit-Limit-Tokens", "6000")
	h.Set("X-Ratelimit-Remaining-Tokens", fmt.Sprint(tokens))
	h.Set("X-Ratelimit-Reset-Tokens", "7.66s")
}
