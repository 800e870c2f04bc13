package groqclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Statuses of Groq's that net/http has no name for.
const (
	statusCapacityExceeded = 498 // flex tier: no capacity now
	statusRequestCancelled = 499
)

var (
	// ErrStreamTruncated means that a stream ended before its end was said:
	// no [DONE], no finish_reason, or a connection cut in the middle.
	ErrStreamTruncated = errors.New("stream truncated")
	// ErrStreamStopped means that the server stopped a stream and said why.
	ErrStreamStopped = errors.New("stream stopped by the server")
	// ErrIdleTimeout means that a reply fell silent for too long.
	ErrIdleTimeout = errors.New("no data within the idle timeout")
	// ErrNotStream means that the reply to a streaming request is neither an
	// event stream nor a completion.
	ErrNotStream = errors.New("reply is not an event stream")
	// ErrLineTooLong means that one event is larger than [WithMaxLine] allows.
	ErrLineTooLong = errors.New("event is larger than the limit")
)

// An APIError is an answer of the API that refuses or fails a request: an HTTP
// status outside 2xx, or an error object inside a stream (StatusCode 200).
type APIError struct {
	Meta          // status, request id, limits, headers
	Method string // of the request
	URL    string

	Message          string
	Type             string
	Code             string // a string even where the server sent a number
	Param            string
	FailedGeneration string   // what the model wrote when its tool call or JSON was refused
	SchemaPath       string   // where a schema was refused
	SchemaSegments   []string // SchemaPath in parts
	SchemaKind       string
	SchemaCode       string
	// Wait is how long the server asks to wait before the request is sent
	// again, 0 if it does not say.
	Wait time.Duration
	Body []byte // the whole body, as it came
}

// Error states the status, code, message, request id and wait; for a body that
// is not an error object, its beginning.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "groq: %s %s: %s", e.Method, pathOf(e.URL), statusText(e.StatusCode))
	for _, s := range []string{e.Code, e.Message} {
		if s != "" {
			b.WriteString(": " + s)
		}
	}
	if e.Message == "" && len(e.Body) > 0 {
		b.WriteString(": " + snippet(e.Body))
	}
	if e.RequestID != "" {
		b.WriteString(" (request " + e.RequestID + ")")
	}
	if e.Wait > 0 {
		fmt.Fprintf(&b, "; the server asks to wait %v", e.Wait.Round(time.Millisecond))
	}
	return b.String()
}

// tooLarge reports a request that alone exceeds the token budget of a minute:
// waiting never helps.
func (e *APIError) tooLarge() bool {
	return e.StatusCode == http.StatusRequestEntityTooLarge && e.Code == "rate_limit_exceeded"
}

// A RateLimitError is an APIError about limits: status 429, 498 (no flex
// capacity), or 413 with code rate_limit_exceeded.
type RateLimitError struct {
	API       *APIError
	Dimension string // RPM, RPD, TPM, TPD, ASH, ASD, ITPM, OTPM; empty if not stated
	Limit     int64  // of the dimension; 0 if not stated
	Used      int64
	Requested int64
	// Wait is how long to wait before trying again, 0 if not stated.
	Wait time.Duration
	// TooLarge says that waiting never helps: the request alone is over the
	// limit and must shrink.
	TooLarge bool
}

// Error is that of the APIError; for TooLarge it adds that waiting does not help.
func (e *RateLimitError) Error() string {
	if e.TooLarge {
		return e.API.Error() + "; waiting does not help: make the request smaller or raise the tier"
	}
	return e.API.Error()
}

// Unwrap returns the APIError.
func (e *RateLimitError) Unwrap() error { return e.API }

// A TransportError means that bytes could not be exchanged: no connection, a
// cut one, a timeout, or a cancelled context.
type TransportError struct {
	Method   string
	URL      string
	Attempts int
	Err      error
	Last     *APIError // error response of the attempt before, if any
}

// Error states the call, the cause and the number of attempts.
func (e *TransportError) Error() string {
	cause := e.Err
	var u *url.Error
	if errors.As(cause, &u) {
		cause = u.Err // the URL is already in front
	}
	s := fmt.Sprintf("groq: %s %s: %v", e.Method, e.URL, cause)
	if e.Attempts > 1 {
		s += fmt.Sprintf(" (%d attempts)", e.Attempts)
	}
	if e.Last != nil {
		s += "; before that: " + e.Last.Error()
	}
	return s
}

