package groqclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/hashicorp/go-retryablehttp"
)

// DefaultBaseURL is where Groq serves its API. Paths below it begin with
// /openai/v1.
const DefaultBaseURL = "https://api.groq.com"

// maxReplyBytes bounds a reply that is read into memory (JSON and error
// bodies; never streams, speech or file contents).
const maxReplyBytes = 256 << 20

// ErrNoKey is returned by [New] when a client for Groq itself is asked for
// without an API key.
var ErrNoKey = errors.New("groqclient: no API key: set GROQ_API_KEY or pass one")

// A Client calls the Groq API. It is safe for concurrent use; make one and
// share it, since it holds the connections. Printing a Client in any form
// never shows its key.
type Client struct{ t *transport }

// New makes a client with the given API key. The key may be empty only when
// [WithBaseURL] names another server, since a local one often wants none.
func New(key string, opts ...Option) (*Client, error) {
	o := defaultOptions()
	for _, set := range opts {
		if err := set(&o); err != nil {
			return nil, err
		}
	}
	key = strings.TrimSpace(key)
	if key == "" && o.baseURL == DefaultBaseURL {
		return nil, ErrNoKey
	}
	if strings.ContainsFunc(key, isControl) {
		return nil, errors.New("groqclient: the API key contains control characters or spaces")
	}
	if o.proxy != nil && o.httpClient != nil && o.httpClient.Transport != nil {
		return nil, errors.New("groqclient: WithProxy: the client of WithHTTPClient has a transport of its own")
	}
	urls, err := resolveEndpoints(o.baseURL)
	if err != nil {
		return nil, err
	}
	return &Client{t: newTransport(key, urls, o)}, nil
}

// FromEnv makes a client from the environment variables that Groq's own SDKs
// read: GROQ_API_KEY, GROQ_BASE_URL and GROQ_CUSTOM_HEADERS (lines of
// "Name: value"). A blank variable counts as unset; opts are applied last.
func FromEnv(opts ...Option) (*Client, error) {
	var fromEnv []Option
	if base := strings.TrimSpace(os.Getenv("GROQ_BASE_URL")); base != "" {
		fromEnv = append(fromEnv, WithBaseURL(base))
	}
	headers, err := ParseHeaders(os.Getenv("GROQ_CUSTOM_HEADERS"))
	if err != nil {
		return nil, fmt.Errorf("GROQ_CUSTOM_HEADERS: %w", err)
	}
	fromEnv = append(fromEnv, WithHeaders(headers))
	return New(os.Getenv("GROQ_API_KEY"), append(fromEnv, opts...)...)
}

// String names the client by its base URL.
func (c *Client) String() string { return "groqclient.Client(" + c.t.urls.api + ")" }

// CloseIdleConnections closes the connections that no call is using.
func (c *Client) CloseIdleConnections() {
	(&http.Client{Transport: c.t.network}).CloseIdleConnections()
}

// RateLimits returns the limits that the latest reply stated, of whatever
// call and model it was. The limits of one call are in its [Meta].
func (c *Client) RateLimits() RateLimits {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	return c.t.lastLimit
}

// endpoints are the two roots under which Groq's paths live.
type endpoints struct {
	host       string // to which the key may go
	api        string // ends in /openai/v1 or /v1
	fineTuning string // Groq serves fine_tunings under /v1, without /openai
}

// resolveEndpoints accepts Groq's convention (https://host) and OpenAI's
// (https://host/openai/v1, or http://host/v1 for other servers).
func resolveEndpoints(base string) (endpoints, error) {
	u, err := url.Parse(base)
	if err != nil {
		return endpoints{}, errors.New("groqclient: base URL cannot be parsed")
	}
	if u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return endpoints{}, fmt.Errorf("groqclient: base URL %q: want http(s)://host[/path]", u.Redacted())
	}
	base = strings.TrimRight(u.Scheme+"://"+u.Host+u.EscapedPath(), "/")
	if root, ok := strings.CutSuffix(base, "/openai/v1"); ok {
		return endpoints{u.Host, base, root + "/v1"}, nil
	}
	if strings.HasSuffix(base, "/v1") {
		return endpoints{u.Host, base, base}, nil
	}
	return endpoints{u.Host, base + "/openai/v1", base + "/v1"}, nil
}

