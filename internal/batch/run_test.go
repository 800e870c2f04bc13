package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lpuctl/lpuctl/groqclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A sender answers the body of a request.
type sender func(body string) (string, groqclient.Meta, error)

func (f sender) Post(_ context.Context, _ string, body json.RawMessage) (json.RawMessage, groqclient.Meta, error) {
	reply, meta, err := f(string(body))
	return json.RawMessage(reply), meta, err
}

// newOptions are for an input of the lines id-0, id-1 and so on.
func newOptions(t *testing.T, lines int) Options {
	t.Helper()
	var text strings.Builder
	for i := range lines {
		text.WriteString(inputLine(fmt.Sprintf("id-%d", i)))
	}
	dir := t.TempDir()
	o := Options{
		Input: filepath.Join(dir, "in.jsonl"), Output: filepath.Join(dir, "out.jsonl"),
		Concurrency: 4, MaxRetries: 2, MaxWait: time.Hour, Retry: RetryTransient, Logger: slog.New(slog.DiscardHandler),
	}
	require.NoError(t, os.WriteFile(o.Input, []byte(text.String()), 0o600))
	return o
}

func runJob(t *testing.T, o Options, s Sender) (Summary, error) {
	t.Helper()
	j, err := Open(o)
	require.NoError(t, err)
	recorded := 0
	err = j.Run(t.Context(), s, func(n int) { recorded += n })
	summary := j.Summary()
	require.Equal(t, summary.Recorded, recorded)
	require.NoError(t, j.Close())
	return summary, err
}

func mustRun(t *testing.T, o Options, s Sender) Summary {
	t.Helper()
	summary, err := runJob(t, o, s)
	require.NoError(t, err)
	require.Zero(t, summary.Remaining)
	return summary
}

// results are those of a file, by custom_id; each id must be there once.
func results(t *testing.T, path string) map[string]groqclient.BatchResult {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	all := map[string]groqclient.BatchResult{}
	for r, err := range groqclient.BatchResults(f) {
		require.NoError(t, err)
		require.NotContains(t, all, r.CustomID)
		all[r.CustomID] = r
	}
	return all
}

// TestRun keeps answers as they came, in the form of Groq's batch outputs, and
// sends nothing twice.
func TestRun(t *testing.T) {
	o := newOptions(t, 10)
	s := mustRun(t, o, sender(func(body string) (string, groqclient.Meta, error) {
		if strings.Contains(body, "id-3") {
			return refuse(400, "bad <input>")
		}
		return "{\n  \"text\": \"<é>\", \"usage\": {\"prompt_tokens\": 5, \"completion_tokens\": 2}\n}",
			groqclient.Meta{StatusCode: 200, RequestID: "req_7"}, nil
	}))
	require.Equal(t, Summary{Total: 10, Succeeded: 9, Failed: 1, Recorded: 10, PromptTokens: 45, CompletionTokens: 18}, s)
	require.Contains(t, read(t, o.Output), `{"id":"batch_req_a9412fdddb26a113b7bb52ab","custom_id":"id-0","response":`+
		`{"status_code":200,"request_id":"req_7","body":{"text":"<é>","usage":{"prompt_tokens":5,"completion_tokens":2}}},"error":null}`+"\n")
	require.Len(t, results(t, o.Output), 9)
	failed := results(t, ErrorsPath(o.Output))["id-3"]
	require.Equal(t, 400, failed.Response.StatusCode)
	require.JSONEq(t, `{"error":{"message":"bad <input>"}}`, string(failed.Response.Body))
	_, err := failed.Chat()
	require.ErrorContains(t, err, "bad <input>")

	again := mustRun(t, o, sender(func(body string) (string, groqclient.Meta, error) {
		require.Fail(t, "sent again", body)
		return answer("")
	}))
	require.Equal(t, Summary{Total: 10, Succeeded: 9, Failed: 1}, again)
}

