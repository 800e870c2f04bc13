package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/lpuctl/lpuctl/groqclient"
)

// Codes of failures that have no answer to show, or not a proper one.
const (
	codeConnection = "connection_error"
	codeTimeout    = "timeout"
	codeUnexpected = "unexpected_reply"
)

// An outcome is what became of one attempt.
type outcome struct {
	reply json.RawMessage
	meta  groqclient.Meta
	err   error
}

// resultOf makes the line that is kept. Its id, which Groq would give, follows
// from the custom_id.
func resultOf(q request, o outcome) *groqclient.BatchResult {
	sum := sha256.Sum256([]byte(q.id))
	r := &groqclient.BatchResult{ID: "batch_req_" + hex.EncodeToString(sum[:12]), CustomID: q.id}
	api := refusal(o.err)
	switch {
	case o.err == nil:
		r.Response = &groqclient.BatchResponse{StatusCode: o.meta.StatusCode, RequestID: o.meta.RequestID, Body: o.reply}
	case api != nil:
		r.Response = &groqclient.BatchResponse{StatusCode: api.StatusCode, RequestID: api.RequestID, Body: asJSON(api.Body)}
		if api.StatusCode/100 == 2 {
			r.Error = &groqclient.LineError{Code: codeUnexpected, Message: api.Message}
		}
	default:
		r.Error = &groqclient.LineError{Code: codeConnection, Message: o.err.Error()}
		var network *groqclient.TransportError
		if errors.As(o.err, &network) && network.Timeout() {
			r.Error.Code = codeTimeout
		}
	}
	return r
}

// asJSON is the body of an error, as a JSON string if it is not JSON.
func asJSON(body []byte) json.RawMessage {
	if json.Valid(body) {
		return body
	}
	text, err := json.Marshal(string(body))
	if err != nil {
		return json.RawMessage("null") // a string has no error
	}
	return text
}

// succeeded reports whether the result goes to the output.
func succeeded(r *groqclient.BatchResult) bool {
	return r.Error == nil && r.Response != nil && r.Response.StatusCode/100 == 2
}

// transient reports whether a failure may go away by itself.
func transient(r *groqclient.BatchResult) bool {
	if r.Response == nil {
		return true
	}
	switch status := r.Response.StatusCode; status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests, 498: // 498: no capacity
		return true
	default:
		return status >= 500 || status/100 == 2
	}
}

// endsRun reports errors that every other line would get too: the key is
// refused, or the request could not even be made.
func endsRun(err error) bool {
	if api := refusal(err); api != nil {
		return api.StatusCode == http.StatusUnauthorized || api.StatusCode == http.StatusForbidden
	}
	return err != nil && !unanswered(err)
}

// unanswered reports whether no answer came.
func unanswered(err error) bool {
	var network *groqclient.TransportError
	return errors.As(err, &network)
}

// refusal is the answer that err stands for, nil if none came.
func refusal(err error) *groqclient.APIError {
	var api *groqclient.APIError
	if unanswered(err) || !errors.As(err, &api) {
		return nil
	}
	return api
}

// statedWait is the wait that the server asks for, 0 if it does not.
func statedWait(err error) time.Duration {
	if api := refusal(err); api != nil {
		return api.Wait
	}
	return 0
}

// waitOf is the wait after the n-th attempt: what the server asks for, else
// what backoff says.
func waitOf(err error, n int) time.Duration {
	if wait := statedWait(err); wait > 0 {
		return wait
	}
	return backoff(n)
}

// backoff is half a second that doubles up to eight (n from 1), less up to a
// quarter at random.
func backoff(n int) time.Duration {
	d := min(time.Second/4<<min(n, 8), 8*time.Second)
	return d - time.Duration(rand.Float64()*0.25*float64(d))
}
