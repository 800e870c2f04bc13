package groqclient

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxBatchLine bounds one line of a batch file, in bytes.
const maxBatchLine = 64 << 20

// A BatchLine is one request of a batch input file.
type BatchLine struct {
	CustomID string          `json:"custom_id"`
	Method   string          `json:"method"`
	URL      string          `json:"url"`
	Body     json.RawMessage `json:"body"`
	Extra    Extra           `json:"-"`
}

// NewBatchLine makes the line that asks for a chat completion. CustomID must
// be unique in its file: it is what the results are joined on.
func NewBatchLine(customID string, req *ChatRequest) (BatchLine, error) {
	if customID == "" {
		return BatchLine{}, errors.New("groqclient: batch line: no custom_id")
	}
	if err := req.check(); err != nil {
		return BatchLine{}, err
	}
	body, err := marshal(req)
	return BatchLine{CustomID: customID, Method: "POST", URL: BatchChatEndpoint, Body: body}, err
}

// A BatchResult is one line of a batch's output or error file. Their order is
// not that of the input.
type BatchResult struct {
	ID       string         `json:"id"`
	CustomID string         `json:"custom_id"`
	Response *BatchResponse `json:"response"`
	Error    *LineError     `json:"error"`
	Extra    Extra          `json:"-"`
}

// A BatchResponse is what the API answered to one request.
type BatchResponse struct {
	StatusCode int             `json:"status_code"`
	RequestID  string          `json:"request_id"`
	Body       json.RawMessage `json:"body"`
	Extra      Extra           `json:"-"`
}

// Chat returns the completion, or the error that the line got instead.
func (r *BatchResult) Chat() (*ChatResponse, error) {
	switch {
	case r.Error != nil:
		return nil, fmt.Errorf("groq: batch line %q: %s: %s", r.CustomID, r.Error.Code, r.Error.Message)
	case r.Response == nil:
		return nil, fmt.Errorf("groq: batch line %q: neither response nor error", r.CustomID)
	}
	meta := Meta{StatusCode: r.Response.StatusCode, RequestID: r.Response.RequestID}
	if meta.StatusCode/100 != 2 {
		return nil, newAPIError(call{method: "POST", url: BatchChatEndpoint}, meta, r.Response.Body)
	}
	resp := &ChatResponse{Meta: meta}
	if err := json.Unmarshal(r.Response.Body, resp); err != nil {
		return nil, fmt.Errorf("groq: batch line %q: %w", r.CustomID, err)
	}
	return resp, nil
}

// BatchLines gives the requests of a batch input file. An error names the line
// and ends the loop.
func BatchLines(r io.Reader) iter.Seq2[BatchLine, error] { return jsonLines[BatchLine](r) }

// BatchResults gives the results of a batch's output or error file. An error
// names the line and ends the loop.
func BatchResults(r io.Reader) iter.Seq2[BatchResult, error] { return jsonLines[BatchResult](r) }

func jsonLines[T any](r io.Reader) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxBatchLine)
		n := 0
		for lines.Scan() {
			n++
			if len(bytes.TrimSpace(lines.Bytes())) == 0 {
				continue
			}
			var v T
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				yield(zero, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(zero, fmt.Errorf("line %d: %w", n+1, err))
		}
	}
}