// TestRetries repeats what may go away, waits as asked, and keeps the failure
// if it does not.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		sent := map[string]int{}
		o := newOptions(t, 6)
		start := time.Now()
		s := mustRun(t, o, sender(func(body string) (string, groqclient.Meta, error) {
			mu.Lock()
			defer mu.Unlock()
			id := body[strings.Index(body, "id-"):][:4]
			sent[id]++
			network := &groqclient.TransportError{Err: context.DeadlineExceeded}
			switch {
			case id == "id-0" && sent[id] == 1:
				return restarting(90 * time.Second)
			case id == "id-5":
				return restarting(2 * o.MaxWait)
			case id == "id-1":
				return "", groqclient.Meta{}, network
			case id == "id-2":
				text, meta, err := refuse(500, "broken for good")
				meta.Header.Set("X-Should-Retry", "false")
				return text, meta, err
			case id == "id-3":
				text, meta, err := refuse(200, "not JSON")
				err.(*groqclient.APIError).Body = []byte("<html>")
				return text, meta, err
			}
			return answer(id)
		}))
		require.Equal(t, map[string]int{"id-0": 2, "id-1": 3, "id-2": 1, "id-3": 3, "id-4": 1, "id-5": 1}, sent)
		require.Equal(t, 90*time.Second, time.Since(start))
		require.Equal(t, 4, s.Failed)
		failed := results(t, ErrorsPath(o.Output))
		require.Equal(t, codeTimeout, string(failed["id-1"].Error.Code))
		require.Nil(t, failed["id-1"].Response)
		require.Equal(t, 500, failed["id-2"].Response.StatusCode)
		require.Equal(t, codeUnexpected, string(failed["id-3"].Error.Code))
		require.JSONEq(t, `"<html>"`, string(failed["id-3"].Response.Body))

		s = mustRun(t, o, sender(answer))
		require.Equal(t, []int{6, 4}, []int{s.Succeeded, s.Recorded})
		require.NoFileExists(t, ErrorsPath(o.Output))
	})
}

// restarting is a 503 that states a wait.
func restarting(wait time.Duration) (string, groqclient.Meta, error) {
	text, meta, err := refuse(503, "restarting")
	err.(*groqclient.APIError).Wait = wait
	return text, meta, err
}

// TestRunEnds when the key is refused or nothing answers, and leaves the rest
// for the next run.
func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOptions(t, 50)
		sent := 0
		s, err := runJob(t, o, sender(func(string) (string, groqclient.Meta, error) {
			sent++ // the first request goes alone
			return refuse(401, "Invalid API Key")
		}))
		require.Regexp(t, `^line \d+ \(custom_id "id-\d+"\): groq: `, err.Error())
		require.Equal(t, 1, sent)
		require.Equal(t, 50, s.Remaining)
		require.Empty(t, read(t, o.Output))

		network := &groqclient.TransportError{Err: errors.New("connection refused")}
		s, err = runJob(t, o, sender(func(string) (string, groqclient.Meta, error) { return "", groqclient.Meta{}, network }))
		require.ErrorIs(t, err, network)
		require.Less(t, s.Failed, 5)

		own := errors.New("no such path")
		_, err = runJob(t, o, sender(func(string) (string, groqclient.Meta, error) { return "", groqclient.Meta{}, own }))
		require.ErrorIs(t, err, own)
		require.Equal(t, 50, mustRun(t, o, sender(answer)).Succeeded)
	})
}

// TestInterrupt keeps the answers that are on their way, and sends no more.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		o := newOptions(t, 100)
		var logs bytes.Buffer
		o.Logger = slog.New(slog.NewTextHandler(&logs, nil))
		j, err := Open(o)
		require.NoError(t, err)
		var sent []string
		var mu sync.Mutex
		err = j.Run(ctx, sender(func(body string) (string, groqclient.Meta, error) {
			mu.Lock()
			sent = append(sent, body)
			if len(sent) == 10 {
				interrupt()
			}
			mu.Unlock()
			time.Sleep(time.Minute)
			return answer(body)
		}), nil)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, j.Close())
		require.Less(t, len(sent), 10+o.Concurrency)
		require.Equal(t, 1, strings.Count(logs.String(), "waiting for what is under way"))
		require.Len(t, results(t, o.Output), len(sent))
		require.Equal(t, 100-len(sent), mustRun(t, o, sender(answer)).Recorded)
	})
}

