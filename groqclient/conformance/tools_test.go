package conformance

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lpuctl/lpuctl/groqclient"
)

const key = "gsk_conformance"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// named returns what the environment variable names, or skips the test.
func named(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Skipf("not checked: %s is not set (see scripts/conformance.sh)", variable)
	}
	return path
}

// start runs a program until the test ends. It returns once the program has
// written a line that contains ready.
func start(t *testing.T, ready, program string, args ...string) {
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.WaitDelay = 5 * time.Second
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); in.Close() }()
	t.Cleanup(func() { <-ended }) // the context of the test has killed it
	lines := bufio.NewScanner(out)
	said := ""
	for lines.Scan() {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), ready) {
			go io.Copy(io.Discard, out) //nolint:errcheck // until the program ends
			return
		}
	}
	require.Fail(t, program+" did not start", said)
}

// freePort is a port of loopback that nothing listens on.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// newClient is a client with short waits.
func newClient(t *testing.T, url string, opts ...groqclient.Option) *groqclient.Client {
	policy := groqclient.DefaultRetryPolicy()
	policy.MinBackoff, policy.MaxBackoff = time.Millisecond, 2*time.Millisecond
	opts = append([]groqclient.Option{groqclient.WithBaseURL(url), groqclient.WithRetry(policy)}, opts...)
	client, err := groqclient.New(key, opts...)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// ask is a chat request of one message.
func ask(text string) *groqclient.ChatRequest {
	return &groqclient.ChatRequest{Model: "openai/gpt-oss-20b", Messages: []groqclient.Message{groqclient.UserMessage(text)}}
}

// read reads a stream to its end.
func read(stream *groqclient.ChatStream) (text string, err error) {
	for part, err := range stream.Text() {
		if err != nil {
			return text, err
		}
		text += part
	}
	return text, nil
}
