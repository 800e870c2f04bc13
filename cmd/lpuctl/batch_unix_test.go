//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// A killer is a chat server that counts the lines that it is asked, and kills
// the process that asks a while after the request of its choice.
type killer struct {
	mu       sync.Mutex
	asked    map[string]int
	finished map[string]bool // lines that must not come again
	again    []string        // those that did
	until    int             // requests until the kill
	most     int             // requests after that which are answered, if not 0
	delay    time.Duration   // from that request to the kill
	kill     func()
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	body.ReadFrom(r.Body) //nolint:errcheck // the client may have been killed
	_, rest, _ := strings.Cut(body.String(), `"content":"`)
	id, _, _ := strings.Cut(rest, ".")
	if k.ask(id) {
		<-r.Context().Done() // it is going to be killed
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(`{"choices":[{"message":{"content":"` + id + strings.Repeat(" and so on", 100) + `"}}]}`)) //nolint:errcheck // likewise
}

// ask counts the line. It reports whether the time for answers is over.
func (k *killer) ask(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked[id]++
	if k.finished[id] {
		k.again = append(k.again, id)
	}
	if k.until--; k.until == 0 {
		time.AfterFunc(k.delay, k.kill)
	}
	return k.most > 0 && k.until < -k.most
}

// arm says what must not be asked again, and when to kill. No more than most
// requests are answered after that one, or all would be done before the last
// kill.
func (k *killer) arm(finished map[string]bool, until, most int, delay time.Duration, kill func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.finished, k.until, k.most, k.delay, k.kill = finished, until, most, delay, kill
}

// wholeLines are the custom_ids of the lines that have their end.
func wholeLines(t *testing.T, path string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	ids := map[string]bool{}
	for r, err := range groqclient.BatchResults(bytes.NewReader(data[:bytes.LastIndexByte(data, '\n')+1])) {
		require.NoError(t, err)
		require.False(t, ids[r.CustomID])
		ids[r.CustomID] = true
	}
	return ids
}

// TestBatchRunKilled kills the process at 20 moments of a file of 500 lines and
// runs the same command each time: every line is in the output once, and no
// line that was there when the process died was asked again.
func TestBatchRunKilled(t *testing.T) {
	const lines, kills = 500, 20
	k := &killer{asked: map[string]int{}}
	g := newFakeGroq(t)
	g.handle("POST /chat/completions", k.ServeHTTP)
	in, out := writeRequests(t, lines), filepath.Join(t.TempDir(), "out.jsonl")
	random := rand.New(rand.NewPCG(4, 2))
	args := []string{"batch", "run", in, "-o", out}
	for range kills {
		cmd, errs, started := process(t, args...), new(bytes.Buffer), make(chan *os.Process, 1)
		cmd.Stderr = errs
		k.arm(wholeLines(t, out), 1+random.IntN(lines/kills), 8, time.Duration(random.IntN(4000))*time.Microsecond,
			func() { (<-started).Kill() }) //nolint:errcheck // how it died is seen below
		require.NoError(t, cmd.Start())
		started <- cmd.Process
		require.Error(t, cmd.Wait())
		require.Equal(t, -1, cmd.ProcessState.ExitCode(), "it was not killed: %s", errs)
	}
	before := wholeLines(t, out)
	require.Less(t, len(before), lines, "the kills came too late to matter")
	k.arm(before, 0, 0, 0, nil)
	cmd, errs := process(t, args...), new(bytes.Buffer)
	cmd.Stderr = errs
	require.NoError(t, cmd.Run(), errs)
	require.Len(t, readResults(t, out), lines)
	require.Len(t, k.asked, lines)
	require.Empty(t, k.again)
	t.Logf("%d of %d lines were done when the last run began", len(before), lines)
}

// waiting is what an interrupted run says if it has to wait.
const waiting = "level=WARN msg=\"sending no more, waiting for what is under way\"\n"

// TestBatchRunInterrupted keeps what is under way and says how to go on.
func TestBatchRunInterrupted(t *testing.T) {
	k := &killer{asked: map[string]int{}}
	g := newFakeGroq(t)
	g.handle("POST /chat/completions", k.ServeHTTP)
	in, out := writeRequests(t, 300), filepath.Join(t.TempDir(), "out.jsonl")
	ctx, interrupt := context.WithCancel(t.Context())
	k.arm(nil, 40, 0, 0, interrupt)
	var stdout, stderr bytes.Buffer
	code := execute(ctx, []string{"batch", "run", in, "-o", out}, streams{out: &stdout, err: &stderr})
	require.Equal(t, exitInterrupted, code)
	require.Equal(t, "lpuctl: interrupted: the same command goes on\n", strings.TrimPrefix(stderr.String(), waiting))
	require.Len(t, readResults(t, out), len(k.asked))
	require.Regexp(t, `^300 lines: \d+ succeeded, 0 failed, \d+ remaining\n$`, stdout.String())
	k.arm(wholeLines(t, out), 0, 0, 0, nil)
	g.must("batch", "run", in, "-o", out)
	require.Empty(t, k.again)
	require.Len(t, readResults(t, out), 300)
}

// TestBatchRunSignal sends SIGINT while requests are under way: they are waited
// for and kept.
func TestBatchRunSignal(t *testing.T) {
	g := newFakeGroq(t)
	var n atomic.Int32
	asked, release := make(chan struct{}, 100), make(chan struct{})
	g.handle("POST /chat/completions", func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		if n.Add(1) > 1 { // the first goes alone
			<-release
		}
		w.Write([]byte(`{"choices":[]}`)) //nolint:errcheck // the client may have gone
	})
	in, out := writeRequests(t, 100), filepath.Join(t.TempDir(), "out.jsonl")
	cmd := process(t, "batch", "run", in, "-o", out, "--concurrency", "4")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for range 5 {
		<-asked
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	lines := bufio.NewReader(stderr)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, waiting, line)
	close(release)
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	require.Equal(t, "lpuctl: interrupted: the same command goes on\n", string(rest))
	require.Error(t, cmd.Wait())
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode())
	require.Len(t, readResults(t, out), int(n.Load()))
}

func TestBatchRunOnTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	chatServer(t, nil)
	in := writeRequests(t, 40)
	shown := onTerminal(t, process(t, "batch", "run", in, "-o", filepath.Join(t.TempDir(), "out.jsonl")), "", "")
	require.Regexp(t, `requests .*\d+/40, \d+ requests/`, shown)
	require.Contains(t, shown, "40 lines: 40 succeeded, 0 failed, 0 remaining\n")
}
