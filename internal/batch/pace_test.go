package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// A groq is a server that counts as Groq does: requests a day, requests a
// minute and tokens a minute refill evenly; a request is counted when it comes,
// with the most tokens that its answer may have; a 429 states the wait. It is
// kept apart from the buckets under test: it only adds and compares.
type groq struct {
	day, minute, tokens *refill
	latency             time.Duration

	mu      sync.Mutex
	refused int
	bodies  []string
}

// A refill is a limit of so many in a period.
type refill struct {
	limit  float64
	period time.Duration
	used   float64
	seen   time.Time
}

// pass gives back what time has freed and takes n, or says when there is room.
func (r *refill) pass(n float64) time.Duration {
	now := time.Now()
	perSecond := r.limit / r.period.Seconds()
	r.used = max(0, r.used-perSecond*now.Sub(r.seen).Seconds())
	r.seen = now
	if over := r.used + n - r.limit; over > 1e-6 {
		return time.Duration(over / perSecond * float64(time.Second))
	}
	return 0
}

func (r *refill) stated() groqclient.Limit {
	return groqclient.Limit{
		Known: true, Limit: int64(r.limit), Remaining: int64(r.limit - r.used),
		Reset: time.Duration(r.used / r.limit * float64(r.period)),
	}
}

func (g *groq) Post(_ context.Context, _ string, body json.RawMessage) (json.RawMessage, groqclient.Meta, error) {
	meta, err := g.count(string(body))
	time.Sleep(g.latency)
	meta.RateLimits.At = time.Now()
	reply := `{"usage":{"prompt_tokens":20,"completion_tokens":30}}`
	return json.RawMessage(reply), meta, err
}

func (g *groq) count(body string) (groqclient.Meta, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	cost := 20.0 + 100 // inputLine allows 100
	wait := max(g.day.pass(1), g.minute.pass(1), g.tokens.pass(cost))
	meta := groqclient.Meta{StatusCode: 200}
	if wait == 0 {
		g.day.used++
		g.minute.used++
		g.tokens.used += cost
		g.bodies = append(g.bodies, body)
	}
	meta.RateLimits = groqclient.RateLimits{Requests: g.day.stated(), Tokens: g.tokens.stated()}
	if wait == 0 {
		return meta, nil
	}
	g.refused++
	meta.StatusCode = http.StatusTooManyRequests
	limit := &groqclient.RateLimitError{API: &groqclient.APIError{Meta: meta, Wait: wait}, Wait: wait}
	if g.minute.pass(1) > 0 {
		limit.Dimension, limit.Limit = "RPM", int64(g.minute.limit)
	}
	return meta, limit
}

func limits(perDay, perMinute, tokensPerMinute float64) *groq {
	return &groq{
		day:     &refill{limit: perDay, period: 24 * time.Hour},
		minute:  &refill{limit: perMinute, period: time.Minute},
		tokens:  &refill{limit: tokensPerMinute, period: time.Minute},
		latency: time.Second,
	}
}

// runLines runs n lines against the server and returns how long that took by
// the clock of the bubble.
func runLines(t *testing.T, g *groq, n, concurrency int) time.Duration {
	t.Helper()
	o := newOptions(t, n)
	o.Concurrency, o.MaxWait = concurrency, 3*time.Hour
	start := time.Now()
	s := mustRun(t, o, g)
	require.Equal(t, n, s.Succeeded)
	require.Len(t, g.bodies, n)
	return time.Since(start)
}

// TestPaceTokens never runs into the limit that the headers state, and uses
// what they allow: 60 lines of 120 tokens at 1,200 a minute take six minutes,
// less what is there at the start and what the answers leave unused.
func TestPaceTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limits(1e6, 1e6, 1200)
		took := runLines(t, g, 60, 8)
		require.Zero(t, g.refused)
		require.InDelta(t, 5, took.Minutes(), 0.5)
	})
}

// TestPaceRequests does the same with the requests of a day.
func TestPaceRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limits(10, 1e6, 1e9)
		took := runLines(t, g, 20, 4)
		require.Zero(t, g.refused)
		require.InDelta(t, 24, took.Hours(), 3)
	})
}

// TestPaceMinute learns the requests of a minute, which no header states, from
// the 429s that it gets: few for all the lines.
func TestPaceMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limits(1e6, 30, 1e9)
		took := runLines(t, g, 150, 16)
		require.InDelta(t, 4, took.Minutes(), 0.5)
		require.LessOrEqual(t, g.refused, 16)
	})
}

// TestPaceOther429 sends one request after a server has said no more than 429,
// and the rest once that has been answered well.
func TestPaceOther429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var alone []int // requests beside which there was no other
		n, ended := 0, 0
		s := mustRun(t, newOptions(t, 13), sender(func(string) (string, groqclient.Meta, error) {
			mu.Lock()
			n++
			own, before := n, ended
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			if ended++; before == own-1 && n == own {
				alone = append(alone, own)
			}
			if own >= 6 && own <= 10 { // the second four that go together, and the one after
				return limited(0)
			}
			return answer("fine")
		}))
		require.Equal(t, 13, s.Succeeded)
		require.Equal(t, []int{1, 10, 11}, alone)
	})
}

