//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// process is lpuctl as a process of its own.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

// chatty sends words until the client goes.
func chatty(x *groqtest.Exchange) {
	x.SSE()
	x.UntilGone(groqtest.Frames(groqtest.Chunk("word ")))
}

// TestInterruptSignal sends SIGINT to a process in the middle of an answer.
func TestInterruptSignal(t *testing.T) {
	newHome(t)
	server := serveGroq(t, chatty)
	cmd := process(t, askArgs(server, "q")...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	_, err = io.ReadFull(out, make([]byte, 20))
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(out)
	require.NoError(t, err)
	require.Error(t, cmd.Wait())
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode())
	require.Equal(t, "lpuctl: interrupted\n", stderr.String())
	require.True(t, bytes.HasSuffix(rest, []byte("\n")), "the line is ended")
	<-server.Gone()
	require.Equal(t, 2, listed(t)[0].Messages, "question and partial answer are kept")
}

// TestReaderLeaves closes stdout in the middle of an answer, as head does.
func TestReaderLeaves(t *testing.T) {
	newHome(t)
	server := serveGroq(t, chatty)
	cmd := process(t, askArgs(server, "q")...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	_, err = io.ReadFull(out, make([]byte, 20))
	require.NoError(t, err)
	require.NoError(t, out.Close())
	require.Error(t, cmd.Wait())
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.Equal(t, syscall.SIGPIPE, status.Signal())
	require.Empty(t, stderr.String())
	<-server.Gone()
}

// startOnTerminal starts a process whose streams are a terminal of that size,
// nil for the default.
func startOnTerminal(t *testing.T, cmd *exec.Cmd, size *pty.Winsize) *os.File {
	t.Helper()
	control, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("not checked: what a terminal shows, for want of a pseudo-terminal: %v", err)
	}
	require.NoError(t, errors.Join(control.Close(), terminal.Close()))
	control, err = pty.StartWithSize(cmd, size)
	require.NoError(t, err)
	t.Cleanup(func() { control.Close() })
	return control
}

// onTerminal runs a process whose streams are a terminal, types the text once
// the prompt has been shown, and returns all that the terminal showed.
func onTerminal(t *testing.T, cmd *exec.Cmd, prompt, typed string) string {
	t.Helper()
	terminal := startOnTerminal(t, cmd, nil)
	in := bufio.NewReader(terminal)
	var shown strings.Builder
	for !strings.HasSuffix(shown.String(), prompt) {
		b, err := in.ReadByte()
		require.NoError(t, err, "shown so far: %q", shown.String())
		shown.WriteByte(b)
	}
	_, err := io.WriteString(terminal, typed)
	require.NoError(t, err)
	_, _ = io.Copy(&shown, in) // ends with an error of its own when the process does
	_ = cmd.Wait()             // the exit code is looked at by the caller
	return strings.ReplaceAll(shown.String(), "\r\n", "\n")
}

func TestLoginOnTerminal(t *testing.T) {
	newHome(t)
	t.Setenv("GROQ_API_KEY", "")
	server := serveGroq(t, modelsReply)
	cmd := process(t, "login", "--base-url", server.URL)
	shown := onTerminal(t, cmd, "API key: ", canary+"\n")
	require.Zero(t, cmd.ProcessState.ExitCode(), shown)
	require.NotContains(t, shown, "canary", "the terminal does not show what is typed")
	cfg, err := loadConfig()
	require.NoError(t, err)
	require.Equal(t, canary, cfg.Get("api-key"))

	cmd = process(t, "login", "--base-url", server.URL)
	shown = onTerminal(t, cmd, "API key: ", "gsk_not\x03")
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), shown)
	require.NotContains(t, shown, "gsk_not")
}

func TestPromptOnTerminal(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("# Title\n**bold**\x1b[2J `code`"))
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	cmd := process(t, askArgs(server, "q")...)
	require.Equal(t, "#\x1b[1m Title\x1b[0m\n*\x1b[1m*bold**\x1b[0m[2J \x1b[36m`code`\x1b[0m\n", onTerminal(t, cmd, "", ""))
	t.Setenv("NO_COLOR", "1")
	require.Equal(t, "# Title\n**bold**[2J `code`\n", onTerminal(t, process(t, askArgs(server, "q")...), "", ""))
	piped, err := process(t, askArgs(server, "q")...).Output()
	require.NoError(t, err)
	require.Equal(t, "# Title\n**bold**\x1b[2J `code`\n", string(piped), "a pipe gets what was said")
}
