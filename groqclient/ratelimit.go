package groqclient

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Meta is what the headers of a reply say about the call.
type Meta struct {
	StatusCode int
	RequestID  string // x-request-id: name it to Groq's support
	Region     string // x-groq-region
	Attempts   int    // 1 when nothing was retried
	RateLimits RateLimits
	Header     http.Header // all headers of the reply
}

// RateLimits is the state that Groq states with every completion, per
// organisation and model.
type RateLimits struct {
	Requests Limit     // requests per day
	Tokens   Limit     // tokens per minute; cached tokens do not count
	At       time.Time // when the reply came; zero if it stated no limits
}

// A Limit is one dimension of RateLimits.
type Limit struct {
	Known     bool // false when the reply did not state it
	Limit     int64
	Remaining int64
	Reset     time.Duration // from RateLimits.At until it is full again
}

// readMeta reads the headers of resp and remembers the limits.
func (t *transport) readMeta(resp *http.Response, attempts int) Meta {
	h := t.redact.header(resp.Header)
	m := Meta{
		StatusCode: resp.StatusCode,
		RequestID:  h.Get("X-Request-Id"),
		Region:     h.Get("X-Groq-Region"),
		Attempts:   attempts,
		RateLimits: parseRateLimits(h, time.Now()),
		Header:     h,
	}
	if !m.RateLimits.At.IsZero() {
		t.mu.Lock()
		t.lastLimit = m.RateLimits
		t.mu.Unlock()
	}
	return m
}

func parseRateLimits(h http.Header, now time.Time) RateLimits {
	r := RateLimits{Requests: parseLimit(h, "Requests"), Tokens: parseLimit(h, "Tokens")}
	if r.Requests.Known || r.Tokens.Known {
		r.At = now
	}
	return r
}

func parseLimit(h http.Header, dimension string) Limit {
	limit, err1 := strconv.ParseInt(h.Get("X-Ratelimit-Limit-"+dimension), 10, 64)
	remaining, err2 := strconv.ParseInt(h.Get("X-Ratelimit-Remaining-"+dimension), 10, 64)
	if err1 != nil && err2 != nil {
		return Limit{}
	}
	return Limit{
		Known: err2 == nil, Limit: limit, Remaining: remaining,
		Reset: parseReset(h.Get("X-Ratelimit-Reset-" + dimension)),
	}
}

// parseReset reads 2m59.56s, 577.5ms, or bare seconds; zero if neither.
func parseReset(s string) time.Duration {
	if d, err := time.ParseDuration(s); err == nil {
		return max(d, 0)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return seconds(f)
	}
	return 0
}

// exhausted is the longest reset among the dimensions with nothing remaining.
func (r RateLimits) exhausted() time.Duration {
	var d time.Duration
	for _, l := range []Limit{r.Requests, r.Tokens} {
		if l.Known && l.Remaining <= 0 {
			d = max(d, l.Reset)
		}
	}
	return d
}

// The words of a 429 or 413, e.g. "on tokens per minute (TPM): Limit 15000,
// Used 11972, Requested 4351. Please try again in 5.289s."
var (
	dimensionWords = regexp.MustCompile(`\(([A-Z]{3,5})\)`)
	numberWords    = regexp.MustCompile(`(Limit|Used|Requested):? ([0-9]+)`)
	tryAgainWords  = regexp.MustCompile(`try again in ([0-9][0-9a-zµ.]*[a-z])`)
)

// tryAgainIn is the wait in the words of a message, 0 if there is none.
func tryAgainIn(message string) time.Duration {
	m := tryAgainWords.FindStringSubmatch(message)
	if m == nil {
		return 0
	}
	return parseReset(m[1])
}

// asRateLimit returns e as a *RateLimitError if it is about limits, else e.
func asRateLimit(e *APIError) error {
	limited := e.StatusCode == http.StatusTooManyRequests || e.StatusCode == statusCapacityExceeded
	if !limited && !e.tooLarge() {
		return e
	}
	r := &RateLimitError{API: e, Wait: e.Wait, TooLarge: e.tooLarge(), Dimension: dimensionOf(e)}
	for _, m := range numberWords.FindAllStringSubmatch(e.Message, -1) {
		n, _ := strconv.ParseInt(m[2], 10, 64) // digits by the pattern; out of range gives the largest
		switch m[1] {
		case "Limit":
			r.Limit = n
		case "Used":
			r.Used = n
		case "Requested":
			r.Requested = n
		}
	}
	return r
}

// dimensionOf names the limit: from the message, else from the headers.
func dimensionOf(e *APIError) string {
	if m := dimensionWords.FindStringSubmatch(e.Message); m != nil {
		return m[1]
	}
	l := e.RateLimits
	switch {
	case l.Tokens.Known && l.Tokens.Remaining <= 0, strings.HasPrefix(e.Type, "token"):
		return "TPM"
	case l.Requests.Known && l.Requests.Remaining <= 0:
		return "RPD"
	}
	return ""
}
