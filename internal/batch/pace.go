package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/lpuctl/lpuctl/groqclient"
)

// maxStrikes is how often in a row a model may answer 429 to a lone request
// that was sent when the server had said that it may be.
const maxStrikes = 10

// forever is a wait that only an answer ends.
const forever = time.Duration(math.MaxInt64)

// A WaitError means that the limits which the server states leave no room for
// longer than a run may wait.
type WaitError struct {
	Model string
	Wait  time.Duration
}

// Error states the model and the wait.
func (e *WaitError) Error() string {
	return fmt.Sprintf("the rate limits of %s leave no room for %v", e.Model, e.Wait.Round(time.Second))
}

// A pacer lets a request go when the limits of its model have room for it.
// Groq's limits are per model (https://console.groq.com/docs/rate-limits):
// requests a day and tokens a minute are in the headers of every answer,
// requests a minute only in the words of a 429.
//
// Until a model has answered well for the first time, and after a 429 until it
// does again, its requests go one by one.
type pacer struct {
	maxWait time.Duration

	mu      sync.Mutex
	models  map[string]*pace
	changed chan struct{} // closed when an answer has come
}

// A pace is what is known of one model.
type pace struct {
	requests bucket // a day
	tokens   bucket // a minute
	minute   bucket // requests a minute, once a 429 has named them

	inFlight int
	reserved float64 // tokens of the requests in flight
	alone    bool    // one request at a time
	held     time.Time
	strikes  int
	usage    usage
}

// A ticket is a request that may go.
type ticket struct {
	request request
	model   *pace
	tokens  float64 // that the request may cost
	at      time.Time
}

func newPacer(maxWait time.Duration) *pacer {
	return &pacer{maxWait: maxWait, models: map[string]*pace{}, changed: make(chan struct{})}
}

// admit waits until there is room for the request. Its errors are the cause of
// ctx and *WaitError.
func (p *pacer) admit(ctx context.Context, q request) (*ticket, error) {
	for {
		t, wait, changed := p.try(q)
		switch {
		case t != nil:
			return t, nil
		case wait > p.maxWait && wait < forever:
			return nil, &WaitError{Model: q.model, Wait: wait}
		}
		if err := sleep(ctx, wait, changed); err != nil {
			return nil, err
		}
	}
}

// try gives a ticket, or a wait and a channel that is closed when trying again
// may be worth it earlier.
func (p *pacer) try(q request) (*ticket, time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.models[q.model]
	if m == nil {
		m = &pace{alone: true}
		p.models[q.model] = m
	}
	now := time.Now()
	tokens := m.usage.estimate(q)
	if wait := m.wait(now, tokens); wait > 0 {
		if wait > p.maxWait && m.inFlight > 0 {
			wait = forever // an answer may know better
		}
		return nil, wait, p.changed
	}
	m.inFlight++
	m.reserved += tokens
	m.minute.spend(now)
	return &ticket{request: q, model: m, tokens: tokens, at: now}, 0, nil
}

// wait is how long a request of so many tokens has to wait. The server may have
// stated its limits before it saw what is in flight, so all of that counts.
func (m *pace) wait(now time.Time, tokens float64) time.Duration {
	if m.alone && m.inFlight > 0 {
		return forever
	}
	return max(
		m.held.Sub(now),
		m.requests.wait(now, float64(m.inFlight), 1),
		m.tokens.wait(now, m.reserved, tokens),
		m.minute.wait(now, 0, 1),
	)
}

// settle takes note of the answer to an admitted request. It returns true if
// the request is to be admitted again because of limits, and an error if the
// limits end the run.
func (p *pacer) settle(t *ticket, o outcome) (again bool, fatal error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := t.model
	m.inFlight--
	m.reserved -= t.tokens
	stated := o.meta.RateLimits
	m.requests.set(stated.Requests, t.at, stated.At)
	m.tokens.set(stated.Tokens, t.at, stated.At)
	close(p.changed)
	p.changed = make(chan struct{})
	if o.err == nil {
		m.answered(t, o.reply)
		return false, nil
	}
	var limit *groqclient.RateLimitError
	if !errors.As(o.err, &limit) || limit.API.StatusCode != http.StatusTooManyRequests {
		return false, nil
	}
	if !m.refused(t.at, limit, p.maxWait) {
		return false, o.err
	}
	return true, nil
}

// answered takes note of a good answer. One to a request from before a 429 does
// not say that there is room again.
func (m *pace) answered(t *ticket, reply json.RawMessage) {
	if !t.at.Before(m.held) {
		m.alone, m.strikes = false, 0
	}
	m.usage.learn(t.request, reply)
}

// refused takes note of a 429. It reports false if waiting is of no use.
func (m *pace) refused(sent time.Time, limit *groqclient.RateLimitError, maxWait time.Duration) bool {
	now, wait := time.Now(), limit.Wait
	if !sent.Before(m.held) { // not one of many that went before the last 429 came
		m.strikes++
	}
	if wait == 0 {
		wait = backoff(m.strikes)
	}
	if wait > maxWait || m.strikes > maxStrikes {
		return false
	}
	m.alone = true
	if until := now.Add(wait); until.After(m.held) {
		m.held = until
	}
	if limit.Dimension == "RPM" && limit.Limit > 0 {
		m.minute = minuteBucket(float64(limit.Limit), wait, now)
	}
	return true
}

// spent is the number of tokens that all answers have cost.
func (p *pacer) spent() (prompt, completion int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.models {
		prompt += int64(m.usage.prompt)
		completion += int64(m.usage.completion)
	}
	return prompt, completion
}

// sleep waits for d, for changed, or for the end of ctx, whose cause it returns.
func sleep(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-changed:
	case <-timer.C:
	}
	return nil
}
