package groqclient

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// An Option configures a [Client].
type Option func(*options) error

// Middleware wraps the sending of one attempt. It runs outside the step that
// adds the API key, so that it can log a request without seeing the key.
type Middleware func(next http.RoundTripper) http.RoundTripper

// options is the configuration behind the With functions.
type options struct {
	baseURL        string
	headers        http.Header
	httpClient     *http.Client
	proxy          *url.URL
	connectTimeout time.Duration
	headerTimeout  time.Duration
	idleTimeout    time.Duration
	retry          RetryPolicy
	logger         *slog.Logger
	middleware     []Middleware
	maxLine        int
}

func defaultOptions() options {
	return options{
		baseURL:        DefaultBaseURL,
		headers:        http.Header{"User-Agent": {"lpuctl-groqclient"}},
		connectTimeout: 10 * time.Second,
		headerTimeout:  3 * time.Minute,
		idleTimeout:    time.Minute,
		retry:          DefaultRetryPolicy(),
		logger:         slog.New(slog.DiscardHandler),
		maxLine:        16 << 20,
	}
}

// WithBaseURL sends requests elsewhere. Both conventions work: Groq's
// (https://host, to which /openai/v1 is added) and OpenAI's (a URL that
// already ends in /v1).
func WithBaseURL(base string) Option {
	return func(o *options) error {
		o.baseURL = strings.TrimRight(strings.TrimSpace(base), "/")
		return nil
	}
}

// WithHeaders adds headers to every request. An Authorization header given
// here takes the place of the key's.
func WithHeaders(h http.Header) Option {
	return func(o *options) error {
		for name, values := range h {
			if !validHeader(name, values) {
				return fmt.Errorf("groqclient: header %q: bad name, or a value with control characters", name)
			}
			o.headers[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
		}
		return nil
	}
}

// validHeader keeps out what net/http would refuse at the time of sending.
func validHeader(name string, values []string) bool {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isToken(r) }) {
		return false
	}
	for _, v := range values {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return false
		}
	}
	return true
}

// isToken reports the characters of a header's name (RFC 9110, 5.6.2).
func isToken(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// WithHTTPClient uses the transport, cookie jar and redirect policy of hc. Its
// Timeout is not used, because it would cut an active stream. If it has a
// transport, connecting, waiting for headers and proxies are that one's
// business, and [WithProxy] is an error.
func WithHTTPClient(hc *http.Client) Option {
	return func(o *options) error {
		if hc == nil {
			return errors.New("groqclient: WithHTTPClient: nil client")
		}
		o.httpClient = hc
		return nil
	}
}

// WithProxy sends everything through the proxy (http, https, socks5 or socks5h
// URL).
// Without it HTTPS_PROXY, HTTP_PROXY and NO_PROXY are obeyed.
func WithProxy(proxy string) Option {
	return func(o *options) error {
		u, err := url.Parse(proxy)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
			return errors.New("groqclient: WithProxy: want scheme://host:port, of http, https, socks5 or socks5h")
		}
		o.proxy = u
		return nil
	}
}

// WithConnectTimeout limits the time to connect, TLS included (default 10 s).
func WithConnectTimeout(d time.Duration) Option {
	return positive(d, "WithConnectTimeout", func(o *options) { o.connectTimeout = d })
}

// WithResponseHeaderTimeout limits the wait for the first byte of the reply
// once the request has been sent (default 3 min). A reply that is not streamed
// begins only when the model has finished.
func WithResponseHeaderTimeout(d time.Duration) Option {
	return positive(d, "WithResponseHeaderTimeout", func(o *options) { o.headerTimeout = d })
}

// WithIdleTimeout limits the silence within a reply (default 1 min). There is
// no limit on the whole of an active stream; use the context for one.
func WithIdleTimeout(d time.Duration) Option {
	return positive(d, "WithIdleTimeout", func(o *options) { o.idleTimeout = d })
}

func positive(d time.Duration, name string, set func(*options)) Option {
	return func(o *options) error {
		if d <= 0 {
			return fmt.Errorf("groqclient: %s: %v is not positive", name, d)
		}
		set(o)
		return nil
	}
}

// WithRetry replaces the retry policy; [RetryPolicy]{} means no retries.
func WithRetry(p RetryPolicy) Option {
	return func(o *options) error {
		o.retry = p
		return p.check()
	}
}

// WithLogger logs every attempt at debug level and every retry at warn level:
// method, URL, status, request id and waits; never headers or bodies.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error {
		if l == nil {
			return errors.New("groqclient: WithLogger: nil logger")
		}
		o.logger = l
		return nil
	}
}

// WithMiddleware wraps the sending of every attempt; the first one given is
// the outermost.
func WithMiddleware(m ...Middleware) Option {
	return func(o *options) error {
		o.middleware = append(o.middleware, m...)
		return nil
	}
}

// WithMaxLine limits one event of a stream, in bytes (default 16 MiB).
func WithMaxLine(n int) Option {
	return func(o *options) error {
		if n < 64 {
			return fmt.Errorf("groqclient: WithMaxLine: %d is too small", n)
		}
		o.maxLine = n
		return nil
	}
}

// WithUserAgent names the program in the User-Agent header.
func WithUserAgent(name string) Option {
	return func(o *options) error {
		return WithHeaders(http.Header{"User-Agent": {name}})(o)
	}
}

// ParseHeaders reads lines of "Name: value", the form of GROQ_CUSTOM_HEADERS.
// Errors name the line, never its value.
func ParseHeaders(lines string) (http.Header, error) {
	h := http.Header{}
	for i, line := range strings.Split(lines, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("groqclient: header line %d: want \"Name: value\"", i+1)
		}
		h.Add(name, strings.TrimSpace(value))
	}
	return h, nil
}

// newHTTPTransport is the transport of a client that was not given one.
func newHTTPTransport(o options) *http.Transport {
	proxy := http.ProxyFromEnvironment
	if o.proxy != nil {
		proxy = http.ProxyURL(o.proxy)
	}
	dialer := &net.Dialer{Timeout: o.connectTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   o.connectTimeout,
		ResponseHeaderTimeout: o.headerTimeout,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   100,
		IdleConnTimeout:       90 * time.Second,
	}
}
