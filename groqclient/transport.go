package groqclient

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// transport does the work of a Client. What may hold a secret is behind a
// function, where no fmt verb can see it.
type transport struct {
	retry   *retryablehttp.Client
	network http.RoundTripper // below the middleware and the key
	urls    endpoints
	policy  RetryPolicy
	idle    time.Duration
	maxLine int
	logger  *slog.Logger
	hasKey  bool
	headers func() http.Header // a copy of those of every request
	redact  redactor

	mu        sync.Mutex
	lastLimit RateLimits
}

// newTransport builds the chain: retries, then middleware, then the key, then
// the network.
func newTransport(key string, urls endpoints, o options) *transport {
	t := &transport{
		urls: urls, policy: o.retry, idle: o.idleTimeout, maxLine: o.maxLine, logger: o.logger,
		hasKey: key != "", headers: o.headers.Clone, redact: newRedactor(key, o),
	}
	hc := newHTTPClient(o)
	t.network = hc.Transport
	hc.Transport = &keyed{key: func() string { return key }, host: urls.host, next: t.network}
	for _, wrap := range slices.Backward(o.middleware) {
		hc.Transport = wrap(hc.Transport)
	}
	t.retry = &retryablehttp.Client{
		HTTPClient:   hc,
		RetryMax:     o.retry.MaxRetries,
		CheckRetry:   t.checkRetry,
		Backoff:      t.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return t
}

// newHTTPClient is the client of single attempts. It has no Timeout, which
// would include the reading of a stream.
func newHTTPClient(o options) *http.Client {
	hc := http.Client{}
	if o.httpClient != nil {
		hc = *o.httpClient
	}
	if hc.Transport == nil {
		hc.Transport = newHTTPTransport(o)
	}
	hc.Timeout = 0
	if hc.CheckRedirect == nil {
		hc.CheckRedirect = checkRedirect
	}
	return &hc
}

// keyed adds the API key as the last step before the network. The key is
// behind a function so that no fmt verb can print it.
type keyed struct {
	key  func() string
	host string
	next http.RoundTripper
}

func (k *keyed) RoundTrip(req *http.Request) (*http.Response, error) {
	key := k.key()
	if key == "" || req.URL.Host != k.host || req.Header.Get("Authorization") != "" {
		return k.next.RoundTrip(req)
	}
	sent := req.Clone(req.Context())
	sent.Header.Set("Authorization", "Bearer "+key)
	resp, err := k.next.RoundTrip(sent)
	if resp != nil {
		resp.Request = req // middleware sees the one without the key
	}
	return resp, err
}

// checkRedirect follows a redirect only within the host and only if the method
// stays: elsewhere the key must not go, and a POST must not become a GET.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme ||
		req.Method != first.Method || len(via) >= 10 {
		return http.ErrUseLastResponse
	}
	return nil
}

// A reply is a response of status 2xx whose body is watched for silence.
type reply struct {
	meta        Meta
	contentType string
	body        *watchedBody
}

// do runs the call, with retries, until there is a reply of status 2xx or an
// error. The caller closes the body.
func (t *transport) do(ctx context.Context, k call) (*reply, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	log := &attempts{call: k, cancel: cancel}
	resp, err := t.send(context.WithValue(ctx, attemptsKey{}, log), k)
	if err != nil {
		cancel(nil)
		return nil, t.transportError(k, log.count, err, log.failure)
	}
	meta := t.readMeta(resp, log.count)
	if resp.StatusCode/100 == 2 {
		body := watch(resp.Body, cancel, ctx, t.idle)
		return &reply{meta: meta, contentType: resp.Header.Get("Content-Type"), body: body}, nil
	}
	resp.Body.Close()
	cancel(nil)
	if log.failure == nil {
		return nil, t.transportError(k, log.count, ctx.Err(), nil)
	}
	return nil, asRateLimit(log.failure)
}

// send makes the HTTP request and hands it to go-retryablehttp.
func (t *transport) send(ctx context.Context, k call) (*http.Response, error) {
	req, err := retryablehttp.NewRequestWithContext(ctx, k.method, k.url, k.body())
	if err != nil {
		return nil, err
	}
	req.Header = t.header(k)
	resp, err := t.retry.Do(req)
	if err != nil && resp != nil {
		resp.Body.Close()
	}
	return resp, err
}

// header is that of the call, without the key.
func (t *transport) header(k call) http.Header {
	h := t.headers()
	setDefault(h, "Accept", k.accept)
	if k.contentType != "" {
		h.Set("Content-Type", k.contentType)
	}
	return h
}

func setDefault(h http.Header, name, value string) {
	if h.Get(name) == "" && value != "" {
		h.Set(name, value)
	}
}

// transportError wraps a failure to exchange bytes. last is the API error of
// an earlier attempt, if there was one.
func (t *transport) transportError(k call, attempts int, err error, last *APIError) error {
	return &TransportError{
		Method: k.method, URL: t.redact.string(k.url), Attempts: attempts,
		Err: t.redact.error(err), Last: last,
	}
}

// watchedBody is a response body that fails when no byte comes for a while.
// The clock runs only inside Read, so a slow consumer is never punished.
type watchedBody struct {
	rc     io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	idle   time.Duration
	failed bool // a Read has failed, other than by io.EOF
}

func watch(rc io.ReadCloser, cancel context.CancelCauseFunc, ctx context.Context, idle time.Duration) *watchedBody {
	timer := time.AfterFunc(idle, func() { cancel(ErrIdleTimeout) })
	timer.Stop()
	return &watchedBody{rc: rc, ctx: ctx, cancel: cancel, timer: timer, idle: idle}
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.idle)
	n, err := b.rc.Read(p)
	b.timer.Stop()
	if err == nil || err == io.EOF {
		return n, err
	}
	b.failed = true
	switch ended, cause := b.ctx.Err(), context.Cause(b.ctx); {
	case cause == ErrIdleTimeout:
		err = fmt.Errorf("%w (%v)", ErrIdleTimeout, b.idle)
	case cause != ended: // the caller said why
		err = fmt.Errorf("%w: %w", ended, cause)
	case ended != nil:
		err = ended
	}
	return n, err
}

// drain reads what is left, if it comes at once, so that the connection can be
// used again.
func (b *watchedBody) drain() {
	b.idle = 100 * time.Millisecond
	io.CopyN(io.Discard, b, 4<<10) //nolint:errcheck // a failed drain only costs the connection
}

func (b *watchedBody) Close() error {
	b.timer.Stop()
	err := b.rc.Close()
	b.cancel(nil)
	return err
}