// TestTooLongWaits end the run at once, with what the limits ask for.
func TestTooLongWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOptions(t, 3)
		o.MaxWait, o.Concurrency = time.Minute, 1
		g := limits(1e6, 1e6, 1e9)
		g.day = &refill{limit: 1, period: 24 * time.Hour}
		s, err := runJob(t, o, g)
		var wait *WaitError
		require.ErrorAs(t, err, &wait)
		require.InDelta(t, 24, wait.Wait.Hours(), 0.1)
		require.ErrorContains(t, err, `line 2 (custom_id "id-1"): the rate limits of m leave no room for 24h0m0s`)
		require.Equal(t, []int{1, 2}, []int{s.Succeeded, s.Remaining})

		start := time.Now()
		_, err = runJob(t, o, sender(func(string) (string, groqclient.Meta, error) {
			return limited(2 * time.Hour)
		}))
		var limit *groqclient.RateLimitError
		require.ErrorAs(t, err, &limit)
		require.Zero(t, time.Since(start))
	})
}

// TestEndless429 gives up when the server keeps refusing what it asked for.
func TestEndless429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		o := newOptions(t, 3)
		o.Concurrency = 1
		s, err := runJob(t, o, sender(func(string) (string, groqclient.Meta, error) {
			sent++
			return limited(time.Second)
		}))
		require.ErrorContains(t, err, "429")
		require.Equal(t, maxStrikes+1, sent)
		require.Equal(t, 3, s.Remaining)
	})
}

// TestBucket holds the waits against what is easily worked out.
func TestBucket(t *testing.T) {
	now := time.Unix(1e9, 0)
	var b bucket
	require.Zero(t, b.wait(now, 0, 1e9), "no limit is known")
	b.set(groqclient.Limit{Known: true, Limit: 600, Remaining: 0, Reset: time.Minute}, now, now)
	ms := time.Millisecond
	require.Equal(t, 10*time.Second+ms, b.wait(now, 0, 100))
	require.Equal(t, 5*time.Second+ms, b.wait(now.Add(5*time.Second), 0, 100))
	require.Equal(t, 30*time.Second+ms, b.wait(now, 200, 100))
	require.Equal(t, time.Minute+ms, b.wait(now, 0, 1e9), "what never fits gets a full bucket")
	require.Equal(t, forever, b.wait(now, 501, 100))
	require.Zero(t, b.wait(now.Add(time.Minute), 0, 600))
	b.set(groqclient.Limit{Known: true, Limit: 600, Remaining: 400, Reset: time.Minute / 3}, now.Add(-1), now)
	require.Equal(t, 10*time.Second+ms, b.wait(now, 0, 100), "a later answer to an earlier request knows less")
	b.set(groqclient.Limit{Known: true, Limit: 5, Remaining: -3, Reset: 1<<63 - 1}, now, now)
	require.Positive(t, b.wait(now, 0, 5))
	b.set(groqclient.Limit{}, now, now)
	require.Positive(t, b.wait(now, 0, 5), "what is not stated is not forgotten")
}

func TestEstimate(t *testing.T) {
	var u usage
	require.Equal(t, 110.0, u.estimate(request{bytes: 40, limit: 100}))
	require.Equal(t, 10.0, u.estimate(request{bytes: 40}))
	u.learn(request{bytes: 1000}, json.RawMessage(`{"usage":{"prompt_tokens":100,"completion_tokens":70}}`))
	u.learn(request{bytes: 1000}, json.RawMessage(`{"usage":{"input_tokens":100,"output_tokens":30}}`))
	for _, other := range []string{`[]`, `{}`, `{"usage":{"prompt_tokens":-5}}`, `{"usage":null}`, `{"usage":{"prompt_tokens":1e308}}`} {
		u.learn(request{bytes: 9}, json.RawMessage(other))
	}
	require.Equal(t, 4.0+50, u.estimate(request{bytes: 40}))
	require.Equal(t, 4.0+7, u.estimate(request{bytes: 40, limit: 7}))
	require.Equal(t, 5.0+7, u.estimate(request{bytes: 41, limit: 7}), "whole numbers")
}

func TestBackoff(t *testing.T) {
	for n, want := range map[int]float64{0: 0.25, 1: 0.5, 2: 1, 5: 8, 100: 8} {
		got := backoff(n).Seconds()
		require.LessOrEqual(t, got, want)
		require.GreaterOrEqual(t, got, 0.75*want)
	}
}

// refuse is an answer that refuses.
func refuse(status int, message string) (string, groqclient.Meta, error) {
	meta := groqclient.Meta{StatusCode: status, RequestID: "req_1", Header: http.Header{}}
	body := fmt.Sprintf(`{"error":{"message":%q}}`, message)
	return "", meta, &groqclient.APIError{Meta: meta, Message: message, Body: []byte(body)}
}

// limited is a 429 that states a wait.
func limited(wait time.Duration) (string, groqclient.Meta, error) {
	_, meta, err := refuse(http.StatusTooManyRequests, "slowly")
	return "", meta, &groqclient.RateLimitError{API: err.(*groqclient.APIError), Wait: wait}
}

func answer(text string) (string, groqclient.Meta, error) {
	return fmt.Sprintf(`{"text": %q}`, strings.TrimSpace(text)), groqclient.Meta{StatusCode: 200, RequestID: "req_1"}, nil
}
