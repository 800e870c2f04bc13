package lineedit

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"
)

// What stands before the first line of a message and the others, and what a tab
// is shown as.
const firstPrompt, nextPrompt, tab = ">>> ", "... ", "    "

// row is what a row of the screen shows.
type row struct {
	text  string
	width int // columns: two for characters of East Asia and emoji, as uniseg has it
}

// picture is a message in rows, with the place of the cursor.
type picture struct {
	rows []row
	x, y int
}

// arrange breaks a message into rows of at most that many columns.
func arrange(t *text, columns int) *picture {
	columns = max(columns, len(firstPrompt)+2)
	p, prompt, at := &picture{}, firstPrompt, t.at
	for line := range strings.SplitSeq(t.s, "\n") {
		p.rows = append(p.rows, row{prompt, len(prompt)})
		p.line(line, at, columns)
		at -= len(line) + 1
		prompt = nextPrompt
	}
	return p
}

// line adds a line to the last row, and to more if it needs them. The cursor is
// before its byte at; less than 0 or more than the line has is elsewhere.
func (p *picture) line(line string, at, columns int) {
	for state := -1; line != ""; {
		var char string
		var width int
		char, line, width, state = uniseg.FirstGraphemeClusterInString(line, state)
		used := len(char)
		if char == "\t" {
			char, width = tab, len(tab)
		}
		if p.last().width+width > columns {
			p.rows = append(p.rows, row{})
		}
		if at >= 0 && at < used {
			p.cursor()
		}
		p.last().text += char
		p.last().width += width
		at -= used
	}
	if at != 0 {
		return
	}
	if p.last().width == columns {
		p.rows = append(p.rows, row{})
	}
	p.cursor()
}

func (p *picture) last() *row { return &p.rows[len(p.rows)-1] }

// cursor puts the cursor behind what there is.
func (p *picture) cursor() { p.x, p.y = p.last().width, len(p.rows)-1 }

// screen is what a terminal shows of a message: as many rows as it has, around
// the cursor.
type screen struct {
	shown *picture // rows on the screen only
	top   int      // rows of the message above them
}

// above is how many rows of a terminal stand between the first row that is shown
// and that of the cursor. A terminal that was made narrower has broken them.
func (s *screen) above(columns int) int {
	if s.shown == nil {
		return 0
	}
	n := s.shown.x / columns
	for _, r := range s.shown.rows[:s.shown.y] {
		n += max(1, (r.width+columns-1)/columns)
	}
	return n
}

// Sequences that clear from the cursor on.
const clearRow, clearRest = "\x1b[K", "\x1b[J"

// rewind moves to the first row that is shown.
func (s *screen) rewind(out *strings.Builder, columns int) {
	if n := s.above(columns); n > 0 {
		fmt.Fprintf(out, "\x1b[%dA", n)
	}
	out.WriteByte('\r')
}

// draw shows a message in place of what was shown.
func (s *screen) draw(out *strings.Builder, t *text, columns, rows int) {
	s.rewind(out, columns)
	p := arrange(t, columns)
	rows = max(rows, 1)
	s.top = min(s.top, p.y, max(0, len(p.rows)-rows))
	s.top = max(s.top, p.y-rows+1)
	p.rows = p.rows[s.top:min(len(p.rows), s.top+rows)]
	p.y -= s.top
	s.shown = p
	p.write(out, columns)
	if n := len(p.rows) - 1 - p.y; n > 0 {
		fmt.Fprintf(out, "\x1b[%dA", n)
	}
	if p.y == len(p.rows)-1 && p.x == p.last().width {
		return
	}
	out.WriteByte('\r')
	if p.x > 0 {
		fmt.Fprintf(out, "\x1b[%dC", p.x)
	}
}

// write shows the rows and clears what is behind and below them. Not before the
// first: tmux keeps a copy of a screen that is cleared from its first place. And
// not behind a full row, where it would take the last character.
func (p *picture) write(out *strings.Builder, columns int) {
	for i, r := range p.rows {
		last, full := i == len(p.rows)-1, r.width >= columns
		switch {
		case last && full:
			out.WriteString(clearRest + r.text)
		case last:
			out.WriteString(r.text + clearRest)
		case full:
			out.WriteString(r.text + "\r\n")
		default:
			out.WriteString(r.text + clearRow + "\r\n")
		}
	}
}

// leave shows a message for good, as lines that the terminal breaks, and ends it.
func (s *screen) leave(out *strings.Builder, t *text, columns int) {
	s.rewind(out, columns)
	out.WriteString(clearRest)
	lines := strings.ReplaceAll(t.s, "\n", "\r\n"+nextPrompt)
	out.WriteString(firstPrompt + strings.ReplaceAll(lines, "\t", tab) + "\r\n")
	*s = screen{}
}
