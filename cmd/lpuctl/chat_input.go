package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/lpuctl/lpuctl/internal/lineedit"
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
	*lineedit.Editor
	fd         int
	keys       *keys
	interrupts chan os.Signal
}

// newEditor takes over the interrupts of the process until close.
func newEditor(a *app) (*editor, error) {
	in, ok := a.in.(*os.File)
	if !ok {
		return nil, errors.New("standard input is no terminal")
	}
	ed := &editor{fd: int(in.Fd()), keys: newKeys(in, a.out), interrupts: make(chan os.Signal, 1)}
	ed.Editor = lineedit.New(ed.keys)
	signal.Notify(ed.interrupts, os.Interrupt, syscall.SIGTERM)
	signal.Notify(ed.keys.ends, syscall.SIGTERM)
	notifyResized(ed.keys.resized)
	return ed, nil
}

func (ed *editor) close() {
	signal.Stop(ed.interrupts)
	signal.Stop(ed.keys.ends)
	signal.Stop(ed.keys.resized)
}

// message implements [messages]. The terminal is raw while a message is typed.
func (ed *editor) message() (string, error) {
	state, err := term.MakeRaw(ed.fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(ed.fd, state)
	return ed.Read()
}

// keys is a terminal as [lineedit.Terminal], so that a signal can end it.
type keys struct {
	io.Writer
	fd      int
	typed   chan []byte    // closed at the end
	ends    chan os.Signal // any of these is an end of the input
	resized chan os.Signal
}

func newKeys(in *os.File, out io.Writer) *keys {
	k := &keys{Writer: out, fd: int(in.Fd()), typed: make(chan []byte), ends: make(chan os.Signal, 1), resized: make(chan os.Signal, 1)}
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

// Next implements [lineedit.Terminal].
func (k *keys) Next() ([]byte, error) {
	select {
	case <-k.ends:
		return nil, io.EOF
	case <-k.resized:
		return nil, nil
	case b, ok := <-k.typed:
		if !ok {
			return nil, io.EOF
		}
		return b, nil
	}
}

// Size implements [lineedit.Terminal].
func (k *keys) Size() (columns, rows int) {
	columns, rows, err := term.GetSize(k.fd)
	if err != nil {
		return 0, 0
	}
	return columns, rows
}
