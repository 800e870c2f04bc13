// Package batch works off a file of API requests from this machine, a line at
// a time, and keeps every answer.
//
// The input has the lines of Groq's batch files ({"custom_id", "method", "url",
// "body"}), the output those of its batch outputs. An answer is appended to the
// output and synced before it counts; whatever ends a run, the next one goes on
// behind the last whole line and sends no finished line again. Answers that are
// failures go to a second file beside the output. One run at a time can have an
// output.
//
// Requests are paced by the limits that the server states with its answers, see
// pace.go.
package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/lpuctl/lpuctl/groqclient"
)

// A Sender sends one JSON request to a path below the API root and returns the
// reply as it came. *[groqclient.Client] is one; it should not retry, because
// retries are paced here. Errors are those of groqclient.
type Sender interface {
	Post(ctx context.Context, path string, body json.RawMessage) (json.RawMessage, groqclient.Meta, error)
}

// Which failed lines of earlier runs are sent again.
const (
	RetryTransient = "transient" // those that may succeed now: 408, 409, 429, 498, 5xx, no answer
	RetryAll       = "all"
	RetryNone      = "none"
)

// Options say what is run and how.
type Options struct {
	Input       string        // path of the file of requests
	Output      string        // path of the file of answers, new or of an earlier run
	Concurrency int           // most requests in flight
	MaxRetries  int           // of a request that got no answer or a server error; 429 is paced, not counted
	MaxWait     time.Duration // longest wait for limits; a longer one ends the run
	Retry       string        // RetryTransient, RetryAll or RetryNone
	Logger      *slog.Logger  // nil: none
}

// Check finds values that make no sense. Open does it too.
func (o *Options) Check() error {
	switch {
	case o.Concurrency < 1:
		return fmt.Errorf("concurrency %d: want at least 1", o.Concurrency)
	case o.MaxRetries < 0 || o.MaxWait < 0:
		return errors.New("retries and wait must not be negative")
	case o.Retry != RetryTransient && o.Retry != RetryAll && o.Retry != RetryNone:
		return fmt.Errorf("retry of failed lines %q: want %s, %s or %s", o.Retry, RetryTransient, RetryAll, RetryNone)
	}
	return nil
}

// ErrorsPath is where the failures of a run go: out.errors.jsonl for the output
// out.jsonl.
func ErrorsPath(output string) string {
	return strings.TrimSuffix(output, ".jsonl") + ".errors.jsonl"
}

// A Summary counts the lines of the input.
type Summary struct {
	Total            int   `json:"total"`
	Succeeded        int   `json:"succeeded"` // in the output
	Failed           int   `json:"failed"`    // in the file of failures
	Remaining        int   `json:"remaining"` // in neither
	Recorded         int   `json:"recorded"`  // of Succeeded and Failed, by this run
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"` // both by this run
}

// A Job is an input and its output, checked and locked.
type Job struct {
	o       Options
	in      *os.File
	todo    []request
	total   int
	journal *journal
	summary Summary // of what this run has done
}

// Open checks every line of the input, locks the output and finds out what is
// left to do. Errors name the file and the lines; nothing has been sent, and
// nothing written but the end of a torn last line cut off.
func Open(o Options) (*Job, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	in, err := os.Open(o.Input)
	if err != nil {
		return nil, err
	}
	requests, err := readRequests(in, endpoints())
	if err != nil {
		in.Close()
		return nil, fmt.Errorf("%s: %w", o.Input, err)
	}
	known := make(map[string]bool, len(requests))
	for _, q := range requests {
		known[q.id] = true
	}
	log, err := openJournal(o.Output, o.Retry, known)
	if err != nil {
		in.Close()
		return nil, err
	}
	j := &Job{o: o, in: in, journal: log, total: len(requests)}
	for _, q := range requests {
		if !log.has(q.id) {
			j.todo = append(j.todo, q)
		}
	}
	return j, nil
}

// Check reads a file of requests for someone else to work off, all for the
// endpoint, and finds the lines that are not good.
func Check(path, endpoint string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := readRequests(f, []string{endpoint}); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Summary counts what has been done until now. It must not be called while Run
// runs.
func (j *Job) Summary() Summary {
	s := j.summary
	s.Total, s.Succeeded, s.Failed = j.total, len(j.journal.succeeded), len(j.journal.failed)
	s.Remaining = s.Total - s.Succeeded - s.Failed
	return s
}

// Close unlocks the output.
func (j *Job) Close() error {
	return errors.Join(j.in.Close(), j.journal.close())
}

// body reads the body of a request again from the input.
func (j *Job) body(q request) (json.RawMessage, error) {
	line := make([]byte, q.size)
	if _, err := j.in.ReadAt(line, q.offset); err != nil {
		return nil, fmt.Errorf("%s: %w", j.o.Input, err)
	}
	var l groqclient.BatchLine
	if err := json.Unmarshal(line, &l); err != nil || l.CustomID != q.id {
		return nil, fmt.Errorf("%s: has changed since the run began", j.o.Input)
	}
	return l.Body, nil
}