// Unwrap returns the cause, and the earlier APIError if there was one.
func (e *TransportError) Unwrap() []error {
	if e.Last == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Last}
}

// Timeout reports whether time ran out: connecting, waiting for the reply, in
// a silent reply, or by the context's deadline.
func (e *TransportError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.Is(e.Err, ErrIdleTimeout) || errors.As(e.Err, &t) && t.Timeout()
}

// A StreamError means that a stream broke off after its first byte. It keeps
// what had come.
type StreamError struct {
	// Err says how: ErrStreamTruncated, ErrStreamStopped, ErrIdleTimeout,
	// ErrNotStream, ErrLineTooLong, the error of the context, or a chunk that
	// cannot be decoded.
	Err       error
	Cause     error         // what the connection said, if anything
	API       *APIError     // what the server said, if anything
	Partial   *ChatResponse // of a chat completion
	RequestID string

	PartialResponse *Response // of the responses API
}

// Error states how the stream broke off and what was said about it.
func (e *StreamError) Error() string {
	s := "groq: " + e.Err.Error()
	if e.API != nil {
		for _, part := range []string{e.API.Code, e.API.Message} {
			if part != "" {
				s += ": " + part
			}
		}
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	if e.RequestID != "" {
		s += " (request " + e.RequestID + ")"
	}
	return s
}

// Unwrap returns Err, Cause and API as far as they are set.
func (e *StreamError) Unwrap() []error {
	errs := []error{e.Err}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	if e.API != nil {
		errs = append(errs, e.API)
	}
	return errs
}

// newAPIError reads an error body in any of the forms that servers send: an
// error object, a bare string, an error nested in another, or no JSON at all.
func newAPIError(k call, meta Meta, raw []byte) *APIError {
	e := &APIError{Meta: meta, Method: k.method, URL: k.url, Body: raw}
	e.fill(raw, 0)
	return e
}

// errorObject is the form of an error in which servers agree most.
type errorObject struct {
	Message          Loose           `json:"message"`
	Type             Loose           `json:"type"`
	Code             Loose           `json:"code"`
	Param            Loose           `json:"param"`
	FailedGeneration Loose           `json:"failed_generation"`
	SchemaPath       Loose           `json:"schema_path"`
	SchemaSegments   json.RawMessage `json:"schema_path_segments"`
	SchemaKind       Loose           `json:"schema_kind"`
	SchemaCode       Loose           `json:"schema_code"`
	Error            json.RawMessage `json:"error"`
}

// fill sets the fields from a text, an error object, or an object around one.
func (e *APIError) fill(raw json.RawMessage, depth int) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		e.Message = text
		return
	}
	var o errorObject
	if json.Unmarshal(raw, &o) != nil {
		return
	}
	if isSet(o.Error) && depth < 4 {
		e.fill(o.Error, depth+1)
		return
	}
	e.Message, e.Type, e.Code, e.Param = string(o.Message), string(o.Type), string(o.Code), string(o.Param)
	e.FailedGeneration = string(o.FailedGeneration)
	e.SchemaPath, e.SchemaKind, e.SchemaCode = string(o.SchemaPath), string(o.SchemaKind), string(o.SchemaCode)
	var segments []Loose
	if json.Unmarshal(o.SchemaSegments, &segments) == nil {
		for _, s := range segments {
			e.SchemaSegments = append(e.SchemaSegments, string(s))
		}
	}
}

// metaOf finds what an error knows about the reply.
func metaOf(err error) Meta {
	var e *APIError
	if errors.As(err, &e) {
		return e.Meta
	}
	return Meta{}
}

func pathOf(rawURL string) string {
	if u, err := url.Parse(rawURL); err == nil {
		return u.EscapedPath()
	}
	return rawURL
}

func statusText(code int) string {
	switch code {
	case http.StatusOK:
		return "error in a reply of status 200"
	case statusCapacityExceeded:
		return "498 Capacity Exceeded"
	case statusRequestCancelled:
		return "499 Request Cancelled"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// snippet is the beginning of a body, on one line.
func snippet(body []byte) string {
	const limit = 200
	s := strings.Join(strings.Fields(string(body[:min(len(body), 4*limit)])), " ")
	if len(s) <= limit {
		return s
	}
	for s = s[:limit]; !utf8.ValidString(s) && len(s) > limit-utf8.UTFMax; {
		s = s[:len(s)-1]
	}
	return s + "..."
}