// TestInterruptWhileWaiting does not wait out limits and retries.
func TestInterruptWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := sender(func(string) (string, groqclient.Meta, error) { return limited(time.Minute) })
		down := sender(func(string) (string, groqclient.Meta, error) { return restarting(time.Minute) })
		for _, s := range []sender{busy, down} {
			ctx, interrupt := context.WithTimeout(t.Context(), 10*time.Second)
			j, err := Open(newOptions(t, 3))
			require.NoError(t, err)
			start := time.Now()
			err = j.Run(ctx, s, nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 10*time.Second, time.Since(start))
			require.Equal(t, 3, j.Summary().Remaining)
			require.NoError(t, j.Close())
			interrupt()
		}
	})
}

// TestDiskFull ends the run and keeps what had been written.
func TestDiskFull(t *testing.T) {
	o := newOptions(t, 20)
	j, err := Open(o)
	require.NoError(t, err)
	once := sync.Once{}
	err = j.Run(t.Context(), sender(answer), func(int) { once.Do(func() { j.journal.out.Close() }) })
	require.ErrorIs(t, err, os.ErrClosed)
	s := j.Summary()
	require.Equal(t, s.Succeeded, len(results(t, o.Output)))
	require.Equal(t, 20, s.Succeeded+s.Remaining)
	require.ErrorIs(t, j.Close(), os.ErrClosed)
}

// TestInputChanges is noticed before anything wrong is sent.
func TestInputChanges(t *testing.T) {
	o := newOptions(t, 3)
	j, err := Open(o)
	require.NoError(t, err)
	text := read(t, o.Input)
	require.NoError(t, os.WriteFile(o.Input, []byte(strings.Replace(text, "id-1", "id-x", 1)), 0o600))
	err = j.Run(t.Context(), sender(answer), nil)
	require.ErrorContains(t, err, "has changed since the run began")
	require.NoError(t, j.Close())
}

func TestOptions(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"concurrency 0: want at least 1":      func(o *Options) { o.Concurrency = 0 },
		"retries and wait must not be neg":    func(o *Options) { o.MaxWait = -1 },
		`retry of failed lines "some": want`:  func(o *Options) { o.Retry = "some" },
		"in.jsonl: line 2: no custom_id":      func(o *Options) { appendTo(t, o.Input, "{}\n") },
		"out.jsonl: is a directory":           func(o *Options) { require.NoError(t, os.Mkdir(o.Output, 0o700)) },
		"out.errors.jsonl: line 1: invalid":   func(o *Options) { appendTo(t, ErrorsPath(o.Output), "x\n") },
		"nowhere.jsonl: no such file or dire": func(o *Options) { o.Input = "nowhere.jsonl" },
	} {
		o := newOptions(t, 1)
		change(&o)
		_, err := Open(o)
		require.ErrorContains(t, err, want)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = io.WriteString(f, text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// TestOrder sends the lines in the order of the file.
func TestOrder(t *testing.T) {
	o := newOptions(t, 30)
	o.Concurrency = 1
	var bodies []string
	mustRun(t, o, sender(func(body string) (string, groqclient.Meta, error) {
		bodies = append(bodies, body[strings.Index(body, "id-")+3:][:2])
		return answer("")
	}))
	require.Len(t, bodies, 30)
	require.Equal(t, []string{`0"`, `1"`, `2"`}, bodies[:3])
	require.True(t, slices.Contains(bodies, "29"))
}