// A call is one request before it becomes an HTTP request. Its body is json,
// or form, or nothing.
type call struct {
	method      string
	url         string
	json        []byte
	form        retryablehttp.ReaderFunc
	contentType string
	accept      string
	create      bool // a duplicate would be a second file or batch
}

// body is what go-retryablehttp takes.
func (k call) body() any {
	switch {
	case k.form != nil:
		return k.form
	case k.json != nil:
		return k.json
	}
	return nil
}

// jsonCall builds a call below the API root whose body is in, marshalled; a nil
// in means no body.
func (t *transport) jsonCall(method, path string, in any) (call, error) {
	k := call{method: method, url: t.urls.api + path, accept: "application/json"}
	if in == nil {
		return k, nil
	}
	body, err := marshal(in)
	if err != nil {
		return k, fmt.Errorf("groqclient: %s %s: request: %w", method, path, err)
	}
	k.json, k.contentType = body, "application/json"
	return k, nil
}

// streamCall builds a POST like jsonCall, with stream set.
func (t *transport) streamCall(path string, in any) (call, error) {
	k, err := t.jsonCall(http.MethodPost, path, in)
	if err != nil {
		return k, err
	}
	k.json = append(appendField(bytes.TrimSuffix(k.json, []byte("}")), "stream", []byte("true")), '}')
	k.accept = "text/event-stream"
	return k, nil
}

// doJSON sends in to path and decodes the reply into out.
func (c *Client) doJSON(ctx context.Context, method, path string, in, out any) (Meta, error) {
	k, err := c.t.jsonCall(method, path, in)
	if err != nil {
		return Meta{}, err
	}
	return c.t.decode(ctx, k, out)
}

// decode runs the call and decodes its JSON reply into out.
func (t *transport) decode(ctx context.Context, k call, out any) (Meta, error) {
	raw, meta, err := t.fetch(ctx, k)
	if err != nil {
		return meta, err
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return meta, t.notExpected(k, meta, raw, err)
	}
	return meta, nil
}

// fetch runs the call and returns its whole reply.
func (t *transport) fetch(ctx context.Context, k call) ([]byte, Meta, error) {
	r, err := t.do(ctx, k)
	if err != nil {
		return nil, metaOf(err), err
	}
	defer r.body.Close()
	raw, err := io.ReadAll(io.LimitReader(r.body, maxReplyBytes+1))
	if err == nil && len(raw) > maxReplyBytes {
		err = fmt.Errorf("reply is larger than %d bytes", maxReplyBytes)
	}
	if err != nil {
		return nil, r.meta, t.transportError(k, r.meta.Attempts, err, nil)
	}
	return raw, r.meta, nil
}

// copyBody copies the reply to w without holding it. An error of w is returned
// as it is.
func (t *transport) copyBody(k call, r *reply, w io.Writer) (int64, error) {
	n, err := io.Copy(w, r.body)
	if r.body.failed {
		err = t.transportError(k, r.meta.Attempts, fmt.Errorf("after %d bytes: %w", n, err), nil)
	}
	return n, err
}

// notExpected is the error for a reply of status 200 that is not what was
// asked for: an error object, a captive portal, or a proxy's page.
func (t *transport) notExpected(k call, meta Meta, raw []byte, cause error) error {
	e := newAPIError(k, meta, raw)
	if e.Message == "" {
		e.Message = "unexpected reply: " + cause.Error() + ": " + snippet(raw)
	}
	return t.redact.apiError(e)
}

// isControl reports runes that cannot be in a key: they would break the header.
func isControl(r rune) bool { return r <= ' ' || r == 0x7f }
