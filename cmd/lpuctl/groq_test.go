package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// canary is the API key of every test. It must never be seen.
const canary = "gsk_canary0123456789"

// asCommand makes the test binary behave as lpuctl: for tests of signals.
const asCommand = "LPUCTL_TEST_AS_COMMAND"

// inTest tells the processes that tests start that their home is set.
const inTest = "LPUCTL_TEST_HOME_IS_SET"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	cleanup := func() {}
	if os.Getenv(inTest) == "" { // not a child of a test
		cleanup = leaveHome()
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		cleanup()
		os.Exit(code)
	}))
}

// leaveHome gives all tests a home that is not the user's.
func leaveHome() (cleanup func()) {
	home, err := os.MkdirTemp("", "lpuctl-test-*")
	if err != nil {
		panic(err)
	}
	os.Setenv(inTest, "1")
	for name, value := range homeEnv(home) {
		os.Setenv(name, value)
	}
	return func() { os.RemoveAll(home) }
}

// homeEnv is an environment in which lpuctl finds no settings and keeps its
// files below home.
func homeEnv(home string) map[string]string {
	return map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, "config"), "XDG_DATA_HOME": filepath.Join(home, "data"),
		"XDG_CACHE_HOME": filepath.Join(home, "cache"), "AppData": filepath.Join(home, "config"),
		"LocalAppData": filepath.Join(home, "data"),
		"GROQ_API_KEY": "", "GROQ_BASE_URL": "", "GROQ_CUSTOM_HEADERS": "",
	}
}

// newHome gives a test that is not parallel a home of its own, with a key in
// the environment.
func newHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	for name, value := range homeEnv(home) {
		t.Setenv(name, value)
	}
	t.Setenv("GROQ_API_KEY", canary)
	return home
}

// runCLI runs a command line. Whatever it prints, the key is not in it.
func runCLI(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	r := lpuctlWith(t, strings.NewReader(stdin), args...)
	require.NotContains(t, r.out+r.err, canary, "%q", args)
	return r
}

// serveGroq starts a server of the API; every request must carry the key.
func serveGroq(t *testing.T, serve func(*groqtest.Exchange)) *groqtest.Server {
	t.Helper()
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		if x.R.Header.Get("Authorization") != "Bearer "+canary {
			x.Error(401, "invalid_request_error", "invalid_api_key", "key "+x.R.Header.Get("Authorization")+" refused")
			return
		}
		serve(x)
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.AwaitNoConns(ctx))
		server.Close()
	})
	return server
}

// says answers every request with the text.
func says(text string) func(*groqtest.Exchange) {
	return func(x *groqtest.Exchange) { x.Reply(text) }
}

// askArgs is the beginning of a prompt to the server.
func askArgs(server *groqtest.Server, args ...string) []string {
	return append([]string{"prompt", "--base-url", server.URL, "-m", "test-model"}, args...)
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// keyFile holds the key for tests that run in parallel, which cannot set the
// environment.
func keyFile(t *testing.T) string { return writeFile(t, "key", canary+"\n") }

// TestScenarios runs the scenarios of groqtest through the command.
func TestScenarios(t *testing.T) {
	require.Len(t, groqtest.Scenarios(), 33)
	for _, s := range groqtest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			testScenario(t, s)
		})
	}
}

func testScenario(t *testing.T, s groqtest.Scenario) {
	server := serveGroq(t, s.Serve)
	args := askArgs(server, "--api-key-file", keyFile(t), "Say hello.")
	if s.IdleTimeout > 0 {
		args = append(args, "--idle-timeout", s.IdleTimeout.String())
	}
	if s.MaxWait > 0 {
		args = append(args, "--max-wait", s.MaxWait.String())
	}
	if s.BreakAfter > 0 {
		testLeaving(t, s, server, args)
		return
	}
	o := runCLI(t, "", args...)
	require.Equal(t, s.Failure.ExitCode(), o.code, "%s", o.err)
	require.Equal(t, wantOutput(s), o.out)
	require.Equal(t, s.Requests, server.Requests())
	require.Contains(t, o.err, s.Says)
	require.Equal(t, s.Requests-1, strings.Count(o.err, "retrying"), "each wait is told")
	if s.Failure == groqtest.None && s.Requests == 1 {
		require.Empty(t, o.err)
	}
}

// wantOutput is what the command prints on stdout.
func wantOutput(s groqtest.Scenario) string {
	var calls []string
	for _, c := range s.Calls {
		calls = append(calls, fmt.Sprintf(`{"id":%q,"type":"function","function":{"name":%q,"arguments":%q}}`, c.ID, c.Name, c.Arguments))
	}
	switch {
	case calls != nil:
		return "[" + strings.Join(calls, ",") + "]\n"
	case s.Text == "":
		return ""
	}
	return s.Text + "\n"
}

// testLeaving has the reader of stdout leave in the middle of an answer.
func testLeaving(t *testing.T, s groqtest.Scenario, server *groqtest.Server, args []string) {
	out := &leavingWriter{left: s.BreakAfter}
	var stderr bytes.Buffer
	code := execute(t.Context(), args, streams{in: strings.NewReader(""), out: out, err: &stderr})
	require.Equal(t, exitError, code)
	require.Equal(t, "lpuctl: "+io.ErrClosedPipe.Error()+"\n", stderr.String())
	require.Equal(t, s.Text, out.got.String())
	select {
	case <-server.Gone():
	case <-time.After(10 * time.Second):
		require.Fail(t, "the server did not see the client leave")
	}
}

// leavingWriter takes a number of writes and then fails.
type leavingWriter struct {
	got  bytes.Buffer
	left int
}

func (w *leavingWriter) Write(p []byte) (int, error) {
	if w.left == 0 {
		return 0, io.ErrClosedPipe
	}
	w.left--
	return w.got.Write(p)
}
