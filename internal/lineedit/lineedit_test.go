package lineedit

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/width"
)

// console is a terminal that types what it is given, and shows what is written
// as a terminal of that size does. Its widths are those of golang.org/x/text.
type console struct {
	typed         []string // one for each Next
	columns, rows int
	cells         [][]string // "" behind a wide character
	x, y          int        // x may be columns: the next character goes to the next row
	resize        func(*console)
	last          string // what was shown when all had been typed
}

func newConsole(columns, rows int, typed ...string) *console {
	return &console{typed: typed, columns: columns, rows: rows, cells: make([][]string, 1), resize: func(*console) {}}
}

func (c *console) Size() (columns, rows int) { return c.columns, c.rows }

// Next types the next text. "" is a change of the size.
func (c *console) Next() ([]byte, error) {
	if len(c.typed) == 0 {
		c.last = cmp.Or(c.last, c.String())
		return nil, io.EOF
	}
	next := c.typed[0]
	if next == "\r" {
		c.last = c.String()
	}
	c.typed = c.typed[1:]
	if next == "" {
		c.resize(c)
	}
	return []byte(next), nil
}

// Write knows what this package writes, and nothing else.
func (c *console) Write(b []byte) (int, error) {
	for s := string(b); s != ""; {
		if sequence, ok := strings.CutPrefix(s, "\x1b["); ok {
			sequence = strings.TrimPrefix(sequence, "?")
			n := strings.IndexFunc(sequence, unicode.IsLetter)
			c.control(sequence[:n], sequence[n])
			s = sequence[n+1:]
			continue
		}
		r, _ := utf8.DecodeRuneInString(s)
		c.put(r)
		s = s[len(string(r)):]
	}
	return len(b), nil
}

func (c *console) control(parameters string, final byte) {
	c.x = min(c.x, c.columns-1) // behind a full row, the cursor is on its last character
	n := 0
	for _, digit := range parameters {
		n = 10*n + int(digit-'0')
	}
	switch final {
	case 'A':
		c.y = max(c.y-n, len(c.cells)-c.rows, 0)
		c.x = min(c.x, c.columns-1)
	case 'C':
		c.x = min(c.x+n, c.columns-1)
	case 'K':
		c.cells[c.y] = c.cells[c.y][:min(c.x, len(c.cells[c.y]))]
	case 'J':
		if n == 2 {
			c.cells = make([][]string, c.y+1)
		}
		c.cells = c.cells[:c.y+1]
		c.cells[c.y] = c.cells[c.y][:min(c.x, len(c.cells[c.y]))]
	case 'H':
		c.x, c.y = 0, max(len(c.cells)-c.rows, 0)
	}
}

func (c *console) put(r rune) {
	switch r {
	case '\r':
		c.x = 0
		return
	case '\n':
		c.feed()
		return
	}
	columns := 1
	switch k := width.LookupRune(r).Kind(); {
	case unicode.Is(unicode.Mn, r):
		c.cells[c.y][c.x-1] += string(r)
		return
	case k == width.EastAsianWide || k == width.EastAsianFullwidth:
		columns = 2
	}
	if c.x+columns > c.columns {
		c.x = 0
		c.feed()
	}
	line := c.cells[c.y]
	for len(line) < c.x+columns {
		line = append(line, " ")
	}
	line[c.x] = string(r)
	if columns == 2 {
		line[c.x+1] = ""
	}
	c.cells[c.y], c.x = line, c.x+columns
}

func (c *console) feed() {
	if c.y++; c.y == len(c.cells) {
		c.cells = append(c.cells, nil)
	}
}

