package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// pipe reads messages that nobody types: each line is one, or the whole input.
type pipe struct {
	in    io.Reader
	whole bool
	lines *bufio.Reader // nil before the first message
}

// message implements [messages].
func (p *pipe) message() (string, error) {
	if p.lines == nil {
		p.lines = bufio.NewReader(p.in)
		if p.whole {
			text, err := io.ReadAll(p.lines)
			return string(text), err
		}
	}
	var text strings.Builder
	for {
		line, err := p.lines.ReadString('\n')
		if err != nil && (err != io.EOF || line == "" && text.Len() == 0) {
			return "", err
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		begun, goesOn := strings.CutSuffix(line, `\`)
		text.WriteString(begun)
		if !goesOn || err != nil {
			return text.String(), nil
		}
		text.WriteByte('\n')
	}
}

// editor reads messages from a terminal, with editing keys and history.
type editor struct {
	fd         int
	out        io.Writer
	keys       *keys
	line       *term.Terminal
	interrupts chan os.Signal
}

// newEditor takes over the interrupts of the process until close.
func newEditor(a *app) (*editor, error) {
	in, ok := a.in.(*os.File)
	if !ok {
		return nil, errors.New("standard input is no terminal")
	}
	ed := &editor{fd: int(in.Fd()), out: a.out, keys: newKeys(in), interrupts: make(chan os.Signal, 1)}
	signal.Notify(ed.interrupts, os.Interrupt, syscall.SIGTERM)
	signal.Notify(ed.keys.ends, syscall.SIGTERM)
	ed.line = ed.newLine()
	return ed, nil
}

func (ed *editor) close() {
	signal.Stop(ed.interrupts)
	signal.Stop(ed.keys.ends)
}

// newLine is a terminal with an empty line.
func (ed *editor) newLine() *term.Terminal {
	return term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{ed.keys, ed.out}, "")
}

// message implements [messages]. The terminal is raw while a message is typed.
func (ed *editor) message() (string, error) {
	state, err := term.MakeRaw(ed.fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(ed.fd, state)
	if width, height, err := term.GetSize(ed.fd); err == nil && width > 0 {
		_ = ed.line.SetSize(width, height) // the size is an aid
	}
	ed.line.SetBracketedPasteMode(true)
	defer ed.line.SetBracketedPasteMode(false)
	return ed.read()
}

// read reads lines until one does not go on.
func (ed *editor) read() (string, error) {
	var lines []string
	for {
		ed.line.SetPrompt(map[bool]string{true: ">>> ", false: "... "}[len(lines) == 0])
		line, err := ed.line.ReadLine()
		begun, goesOn := strings.CutSuffix(line, `\`)
		switch {
		case errors.Is(err, term.ErrPasteIndicator):
			lines = append(lines, line)
		case errors.Is(err, io.EOF) && ed.keys.interrupted():
			fmt.Fprint(ed.out, "\r\n")
			lines = nil
			ed.forgetLine()
		case err != nil:
			fmt.Fprint(ed.out, "\r\n")
			return "", err
		case goesOn:
			lines = append(lines, begun)
		default:
			return strings.Join(append(lines, line), "\n"), nil
		}
	}
}

// forgetLine drops what was typed, which the terminal has no method for.
func (ed *editor) forgetLine() {
	before := ed.line.History
	ed.line = ed.newLine()
	ed.line.History = before
}

// ctrlC is what Ctrl-C types on a raw terminal.
const ctrlC = 3

// keys reads a terminal so that a signal can end it. After Ctrl-C, interrupted
// is true once.
type keys struct {
	typed chan []byte // closed at the end
	rest  []byte
	ends  chan os.Signal // any of these is an end of the input
	ctrlC bool
}

func newKeys(in io.Reader) *keys {
	k := &keys{typed: make(chan []byte), ends: make(chan os.Signal, 1)}
	go func() {
		defer close(k.typed)
		for {
			buffer := make([]byte, 4096)
			n, err := in.Read(buffer)
			if n > 0 {
				k.typed <- buffer[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	return k
}

// Read implements [io.Reader].
func (k *keys) Read(p []byte) (int, error) {
	if len(k.rest) == 0 {
		select {
		case <-k.ends:
			return 0, io.EOF
		case b, ok := <-k.typed:
			if !ok {
				return 0, io.EOF
			}
			k.rest = b
		}
	}
	n := copy(p, k.rest)
	k.rest = k.rest[n:]
	if bytes.IndexByte(p[:n], ctrlC) >= 0 {
		k.ctrlC = true
	}
	return n, nil
}

func (k *keys) interrupted() bool {
	was := k.ctrlC
	k.ctrlC = false
	return was
}
