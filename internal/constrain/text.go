package constrain

// textSpec is a set of strings: those that an automaton accepts, and that have
// least to most characters. Bounds stand apart from the automaton, so that they
// may be large: least where any text will do, most where from each state an end
// of the fewest bytes has the fewest characters too.
type textSpec struct {
	dfa         *dfa
	anything    bool    // the automaton accepts every string
	chars       []int64 // fewest characters from each state, where most >= 0
	least, most int64   // most < 0 is unbounded
}

// mergeTexts sets the strings that all of a set accept.
func (c *compiler) mergeTexts(a *alternative, set []*schema) error {
	t := texts{most: -1}
	for _, s := range set {
		t.parts = append(t.parts, s.text.parts...)
		t.least = max(t.least, s.text.least)
		t.most = least(t.most, s.text.most)
	}
	spec, err := c.textSpec(t)
	if err != nil {
		return within(set, err)
	}
	a.text = spec
	if spec.cost(0, 0) >= infinite {
		a.kinds &^= kindString
	}
	return nil
}

// least returns the smaller of two upper bounds, where < 0 is none.
func least(a, b int64) int64 {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

// bounded reports whether the number of characters has bounds of its own.
func (t *textSpec) bounded() bool { return t.least > 0 || t.most >= 0 }

func (c *compiler) textSpec(t texts) (*textSpec, error) {
	if len(t.parts) == 0 {
		return &textSpec{dfa: c.any, anything: true, chars: []int64{0}, least: t.least, most: t.most}, nil
	}
	d, err := intersect(t.parts, &c.budget)
	if err == nil && t.least > 0 {
		d, err = d.ofLength(t.least, -1, &c.budget)
	}
	if err != nil || t.most < 0 {
		return &textSpec{dfa: d, most: -1}, err
	}
	if chars, ok := d.shortest(); ok {
		return &textSpec{dfa: d, chars: chars, most: t.most}, nil
	}
	d, err = d.ofLength(0, t.most, &c.budget)
	return &textSpec{dfa: d, most: -1}, err
}

// counted returns how a number of characters is kept in a state.
func (t *textSpec) counted(n int64) int64 {
	if t.most < 0 {
		return min(n, t.least)
	}
	return n
}

// cost returns the fewest bytes that complete a string in state q of n
// characters, without its quote.
func (t *textSpec) cost(q int32, n int64) int64 {
	missing := max(0, t.least-n)
	if t.most >= 0 && n+missing+t.chars[q] > t.most {
		return infinite
	}
	return add(t.dfa.cost[q], missing)
}

// character is a character of a JSON string that has begun.
type character struct {
	form  form
	left  int8 // bytes or digits that are still to come
	value rune // of what has come
	high  rune // the high surrogate before this escape, or 0
}

// form is how a character is written.
type form uint8

const (
	between form = iota // no character has begun
	utf8Two             // UTF-8 of two bytes
	utf8Three
	utf8Four
	escaped   // after a backslash
	hex       // in the digits of \u
	lowEscape // a backslash must come, then u and a low surrogate
	lowU
)

// next returns what b makes of ch. It is complete when its form is between
// again; then value is the character.
func (ch character) next(b byte) (character, bool) {
	switch ch.form {
	case between:
		return begin(b)
	case utf8Two, utf8Three, utf8Four:
		if b&0xC0 != 0x80 {
			return ch, false
		}
		ch.value = ch.value<<6 | rune(b&0x3F)
		return ch.count(), true
	case escaped:
		return ch.escape(b)
	case lowEscape:
		return character{form: lowU, high: ch.high}, b == '\\'
	case lowU:
		return character{form: hex, left: 4, high: ch.high}, b == 'u'
	}
	return ch.digit(b)
}

func begin(b byte) (character, bool) {
	switch {
	case b == '\\':
		return character{form: escaped}, true
	case b < ' ' || b == '"':
		return character{}, false
	case b < 0x80:
		return character{value: rune(b)}, true
	case b >= 0xC2 && b < 0xE0:
		return character{form: utf8Two, left: 1, value: rune(b & 0x1F)}, true
	case b >= 0xE0 && b < 0xF0:
		return character{form: utf8Three, left: 2, value: rune(b & 0x0F)}, true
	case b >= 0xF0 && b < 0xF5:
		return character{form: utf8Four, left: 3, value: rune(b & 0x07)}, true
	}
	return character{}, false
}

// count ends a character whose last byte has come.
func (ch character) count() character {
	if ch.left--; ch.left > 0 {
		return ch
	}
	if ch.high != 0 {
		ch.value = 0x10000 + (ch.high-0xD800)<<10 + ch.value - 0xDC00
	}
	return character{value: ch.value}
}

// short are the escapes of one letter and what they stand for.
var short = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (ch character) escape(b byte) (character, bool) {
	if b == 'u' {
		return character{form: hex, left: 4}, true
	}
	return character{value: rune(short[b])}, short[b] != 0
}

func (ch character) digit(b byte) (character, bool) {
	switch {
	case '0' <= b && b <= '9':
		b -= '0'
	case 'a' <= b|0x20 && b|0x20 <= 'f':
		b = b | 0x20 - 'a' + 10
	default:
		return ch, false
	}
	ch.value = ch.value<<4 | rune(b)
	if ch.left == 1 && ch.high == 0 && isHigh(ch.value) {
		return character{form: lowEscape, high: ch.value}, true
	}
	return ch.count(), true
}

func isHigh(c rune) bool { return 0xD800 <= c && c < 0xDC00 }

// span is the characters lo to hi.
type span struct {
	lo, hi rune
	bytes  int64 // that complete one of them
}

// escapes are the characters that can follow a backslash, with the fewest bytes.
var escapes = func() []span {
	all := []span{{0, 0xFFFF, 5}, {0x10000, 0x10FFFF, 11}}
	for _, c := range short {
		if c != 0 {
			all = append(all, span{rune(c), rune(c), 1})
		}
	}
	return all
}()

// spans returns the characters that ch can become.
func (ch character) spans() []span {
	switch ch.form {
	case utf8Two, utf8Three, utf8Four:
		least := [...]rune{utf8Two: 0x80, utf8Three: 0x800, utf8Four: 0x10000}[ch.form]
		shift := 6 * ch.left
		return []span{{max(ch.value<<shift, least), (ch.value+1)<<shift - 1, int64(ch.left)}}
	case escaped:
		return escapes
	case lowEscape:
		return []span{pairs(ch.high, ch.high, 6)}
	case lowU:
		return []span{pairs(ch.high, ch.high, 5)}
	}
	return ch.hexSpans()
}

func pairs(first, last rune, bytes int64) span {
	return span{0x10000 + (first-0xD800)<<10, 0x10000 + (last-0xD800)<<10 + 0x3FF, bytes}
}

func (ch character) hexSpans() []span {
	shift, left := 4*ch.left, int64(ch.left)
	lo, hi := ch.value<<shift, (ch.value+1)<<shift-1
	if ch.high != 0 {
		base := 0x10000 + (ch.high-0xD800)<<10 - 0xDC00
		return []span{{base + max(lo, 0xDC00), base + min(hi, 0xDFFF), left}}
	}
	first, last := max(lo, 0xD800), min(hi, 0xDBFF)
	if first > last {
		return []span{{lo, hi, left}}
	}
	return []span{{lo, hi, left}, pairs(first, last, left+6)}
}

// through returns the least cost of completing ch in state q of d, where after
// is the cost of the state that follows.
func (d *dfa) through(q int32, ch character, after func(int32) int64) int64 {
	if ch.form == between {
		return after(q)
	}
	least := infinite
	for _, s := range ch.spans() {
		if s.lo > s.hi {
			continue
		}
		for _, e := range d.edges[q] {
			if e.lo <= s.hi && s.lo <= e.hi {
				least = min(least, add(s.bytes, after(e.to)))
			}
		}
	}
	return least
}
