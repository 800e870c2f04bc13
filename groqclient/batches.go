package groqclient

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"time"
)

// States of a batch.
const (
	BatchValidating = "validating"
	BatchFailed     = "failed"
	BatchInProgress = "in_progress"
	BatchFinalizing = "finalizing"
	BatchCompleted  = "completed"
	BatchExpired    = "expired"
	BatchCancelling = "cancelling"
	BatchCancelled  = "cancelled"
)

// BatchChatEndpoint is the endpoint of a batch of chat completions.
const BatchChatEndpoint = "/v1/chat/completions"

// A BatchRequest asks for a file of requests to be worked off.
type BatchRequest struct {
	InputFileID      string            `json:"input_file_id"`
	Endpoint         string            `json:"endpoint"`          // BatchChatEndpoint
	CompletionWindow string            `json:"completion_window"` // 24h to 7d
	Metadata         map[string]string `json:"metadata,omitempty"`
	Extra            Extra             `json:"-"`
}

// A Batch is the state of a batch. Times are Unix seconds, 0 until they come.
type Batch struct {
	ID               string            `json:"id"`
	Object           string            `json:"object"`
	Endpoint         string            `json:"endpoint"`
	Status           string            `json:"status"`
	InputFileID      string            `json:"input_file_id"`
	OutputFileID     string            `json:"output_file_id,omitempty"`
	ErrorFileID      string            `json:"error_file_id,omitempty"`
	CompletionWindow string            `json:"completion_window"`
	RequestCounts    BatchCounts       `json:"request_counts"`
	Errors           *BatchErrors      `json:"errors,omitempty"`
	Metadata         map[string]string `json:"metadata,omitempty"`
	CreatedAt        int64             `json:"created_at"`
	InProgressAt     int64             `json:"in_progress_at,omitempty"`
	ExpiresAt        int64             `json:"expires_at,omitempty"`
	FinalizingAt     int64             `json:"finalizing_at,omitempty"`
	CompletedAt      int64             `json:"completed_at,omitempty"`
	FailedAt         int64             `json:"failed_at,omitempty"`
	ExpiredAt        int64             `json:"expired_at,omitempty"`
	CancellingAt     int64             `json:"cancelling_at,omitempty"`
	CancelledAt      int64             `json:"cancelled_at,omitempty"`
	Extra            Extra             `json:"-"`
}

// Done reports whether the batch has come to its end, good or bad.
func (b *Batch) Done() bool {
	return slices.Contains([]string{BatchFailed, BatchCompleted, BatchExpired, BatchCancelled}, b.Status)
}

// BatchCounts counts the requests of a batch.
type BatchCounts struct {
	Total     int   `json:"total"`
	Completed int   `json:"completed"`
	Failed    int   `json:"failed"`
	Extra     Extra `json:"-"`
}

// BatchErrors says what is wrong with an input file.
type BatchErrors struct {
	Object string      `json:"object,omitempty"`
	Data   []LineError `json:"data"`
	Extra  Extra       `json:"-"`
}

// A LineError is an error of one line of an input file; Line is 0 if none is
// named.
type LineError struct {
	Code    Loose  `json:"code"`
	Message string `json:"message"`
	Param   string `json:"param,omitempty"`
	Line    int    `json:"line,omitempty"`
	Extra   Extra  `json:"-"`
}

// CreateBatch starts a batch. It is tried again only if it surely did not
// arrive, because the API has no key against duplicates.
func (c *Client) CreateBatch(ctx context.Context, req *BatchRequest) (*Batch, error) {
	if req.InputFileID == "" || req.Endpoint == "" || req.CompletionWindow == "" {
		return nil, errors.New("groqclient: batch: input file, endpoint and completion window are required")
	}
	k, err := c.t.jsonCall(http.MethodPost, "/batches", req)
	if err != nil {
		return nil, err
	}
	k.create = true
	b := new(Batch)
	if _, err := c.t.decode(ctx, k, b); err != nil {
		return nil, err
	}
	return b, nil
}

// Batches lists the batches.
func (c *Client) Batches(ctx context.Context) ([]Batch, error) {
	var l list[Batch]
	_, err := c.doJSON(ctx, http.MethodGet, "/batches", nil, &l)
	return l.Data, err
}

// Batch returns the state of a batch.
func (c *Client) Batch(ctx context.Context, id string) (*Batch, error) {
	return get[Batch](ctx, c, "/batches/", id)
}

// CancelBatch asks for a batch to be cancelled.
func (c *Client) CancelBatch(ctx context.Context, id string) (*Batch, error) {
	return byID[Batch](ctx, c, http.MethodPost, "/batches/", id, "/cancel")
}

// PollBatch gives the state of a batch at once and then again and again until
// it is done, ctx ends, or asking fails.
func (c *Client) PollBatch(ctx context.Context, id string, every time.Duration) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		for {
			b, err := c.Batch(ctx, id)
			if !yield(b, err) || err != nil || b.Done() {
				return
			}
			select {
			case <-ctx.Done():
				yield(nil, context.Cause(ctx))
				return
			case <-time.After(every):
			}
		}
	}
}
