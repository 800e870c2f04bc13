package lineedit

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// key is what a person typed.
type key int

const (
	none  key = iota // something without a meaning here
	chars            // text that was typed or pasted
	enter
	newline // in the message, which does not end
	left
	right
	up
	down
	home
	end
	wordLeft
	wordRight
	eraseLeft
	eraseRight
	eraseWordLeft
	eraseWordRight
	eraseToHome
	eraseToEnd
	clearScreen
	interrupt
	endOfInput // or eraseRight, if there is text
)

// controls are the keys below the space, and DEL.
var controls = map[byte]key{
	1: home, 2: left, 3: interrupt, 4: endOfInput, 5: end, 6: right, 8: eraseLeft, '\t': chars, '\n': enter,
	11: eraseToEnd, 12: clearScreen, '\r': enter, 14: down, 16: up, 21: eraseToHome, 23: eraseWordLeft, 127: eraseLeft,
}

// sequences are what follows ESC [ (CSI) or ESC O (SS3), of xterm, rxvt, tmux and
// the Linux console.
var sequences = map[string]key{
	"A": up, "B": down, "C": right, "D": left, "H": home, "F": end, "M": enter,
	"1~": home, "7~": home, "4~": end, "8~": end, "3~": eraseRight,
	"1;5C": wordRight, "1;3C": wordRight, "5C": wordRight, "c": wordRight,
	"1;5D": wordLeft, "1;3D": wordLeft, "5D": wordLeft, "d": wordLeft,
	"3;5~": eraseWordRight, "3;3~": eraseWordRight,
}

// alternates are the keys that follow ESC, as Alt sends it.
var alternates = map[byte]key{
	'\r': newline, '\n': newline, 'b': wordLeft, 'f': wordRight, 'd': eraseWordRight, 127: eraseWordLeft, 8: eraseWordLeft,
}

const (
	escape     = 0x1b
	pasteBegin = "200~"        // after CSI
	pasteEnd   = "\x1b[201~"   // whole
	maxWaiting = 64            // bytes of a sequence without an end
	pasteOn    = "\x1b[?2004h" // a terminal marks pasted text
	pasteOff   = "\x1b[?2004l"
)

// decoder cuts the bytes of a terminal into keys.
type decoder struct {
	bytes   []byte // not decoded yet
	pasting bool
}

// next returns the next key, with the text of chars. It returns false when the
// bytes are used up, or more are needed.
func (d *decoder) next() (k key, text string, ok bool) {
	switch b := d.bytes; {
	case len(b) == 0:
		return none, "", false
	case d.pasting:
		return d.pasted()
	case b[0] == escape:
		return d.sequence()
	case b[0] == '\t':
		return chars, string(d.take(1)), true
	case b[0] < ' ' || b[0] == 127:
		return controls[d.take(1)[0]], "", true
	}
	n := bytes.IndexFunc(d.bytes, func(r rune) bool { return r < ' ' || r == 127 })
	if n < 0 {
		n = complete(d.bytes)
	}
	return chars, string(d.take(n)), n > 0
}

// take removes the first n bytes and returns them.
func (d *decoder) take(n int) []byte {
	b := d.bytes[:n]
	d.bytes = d.bytes[n:]
	return b
}

// complete is the length of b without a rune at its end that has only begun.
func complete(b []byte) int {
	for n := len(b) - 1; n >= 0 && n >= len(b)-utf8.UTFMax; n-- {
		if utf8.RuneStart(b[n]) {
			if utf8.FullRune(b[n:]) {
				break
			}
			return n
		}
	}
	return len(b)
}

// pasted returns pasted text up to the mark of its end, or to what may be the
// beginning of that.
func (d *decoder) pasted() (key, string, bool) {
	n := bytes.Index(d.bytes, []byte(pasteEnd))
	if n >= 0 {
		text := string(d.take(n))
		d.take(len(pasteEnd))
		d.pasting = false
		return chars, lines(text), true
	}
	n = complete(d.bytes)
	for held := min(n, len(pasteEnd)-1); held > 0; held-- {
		if bytes.HasSuffix(d.bytes[:n], []byte(pasteEnd[:held])) {
			n -= held
			break
		}
	}
	if n == len(d.bytes) && n > 0 && d.bytes[n-1] == '\r' {
		n-- // a line feed may follow
	}
	return chars, lines(string(d.take(n))), n > 0
}

// lines has line feeds for the returns that terminals make of them.
func lines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// sequence decodes what begins with an escape. One that nothing follows is the
// Escape key.
func (d *decoder) sequence() (key, string, bool) {
	switch b := d.bytes; {
	case len(b) == 1 || b[1] == escape || b[1] >= utf8.RuneSelf:
		d.take(1)
		return none, "", true
	case b[1] == '[':
		return d.csi()
	case b[1] == 'O' && len(b) > 2:
		return sequences[string(d.take(3)[2:])], "", true
	case b[1] < ' ' && alternates[b[1]] == none:
		d.take(1) // Ctrl-C after Escape is Ctrl-C
		return none, "", true
	}
	return alternates[d.take(2)[1]], "", true
}

// csi decodes ESC [, parameters and a final byte.
func (d *decoder) csi() (key, string, bool) {
	n := 2
	for n < len(d.bytes) && d.bytes[n] >= ' ' && d.bytes[n] < '@' {
		n++
	}
	switch {
	case n > maxWaiting || n < len(d.bytes) && (d.bytes[n] < '@' || d.bytes[n] > '~'):
		d.take(n) // no such sequence: the rest stands for itself
		return none, "", true
	case n == len(d.bytes):
		return none, "", false
	}
	name := string(d.take(n + 1)[2:])
	d.pasting = name == pasteBegin
	return sequences[name], "", true
}