// String is all that was shown, with | at the cursor.
func (c *console) String() string {
	var lines []string
	for y, line := range c.cells {
		text := ""
		for x, cell := range line {
			if x == c.x && y == c.y {
				text += "|"
			}
			text += cell
		}
		if y == c.y && c.x >= len(line) {
			text += "|"
		}
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}

func TestKeys(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"hello\r", "hello"},
		{"hello\n", "hello"},
		{"helo\x1b[Dl\r", "hello"},
		{"ello\x1b[Hh\x1b[F!\r", "hello!"},
		{"ello\x1b[1~h\x1b[4~!\r", "hello!"}, // tmux
		{"ello\x1bOHh\x1bOF!\r", "hello!"},   // application mode
		{"ello\x01h\x05!\r", "hello!"},
		{"hxello\x1b[1~\x1b[C\x1b[3~\r", "hello"},
		{"hello world\x17there\r", "hello there"},
		{"hello world\x1b[1;5D\x1b[1;5Dwell, \r", "well, hello world"},
		{"hello world\x01\x1bf,\r", "hello, world"},
		{"hello world\x01\x1b[1;5C\x0b\r", "hello"},
		{"hello world\x1bb\x15\r", "world"},
		{"hello world\x01\x1bd\r", " world"},
		{"hello\x1bOP\x1b[15~\x1b[1;2P\r", "hello"}, // function keys
		{"\x1bпривет\r", "привет"},                  // Escape loses nothing
		{"gone\x1b\x03there\r", "there"},
		{"x\x1b[\x03there\r", "there"},
		{"漢字\x7f\r", "漢"},
		{"e\u0301\x7fx\r", "x"},
		{"👨‍👩‍👧x\x1b[D\x7f\r", "x"},
		{"ab\x04\x01\x04\r", "b"},
		{"one\\\rtwo\r", "one\ntwo"},
		{"one\x1b\rtwo\r", "one\ntwo"},
		{"one\\\rtwo\x1b[A!\r", "one!\ntwo"},
		{"one\\\rtwo\x1b[A\x1b[B!\r", "one\ntwo!"},
		{"\x1b[200~one\rtwo\r\nthree\nfour\x1b[201~\r", "one\ntwo\nthree\nfour"},
		{"\x1b[200~\tif x:\r\t\ty\x03\x1b[A\x1b[201~\r", "\tif x:\n\t\ty[A"}, // keys that are pasted are no keys
		{"a\xffb\r", "a\uFFFDb"},
		{strings.Repeat("x", 10000) + "\r", strings.Repeat("x", 10000)},
		{"\x1b" + strings.Repeat("漢", 300) + "\r", strings.Repeat("漢", 300)},
		{"\x1b[" + strings.Repeat("1;", 300) + "\x03x\r", "x"},
	} {
		got, err := New(newConsole(80, 24, c.typed)).Read()
		require.NoError(t, err, "%q", c.typed)
		require.Equal(t, c.want, got, "%q", c.typed)
		if strings.Contains(c.typed, "\x1b") || len(c.typed) > 1000 {
			continue // an escape that comes alone is the Escape key
		}
		got, err = New(newConsole(80, 24, strings.SplitAfter(c.typed, "")...)).Read()
		require.NoError(t, err, "%q", c.typed)
		require.Equal(t, c.want, got, "%q in single characters", c.typed)
	}
}

func TestPasteInPieces(t *testing.T) {
	const typed = "\x1b[200~one\r\ntwo\rü\x1b[\x1b[201~!\r"
	for cut := 6; cut < len(typed); cut++ {
		got, err := New(newConsole(80, 24, typed[:cut], typed[cut:])).Read()
		require.NoError(t, err)
		require.Equal(t, "one\ntwo\nü[!", got, "cut at %d", cut)
	}
}

// TestPasteIsShownOnce: a long text, which comes in many pieces, is laid out once
// for all of them.
func TestPasteIsShownOnce(t *testing.T) {
	typed := slices.Concat([]string{"\x1b[200~"}, slices.Repeat([]string{"some words\r"}, 1000), []string{"\x1b[201~", "!", "\r"})
	c := &counted{console: newConsole(80, 24, typed...)}
	got, err := New(c).Read()
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("some words\n", 1000)+"!", got)
	require.Equal(t, 6, c.writes, "pasteOn, the prompt, the text, the text with its mark, the message, pasteOff")
}

// counted is a console that counts what is written.
type counted struct {
	*console
	writes int
}

func (c *counted) Write(b []byte) (int, error) {
	c.writes++
	return c.console.Write(b)
}

func TestEnd(t *testing.T) {
	_, err := New(newConsole(80, 24, "\x04")).Read()
	require.Equal(t, io.EOF, err)
	_, err = New(newConsole(80, 24, "ab")).Read()
	require.Equal(t, io.EOF, err)
}

