package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/batch"
)

// batchObject is a batch of three lines in a state.
func batchObject(status string, failed int) string {
	return fmt.Sprintf(`{"id":"batch_1","object":"batch","endpoint":"/v1/chat/completions","status":%q,"input_file_id":"file_in",
		"output_file_id":"file_out","error_file_id":"file_err","completion_window":"24h","created_at":1736472501,
		"request_counts":{"total":3,"completed":%d,"failed":%d},"new":{"a":1}}`, status, 3-failed, failed)
}

// writeRequests writes the lines id-0, id-1 and so on.
func writeRequests(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"custom_id":"id-%d","method":"POST","url":"/v1/chat/completions",`+
			`"body":{"model":"m","messages":[{"role":"user","content":"id-%d."}]}}`+"\n", i, i)
	}
	path := filepath.Join(t.TempDir(), "in.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

func TestBatchSubmit(t *testing.T) {
	g := newFakeGroq(t)
	in := writeRequests(t, 3)
	g.on("POST /files", "application/json", `{"id":"file_in"}`)
	g.on("POST /batches", "application/json", batchObject("validating", 0))
	require.Equal(t, "batch_1\n", g.must("batch", "submit", in, "--window", "7d", "--metadata", "run=12"))
	require.Equal(t, []string{"POST /files", "POST /batches"}, g.calls())
	require.JSONEq(t, `{"input_file_id":"file_in","endpoint":"/v1/chat/completions","completion_window":"7d","metadata":{"run":"12"}}`, g.body())
	require.JSONEq(t, batchObject("validating", 0), g.must("batch", "submit", "--file-id", "file_in", "-o", "json"))
	require.Equal(t, []string{"POST /batches"}, g.calls())
}

// TestBatchSubmitRefuses sends nothing that has bad lines, and says how to go
// on if only the second step fails.
func TestBatchSubmitRefuses(t *testing.T) {
	g := newFakeGroq(t)
	in := writeRequests(t, 3)
	require.Equal(t, exitUsage, g.run("batch", "submit").code)
	require.Equal(t, exitUsage, g.run("batch", "submit", in, "--file-id", "x").code)
	r := g.run("batch", "submit", in, "--endpoint", "/v1/audio/translations")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, in+`: line 1: url "/v1/chat/completions": want /v1/audio/translations`)
	require.Empty(t, g.calls())
	g.on("POST /files", "application/json", `{"id":"file_in"}`)
	r = g.run("batch", "submit", in)
	require.Equal(t, exitRefused, r.code)
	require.Contains(t, r.err, "go on with --file-id file_in")
}

func TestBatchStatusAndCancel(t *testing.T) {
	g := newFakeGroq(t)
	g.on("GET /batches", "application/json", `{"data":[`+batchObject("in_progress", 1)+`]}`)
	g.on("GET /batches/batch_1", "application/json", batchObject("in_progress", 1))
	g.on("POST /batches/batch_1/cancel", "application/json", batchObject("cancelling", 0))
	created := localTime(time.Unix(1736472501, 0))
	require.Equal(t, "batch_1  "+created+"  in_progress  2 of 3 done, 1 failed\n", g.must("batch", "status"))
	require.JSONEq(t, `{"batches":[`+batchObject("in_progress", 1)+`]}`, g.must("batch", "status", "-o", "json"))
	require.Equal(t, "batch_1: in_progress, 2 of 3 done, 1 failed\n", g.must("batch", "status", "batch_1"))
	require.JSONEq(t, batchObject("in_progress", 1), g.must("batch", "status", "batch_1", "-o", "json"))
	require.Equal(t, "batch_1: cancelling, 3 of 3 done, 0 failed\n", g.must("batch", "cancel", "batch_1"))
	require.Equal(t, exitRefused, g.run("batch", "cancel", "batch_2").code)
}

// TestBatchWait sees a batch through a server that fails for a while.
func TestBatchWait(t *testing.T) {
	g := newFakeGroq(t)
	var n atomic.Int32
	g.handle("GET /batches/batch_1", func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) {
		case 1:
			fmt.Fprint(w, batchObject("validating", 0))
		case 2:
			refuseCall(w, 503, "restarting")
		case 3:
			fmt.Fprint(w, batchObject("in_progress", 0))
		default:
			fmt.Fprint(w, batchObject("completed", 1))
		}
	})
	r := g.run("batch", "wait", "batch_1", "--every", "1ms")
	require.Equal(t, exitBatchFailed, r.code)
	require.Equal(t, "batch_1: completed, 2 of 3 done, 1 failed\n", r.out)
	require.Contains(t, r.err, "looking again later")
	require.Contains(t, r.err, "batch batch_1: 1 of 3 lines failed")
	require.Len(t, g.calls(), 4)
	require.Equal(t, exitUsage, g.run("batch", "wait", "batch_1", "--every", "0s").code)
	require.Equal(t, exitRefused, g.run("batch", "wait", "batch_2", "--every", "1ms").code)
}

func TestBatchWaitEnds(t *testing.T) {
	g := newFakeGroq(t)
	g.on("GET /batches/batch_1", "application/json", batchObject("completed", 0))
	require.JSONEq(t, batchObject("completed", 0), g.must("batch", "wait", "batch_1", "-o", "json"))

	g = newFakeGroq(t)
	g.on("GET /batches/batch_1", "application/json", `{"id":"batch_1","status":"failed",
		"errors":{"data":[{"code":7,"message":"bad line","line":2}`+strings.Repeat(`,{"code":"x","message":"y"}`, 10)+`]}}`)
	r := g.run("batch", "wait", "batch_1")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "batch batch_1: failed\nline 2: 7: bad line\nx: y\n")
	require.Contains(t, r.err, "\nand 1 more\n")

	g = newFakeGroq(t)
	g.handle("GET /batches/batch_1", func(w http.ResponseWriter, _ *http.Request) { refuseCall(w, 500, "broken") })
	require.Equal(t, exitServer, g.run("batch", "wait", "batch_1", "--every", "1ms").code)
	require.Len(t, g.calls(), 21)
}

func TestBatchFetch(t *testing.T) {
	g := newFakeGroq(t)
	g.on("GET /batches/batch_1", "application/json", batchObject("completed", 1))
	g.on("GET /batches/batch_2", "application/json", batchObject("in_progress", 0))
	g.on("GET /files/file_out/content", "application/jsonl", "{\"custom_id\":\"a\"}\n")
	g.on("GET /files/file_err/content", "application/jsonl", "{\"custom_id\":\"b\"}\n")
	r := g.run("batch", "fetch", "batch_1")
	require.Equal(t, exitBatchFailed, r.code)
	require.Equal(t, "{\"custom_id\":\"a\"}\n{\"custom_id\":\"b\"}\n", r.out)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	r = g.run("batch", "fetch", "batch_1", "-o", out, "--json")
	require.Equal(t, exitBatchFailed, r.code)
	require.JSONEq(t, fmt.Sprintf(`{"batch":"batch_1","status":"completed","output":%q,"errors":%q}`, out, batch.ErrorsPath(out)), r.out)
	for path, want := range map[string]string{out: "a", batch.ErrorsPath(out): "b"} {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("{\"custom_id\":%q}\n", want), string(data))
	}
	r = g.run("batch", "fetch", "batch_2", "-o", out+"2")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "batch batch_1: in_progress")
	require.NoFileExists(t, out+"2")
	require.Equal(t, exitUsage, g.run("batch", "fetch", "batch_1", "--json").code)
}

// chatServer answers chat requests with their own prompt; those that hold a key
// of refusals it refuses with the status.
func chatServer(t *testing.T, refusals map[string]int) *fakeGroq {
	g := newFakeGroq(t)
	g.handle("POST /chat/completions", func(w http.ResponseWriter, r *http.Request) {
		var req groqclient.ChatRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			refuseCall(w, 400, err.Error())
			return
		}
		text := req.Messages[0].Content.Text()
		for part, status := range refusals {
			if strings.Contains(text, part) {
				refuseCall(w, status, "no "+canary)
				return
			}
		}
		w.Header().Set("X-Request-Id", "req_"+text)
		fmt.Fprintf(w, `{"choices":[{"message":{"role":"assistant","content":%q}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}`, text)
	})
	return g
}

func TestBatchRun(t *testing.T) {
	g := chatServer(t, map[string]int{"id-4.": 400})
	in, out := writeRequests(t, 10), filepath.Join(t.TempDir(), "out.jsonl")
	r := g.run("batch", "run", in, "-o", out)
	require.Equal(t, exitBatchFailed, r.code)
	require.Equal(t, "10 lines: 9 succeeded, 1 failed, 0 remaining\n", r.out)
	require.Equal(t, "lpuctl: failed lines: 1, see "+batch.ErrorsPath(out)+"\n", r.err)
	got := readResults(t, out)
	require.Len(t, got, 9)
	chat, err := got["id-7"].Chat()
	require.NoError(t, err)
	require.Equal(t, "id-7.", chat.Text())
	require.Equal(t, "req_id-7.", chat.Meta.RequestID)
	_, err = readResults(t, batch.ErrorsPath(out))["id-4"].Chat()
	require.ErrorContains(t, err, "400 Bad Request: no [redacted]")

	require.Len(t, g.calls(), 10)
	r = g.run("batch", "run", in, "-o", out, "--json", "--retry-failed", "none")
	require.Equal(t, exitBatchFailed, r.code)
	require.JSONEq(t, fmt.Sprintf(`{"input":%q,"output":%q,"errors":%q,"total":10,"succeeded":9,"failed":1,"remaining":0,
		"recorded":0,"prompt_tokens":0,"completion_tokens":0}`, in, out, batch.ErrorsPath(out)), r.out)
	require.Empty(t, g.calls())

	g = chatServer(t, nil)
	require.Equal(t, "10 lines: 10 succeeded, 0 failed, 0 remaining\n", g.must("batch", "run", in, "-o", out, "--retry-failed", "all"))
	require.Len(t, g.calls(), 1)
}

// readResults are the results of a file by custom_id, each of which must be
// there once.
func readResults(t *testing.T, path string) map[string]*groqclient.BatchResult {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	all := map[string]*groqclient.BatchResult{}
	for r, err := range groqclient.BatchResults(f) {
		require.NoError(t, err)
		require.NotContains(t, all, r.CustomID)
		all[r.CustomID] = &r
	}
	return all
}

// TestBatchRunEnds tells by the exit code why a run stopped early.
func TestBatchRunEnds(t *testing.T) {
	in := writeRequests(t, 10)
	for status, code := range map[int]int{401: exitKey, 403: exitKey, 429: exitLimit, 400: exitBatchFailed, 500: exitBatchFailed} {
		g := chatServer(t, map[string]int{"id-": status})
		out := filepath.Join(t.TempDir(), "out.jsonl")
		r := g.run("batch", "run", in, "-o", out, "--max-wait", "0s")
		require.Equal(t, code, r.code, "status %d", status)
		if code != exitBatchFailed {
			require.Contains(t, r.out, "10 remaining")
			require.Regexp(t, `line \d+ \(custom_id "id-\d"\): groq: `, r.err)
		}
	}
	g := chatServer(t, nil)
	g.Close()
	r := g.run("batch", "run", in, "-o", filepath.Join(t.TempDir(), "out.jsonl"))
	require.Equal(t, exitNetwork, r.code)
}

// TestBatchRunRefuses asks nothing when the input or the output is not right.
func TestBatchRunRefuses(t *testing.T) {
	g := chatServer(t, nil)
	in := writeRequests(t, 3)
	text, err := os.ReadFile(in)
	require.NoError(t, err)
	twice := filepath.Join(t.TempDir(), "twice.jsonl")
	require.NoError(t, os.WriteFile(twice, append(text, text...), 0o600))
	out := filepath.Join(t.TempDir(), "out.jsonl")
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "no output", []string{in}},
		{exitUsage, "concurrency 0", []string{in, "-o", out, "-j", "0"}},
		{exitUsage, `retry of failed lines "some"`, []string{in, "-o", out, "--retry-failed", "some"}},
		{exitError, `twice.jsonl: line 4: custom_id "id-0" is that of line 1 too`, []string{twice, "-o", out}},
		{exitError, "not a result of a batch", []string{in, "-o", in}},
	} {
		r := g.run(append([]string{"batch", "run"}, c.args...)...)
		require.Equal(t, c.code, r.code, "%q", c.args)
		require.Contains(t, r.err, c.says)
		require.Empty(t, r.out)
	}
	require.NoFileExists(t, out)
	job, err := batch.Open(batch.Options{Input: in, Output: out, Concurrency: 1, Retry: batch.RetryNone})
	require.NoError(t, err)
	r := g.run("batch", "run", in, "-o", out)
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "out.jsonl: another run is writing to it")
	require.NoError(t, job.Close())
	require.Empty(t, g.calls())
	after, err := os.ReadFile(in)
	require.NoError(t, err)
	require.Equal(t, string(text), string(after))
}
