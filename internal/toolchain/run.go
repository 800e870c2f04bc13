package toolchain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// maxDiagnostics bounds what is kept of a program's stderr, in bytes. The first
// diagnostics are the ones that count; MLIR then prints whole functions.
const maxDiagnostics = 8 << 10

// run executes a tool and returns its stdout. The error holds its trimmed
// stderr and the command.
func run(ctx context.Context, env []string, path string, args ...string) (string, error) {
	var stdout, stderr head
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(append(os.Environ(), "LC_ALL=C"), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	isolate(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", fmt.Errorf("%s: %w", filepath.Base(path), ctx.Err())
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s\ncommand: %s", filepath.Base(path), err, stderr.String(), quote(cmd.Args))
	}
	return stdout.String(), nil
}

// head keeps the first maxDiagnostics bytes written to it.
type head struct {
	buf  bytes.Buffer
	more bool
}

func (h *head) Write(p []byte) (int, error) {
	keep := p[:min(len(p), maxDiagnostics-h.buf.Len())]
	h.buf.Write(keep)
	h.more = h.more || len(keep) < len(p)
	return len(p), nil
}

func (h *head) String() string {
	text := strings.TrimSpace(h.buf.String())
	if h.more {
		text += "\n[...]"
	}
	return text
}

// quote joins a command line so that a shell reads it back.
func quote(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		if arg == "" || strings.ContainsAny(arg, " \t\n'\"\\$`(){}[]<>|&;*?#~!") {
			words[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// replace calls write with the name of a file in a fresh folder beside out and
// then renames that file to out. The folder also serves the tools for their
// temporary files, so nothing stays behind.
func replace(out string, write func(tmp string) error) error {
	dir, err := os.MkdirTemp(filepath.Dir(out), ".toolchain-*")
	if err != nil {
		return fmt.Errorf("toolchain: %s: %w", out, err)
	}
	defer os.RemoveAll(dir)
	tmp := filepath.Join(dir, filepath.Base(out))
	if err := write(tmp); err != nil {
		return fmt.Errorf("toolchain: %w", err)
	}
	if err := os.Rename(tmp, out); err != nil {
		return fmt.Errorf("toolchain: %w", err)
	}
	return nil
}

// scratch returns the environment that sends a tool's temporary files to the
// folder of tmp.
func scratch(tmp string) []string {
	dir := filepath.Dir(tmp)
	return []string{"TMPDIR=" + dir, "TMP=" + dir, "TEMP=" + dir}
}
