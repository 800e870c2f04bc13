package groqclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// maxErrorBytes bounds what is kept of the body of a failed response.
const maxErrorBytes = 1 << 20

// A RetryPolicy says when a failed attempt is made again. Only what happens
// before the first byte of a good reply is ever retried: connection errors and
// the statuses 408, 409, 429, 498 and 5xx. The header x-should-retry overrides
// the status. A 413 of the token budget is never retried.
type RetryPolicy struct {
	MaxRetries int           // attempts after the first one
	MinBackoff time.Duration // first wait when the server states none
	MaxBackoff time.Duration // longest wait when the server states none
	// MaxWait caps a wait that the server states. A longer one, or one past
	// the deadline of the context, ends the call at once with an error that
	// states the wait.
	MaxWait time.Duration
	// OnlyUnsent restricts retries after connection errors to those where
	// the request surely did not arrive. File and batch creation always
	// behave so; a completion that is asked for twice is billed twice.
	OnlyUnsent bool
}

// DefaultRetryPolicy is that of Groq's SDKs (2 retries, 0.5 s doubling to 8 s)
// with stated waits obeyed up to a minute.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{
		MaxRetries: 2,
		MinBackoff: 500 * time.Millisecond,
		MaxBackoff: 8 * time.Second,
		MaxWait:    time.Minute,
	}
}

func (p RetryPolicy) check() error {
	if p.MaxRetries < 0 || p.MinBackoff < 0 || p.MaxBackoff < p.MinBackoff || p.MaxWait < 0 {
		return fmt.Errorf("groqclient: retry policy %+v: negative or reversed bounds", p)
	}
	return nil
}

// own is the wait before attempt n+1 (n from 1) when the server states none:
// MinBackoff * 2^(n-1), at most MaxBackoff, less up to a quarter at random.
func (p RetryPolicy) own(n int) time.Duration {
	d := p.MinBackoff
	for i := 1; i < n && d < p.MaxBackoff; i++ {
		d *= 2
	}
	d = min(d, p.MaxBackoff)
	return d - time.Duration(rand.Float64()*0.25*float64(d))
}

// attempts is the log of one call, carried in the context of its request so
// that the retry hooks can share it.
type attempts struct {
	call    call
	cancel  context.CancelCauseFunc // of the whole call
	count   int
	wait    time.Duration // before the next attempt
	failure *APIError     // of the latest attempt, nil if it got no response
}

type attemptsKey struct{}

// attemptsOf is the log in a context that do has made.
func attemptsOf(ctx context.Context) *attempts { return ctx.Value(attemptsKey{}).(*attempts) }

// checkRetry decides after each attempt. It never returns an error, so that
// the response or the error of the attempt reaches do unchanged.
func (t *transport) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	a := attemptsOf(ctx)
	a.count++
	if err == nil && resp.StatusCode/100 == 2 {
		t.logAttempt(ctx, a, resp, nil)
		return false, nil
	}
	retry := false
	if err != nil {
		a.failure = nil
		retry = retryableError(err, t.policy.OnlyUnsent || a.call.create)
	} else {
		t.keepFailure(ctx, a, resp)
		retry = a.retryableStatus(resp)
	}
	t.logAttempt(ctx, a, resp, err)
	if !retry || ctx.Err() != nil || a.count > t.policy.MaxRetries {
		return false, nil
	}
	return t.planWait(ctx, a), nil
}

// keepFailure reads the body of an error response while it is still there and
// leaves a copy in its place. A body that takes longer than the idle timeout ends
// the call.
func (t *transport) keepFailure(ctx context.Context, a *attempts, resp *http.Response) {
	late := time.AfterFunc(t.idle, func() { a.cancel(ErrIdleTimeout) })
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes)) // a cut body is kept as far as it came
	late.Stop()
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	resp.Request = new(http.Request).WithContext(ctx) // for backoff: a custom transport may have another
	e := newAPIError(a.call, t.readMeta(resp, a.count), raw)
	if !e.tooLarge() {
		e.Wait = statedWait(resp.Header, e.Message, time.Now())
		if e.Wait == 0 && e.StatusCode == http.StatusTooManyRequests {
			e.Wait = e.RateLimits.exhausted()
		}
	}
	a.failure = t.redact.apiError(e)
}

// retryableStatus applies x-should-retry, then the status.
func (a *attempts) retryableStatus(resp *http.Response) bool {
	if a.failure.tooLarge() {
		return false
	}
	switch resp.Header.Get("X-Should-Retry") {
	case "true":
		return true
	case "false":
		return false
	}
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests, status == statusCapacityExceeded:
		return true
	case a.call.create:
		return false // whether it was created is not known
	default:
		return status == http.StatusRequestTimeout || status == http.StatusConflict || status >= 500
	}
}

// planWait sets the wait before the next attempt, or reports that waiting so
// long is not allowed.
func (t *transport) planWait(ctx context.Context, a *attempts) bool {
	a.wait = t.policy.own(a.count)
	if a.failure != nil && a.failure.Wait > 0 {
		a.wait = a.failure.Wait
		if a.wait > t.policy.MaxWait {
			return false
		}
	}
	if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < a.wait {
		return false
	}
	t.logger.WarnContext(ctx, "groq: retrying", "method", a.call.method, "url", t.redact.string(a.call.url),
		"attempt", a.count, "wait", a.wait)
	return true
}

// backoff hands the planned wait to go-retryablehttp, which calls it when the
// body of the response is already gone; hence the log in the context.
func (t *transport) backoff(_, _ time.Duration, n int, resp *http.Response) time.Duration {
	if resp == nil {
		return t.policy.own(n + 1)
	}
	return attemptsOf(resp.Request.Context()).wait
}

// retryableError reports whether an attempt that got no response may be made
// again.
func retryableError(err error, onlyUnsent bool) bool {
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return false
	}
	return !onlyUnsent || surelyUnsent(err)
}

// surelyUnsent reports errors of dialling: no byte of the request had left.
func surelyUnsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// statedWait is the wait that the server asks for: retry-after-ms, then
// retry-after (seconds, fractions allowed, or a date), then the message's "try
// again in". Zero means that it states none.
func statedWait(h http.Header, message string, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 {
		return seconds(ms / 1000)
	}
	after := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(after, 64); err == nil && s > 0 {
		return seconds(s)
	}
	if at, err := http.ParseTime(after); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return tryAgainIn(message)
}

// seconds converts without overflow: a century is as good as longer.
func seconds(s float64) time.Duration {
	const century = 100 * 365 * 24 * 3600
	if !(s > 0) {
		return 0
	}
	return time.Duration(min(s, century) * float64(time.Second))
}

// logAttempt writes what happened, without headers or bodies.
func (t *transport) logAttempt(ctx context.Context, a *attempts, resp *http.Response, err error) {
	attrs := []any{"method", a.call.method, "url", t.redact.string(a.call.url), "attempt", a.count}
	if err != nil {
		attrs = append(attrs, "error", t.redact.string(err.Error()))
	} else {
		attrs = append(attrs, "status", resp.StatusCode, "request_id", t.redact.string(resp.Header.Get("X-Request-Id")))
	}
	t.logger.DebugContext(ctx, "groq: attempt", attrs...)
}
