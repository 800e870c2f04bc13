//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// dialog is a process on a terminal.
type dialog struct {
	t        *testing.T
	cmd      *exec.Cmd
	terminal *os.File
	in       *bufio.Reader
}

func newDialog(t *testing.T, args ...string) *dialog {
	t.Helper()
	cmd := process(t, args...)
	terminal := startOnTerminal(t, cmd, &pty.Winsize{Rows: 24, Cols: 200})
	return &dialog{t, cmd, terminal, bufio.NewReader(terminal)}
}

func (d *dialog) types(text string) {
	d.t.Helper()
	_, err := io.WriteString(d.terminal, text)
	require.NoError(d.t, err)
}

// shows reads until the terminal has shown a text, and returns what it showed.
func (d *dialog) shows(text string) string {
	d.t.Helper()
	var shown strings.Builder
	for !strings.HasSuffix(shown.String(), text) {
		b, err := d.in.ReadByte()
		require.NoError(d.t, err, "shown so far: %q", shown.String())
		shown.WriteByte(b)
	}
	return shown.String()
}

// ends reads the rest, and returns the exit code of the process.
func (d *dialog) ends() int {
	_, _ = io.Copy(io.Discard, d.in) // ends with an error of its own when the process does
	_ = d.cmd.Wait()
	return d.cmd.ProcessState.ExitCode()
}

func TestChatOnTerminal(t *testing.T) {
	newHome(t)
	t.Setenv("TERM", "xterm")
	dir := chatModel(t)
	flags := []string{"chat", dir, "--temp", "0", "-n", "12"}
	want, _ := chatted(t, "Once upon a time\n", append(flags[1:], "--no-save")...)

	d := newDialog(t, flags...)
	d.shows(">>> ")
	d.types("upon a tine\x7f\x7fme\x01Once \r") // backspace, to the beginning of the line
	shown := d.shows("context of 2048]\r\n")
	require.Contains(t, strings.ReplaceAll(shown, "\r\n", "\n"), "\x1b[?2004l"+want+"[12 tokens, ", "the line is edited, and pasting is over")
	d.shows(">>> ")
	d.types("never said\x03")
	d.shows(">>> ")
	d.types("/nonsense\r")
	d.shows("lpuctl: /nonsense is no command: /help lists them\r\n")
	d.shows(">>> ")
	d.types("one \\\r")
	d.shows("... ")
	d.types("\x1b[200~two\rthree\x1b[201~\r") // pasted
	d.shows("context of 2048]\r\n")
	d.shows(">>> ")
	d.types("\x04")
	require.Equal(t, exitOK, d.ends())
	head := listed(t)[0]
	require.Equal(t, 4, head.Messages)
	require.Contains(t, ok(t, "conversations", "show", head.ID), "\none \ntwo\nthree\n")
}

// TestChatOnDumbTerminal: a terminal that knows no escape codes is shown none.
func TestChatOnDumbTerminal(t *testing.T) {
	newHome(t)
	t.Setenv("TERM", "dumb")
	flags := []string{"chat", chatModel(t), "--temp", "0", "-n", "12", "--no-save"}
	want, _ := chatted(t, "Once upon a time\n", flags[1:]...)
	d := newDialog(t, flags...)
	d.types("Once upon a time\n\x04")
	shown := d.shows(strings.ReplaceAll(want, "\n", "\r\n"))
	require.NotContains(t, shown, "\x1b")
	require.Equal(t, exitOK, d.ends())
}

// TestChatInterrupted: Ctrl-C stops the answer and not the program; a signal to
// end ends it.
func TestChatInterrupted(t *testing.T) {
	newHome(t)
	t.Setenv("TERM", "xterm")
	d := newDialog(t, "chat", chatModel(t), "--temp", "0", "--context", "30000", "--logit-bias", "2=-1e9")
	d.shows(">>> ")
	d.types("Once upon a time\r")
	d.shows("Lily")
	d.types("\x03")
	d.shows("context of 30000]\r\n")
	d.shows(">>> ")
	require.Contains(t, ok(t, "conversations", "show", listed(t)[0].ID), "cut short")
	d.types("/temp\r")
	d.shows("0\r\n")
	d.shows(">>> ")
	require.NoError(t, d.cmd.Process.Signal(syscall.SIGTERM))
	require.Equal(t, exitOK, d.ends())
}