func TestHistory(t *testing.T) {
	const up, down = "\x1b[A", "\x1b[B"
	e := New(newConsole(80, 24, "one\rtwo\\\rlines\r"+"draft"+up+up+up+up+"!\r"+"draft"+up+down+".\r"+up+up+up+"?\r"))
	for _, want := range []string{"one", "two\nlines", "one!", "draft.", "two\nlines?"} {
		got, err := e.Read()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestPicture(t *testing.T) {
	for _, c := range []struct {
		columns, rows int
		typed, want   string
	}{
		{20, 9, "", ">>> |"},
		{20, 9, "hello", ">>> hello|"},
		{20, 9, "漢字 x\x1b[D\x1b[D\x1b[D", ">>> 漢|字 x"},
		{10, 9, "abcdef", ">>> abcdef\n|"},
		{10, 9, "abcdef\x1b[D", ">>> abcde|f"},
		{10, 9, "abcdefgh", ">>> abcdef\ngh|"},
		{10, 9, "abcde漢", ">>> abcde\n漢|"}, // does not fit the last column
		{10, 9, "abcde漢\x1b[D", ">>> abcde\n|漢"},
		{10, 9, "abcdefgh\x01", ">>> |abcdef\ngh"},
		{10, 9, "ab\\\rcd\x1b[A", ">>> ab|\n... cd"},
		{10, 9, "a\tb", ">>> a    b\n|"},
		{10, 9, "e\u0301e\u0301\x1b[D", ">>> e\u0301|e\u0301"},
		{10, 9, "abcdefghijk\x17x", ">>> x|"},
		{10, 9, "abcdef\x01\x04", ">>> |bcdef"},
		{10, 9, "abcdefg\x01\x04", ">>> |bcdefg"},
		{10, 9, "a\\\rbcdefg\x1b[A\x1b[D", ">>> |a\n... bcdefg"},
		{10, 9, "gone\x03new", ">>> gone\n>>> new|"},
		{10, 9, "gone\x0cnew", ">>> gonene\nw|"},
		{10, 3, "a\\\rb\\\rc\\\rd", "... b\n... c\n... d|"},
		{10, 3, "a\\\rb\\\rc\\\rd\x1b[A\x1b[A\x1b[A", ">>> a|\n... b\n... c"},
		{10, 3, "a\\\rb\\\rc\\\rd\x1b[A\x1b[A\x1b[Ax\x1b[B\x1b[B\x1b[B!", "... b\n... c\n... d!|"},
	} {
		console := newConsole(c.columns, c.rows, pieces(c.typed)...)
		_, err := New(console).Read()
		require.Equal(t, io.EOF, err)
		require.Equal(t, c.want, console.last, "%q", c.typed)
	}
}

// pieces cuts what is typed before each escape, and so do people.
func pieces(typed string) []string {
	return strings.Split(strings.ReplaceAll(typed, "\x1b", "\x00\x1b"), "\x00")
}

// TestResize: a terminal breaks rows that have become too long, as tmux does.
func TestResize(t *testing.T) {
	screen := newConsole(20, 9, "one two three four five", "", "!", "\r")
	screen.resize = func(c *console) {
		var cells [][]string
		for y, line := range c.cells {
			for len(line) > 10 {
				cells, line = append(cells, line[:10]), line[10:]
			}
			cells = append(cells, line)
			if y == c.y {
				c.y = len(cells) - 1
			}
		}
		c.columns, c.cells = 10, cells
	}
	e := New(screen)
	got, err := e.Read()
	require.NoError(t, err)
	require.Equal(t, "one two three four five!", got)
	require.Equal(t, ">>> one tw\no three fo\nur five!|", screen.last)
	require.Equal(t, ">>> one tw\no three fo\nur five!\n|", screen.String())
}

// FuzzEditor: no bytes stop the editor or put control characters into a message.
func FuzzEditor(f *testing.F) {
	f.Add("hello\x1b[D\x7f漢\t\x17\\\rx\x1b[A\x01\x0b", uint8(12), uint8(3))
	f.Add("\x1b[200~a\rb\x1b[201~\x1b[1;5D\x1bf\x1bd", uint8(3), uint8(1))
	f.Fuzz(func(t *testing.T, typed string, columns, rows uint8) {
		c := newConsole(int(columns)+1, int(rows)+1, pieces(typed)...)
		e := New(c)
		for {
			text, err := e.Read()
			require.True(t, utf8.ValidString(text))
			if err != nil {
				return
			}
			require.Negative(t, strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }))
		}
	})
}
