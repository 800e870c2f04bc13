// Package lineedit reads messages of one or more lines from a terminal, with the
// usual editing keys, history and pasting.
//
// It knows how many columns a character takes, which the line editor of
// golang.org/x/term does not: there the cursor is elsewhere after the first
// character of East Asia, a line ends after 4096 characters, and what follows the
// Escape key is lost.
package lineedit

import (
	"io"
	"strings"
)

// Terminal is where messages are typed. It must be raw: it shows what is written
// and nothing else.
type Terminal interface {
	io.Writer
	// Next waits for bytes that were typed. It returns none if the size of the
	// terminal may have changed, and io.EOF when nothing will be typed any more.
	Next() ([]byte, error)
	// Size is that of the terminal now.
	Size() (columns, rows int)
}

// Editor reads one message after another.
type Editor struct {
	terminal Terminal
	keys     decoder
	text     text
	screen   screen
	history  []string // messages, the oldest first
	recalled int      // the message of history that is shown, or len(history)
	draft    string   // what was typed before one of history was shown
}

// New returns an editor with an empty history.
func New(t Terminal) *Editor { return &Editor{terminal: t} }

// Read returns the next message. Ctrl-C drops what was typed; Ctrl-D on an empty
// message is io.EOF. A backslash at the end goes on in the next line.
func (e *Editor) Read() (string, error) {
	e.begin()
	e.write(func(out *strings.Builder) { out.WriteString(pasteOn) })
	defer e.write(func(out *strings.Builder) { out.WriteString(pasteOff) })
	for {
		for {
			k, typed, ok := e.keys.next()
			if !ok {
				break
			}
			if done, err := e.press(k, typed); done {
				return e.finish(), err
			}
		}
		if !e.keys.pasting { // what comes in many pieces is shown once
			e.draw()
		}
		typed, err := e.terminal.Next()
		if err != nil {
			e.finish()
			return "", err
		}
		e.keys.bytes = append(e.keys.bytes, typed...)
	}
}

// begin forgets the last message.
func (e *Editor) begin() {
	e.text, e.screen = text{}, screen{}
	e.recalled, e.draft = len(e.history), ""
}

// write lets f compose what the terminal shows next. That it shows nothing any
// more, the next read says.
func (e *Editor) write(f func(*strings.Builder)) {
	var out strings.Builder
	f(&out)
	_, _ = io.WriteString(e.terminal, out.String())
}

func (e *Editor) draw() {
	columns, rows := e.size()
	e.write(func(out *strings.Builder) { e.screen.draw(out, &e.text, columns, rows) })
}

// size is that of the terminal, or what is usual if it does not know it.
func (e *Editor) size() (columns, rows int) {
	columns, rows = e.terminal.Size()
	if columns <= 0 || rows <= 0 {
		return 80, 24
	}
	return columns, rows
}

// leave ends what is shown.
func (e *Editor) leave() {
	columns, _ := e.size()
	e.write(func(out *strings.Builder) { e.screen.leave(out, &e.text, columns) })
}

// finish ends what is shown, and returns the message.
func (e *Editor) finish() string {
	e.leave()
	s := e.text.s
	if s != "" && (len(e.history) == 0 || e.history[len(e.history)-1] != s) {
		e.history = append(e.history, s)
	}
	return s
}

// press does what a key means. It says whether the message, or with io.EOF the
// input, has ended.
func (e *Editor) press(k key, typed string) (done bool, err error) {
	t := &e.text
	switch k {
	case chars:
		t.insert(typed)
	case newline:
		t.insert("\n")
	case enter:
		return !e.goesOn(), nil
	case endOfInput:
		if t.s == "" {
			return true, io.EOF
		}
		t.erase(t.right())
	case interrupt: // what was typed stays on the screen
		e.leave()
		e.begin()
	case clearScreen:
		e.write(func(out *strings.Builder) { out.WriteString("\x1b[H\x1b[2J") })
		e.screen = screen{}
	default:
		e.move(k)
	}
	return false, nil
}

// move does what a key means that moves the cursor or erases.
func (e *Editor) move(k key) {
	t := &e.text
	switch k {
	case left:
		t.at = t.left()
	case right:
		t.at = t.right()
	case home:
		t.at = t.home()
	case end:
		t.at = t.end()
	case wordLeft:
		t.at = t.wordLeft()
	case wordRight:
		t.at = t.wordRight()
	case up:
		e.vertical(-1)
	case down:
		e.vertical(1)
	case eraseLeft:
		t.erase(t.left())
	case eraseRight:
		t.erase(t.right())
	case eraseWordLeft:
		t.erase(t.wordLeft())
	case eraseWordRight:
		t.erase(t.wordRight())
	case eraseToHome:
		t.erase(t.home())
	case eraseToEnd:
		t.erase(t.end())
	}
}

// goesOn makes a line feed of a backslash at the end.
func (e *Editor) goesOn() bool {
	before, ok := strings.CutSuffix(e.text.s, `\`)
	if ok {
		e.text.s, e.text.at = before, len(before)
		e.text.insert("\n")
	}
	return ok
}

// vertical moves the cursor by a line, or from the first and last one through the
// history.
func (e *Editor) vertical(by int) {
	if e.text.vertical(by) {
		return
	}
	to := e.recalled + by
	if to < 0 || to > len(e.history) {
		return
	}
	if e.recalled == len(e.history) {
		e.draft = e.text.s
	}
	e.recalled = to
	s := e.draft
	if to < len(e.history) {
		s = e.history[to]
	}
	e.text = text{s, len(s)}
}
