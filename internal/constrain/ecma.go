package constrain

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Characters of \s in ECMA-262 and all others, as parts of a class.
const (
	spaceClass    = `\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}`
	notSpaceClass = `\x{0}-\x{8}\x{E}-\x{1F}!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF}`
	dotClass      = `[^\n\r\x{2028}\x{2029}]`
)

// translator rewrites a pattern of ECMA-262 to one of regexp/syntax.
type translator struct {
	rest  string
	out   strings.Builder
	class bool // inside [ ]
}

func ecma(source string) (string, error) {
	t := translator{rest: source}
	for t.rest != "" {
		if err := t.next(); err != nil {
			return "", fmt.Errorf("pattern %.80q: %w", source, err)
		}
	}
	return t.out.String(), nil
}

// next translates one character, escape or opening of a group.
func (t *translator) next() error {
	c, n := utf8.DecodeRuneInString(t.rest)
	switch {
	case c == '\\':
		return t.escape()
	case t.class && c == '[':
		t.out.WriteString(`\[`)
	case !t.class && c == '.':
		t.out.WriteString(dotClass)
	case !t.class && strings.HasPrefix(t.rest, "(?"):
		return t.group()
	default:
		if c == '[' || c == ']' {
			t.class = c == '['
		}
		t.out.WriteRune(c)
	}
	t.rest = t.rest[n:]
	return nil
}

func (t *translator) group() error {
	switch after := t.rest[2:]; {
	case strings.HasPrefix(after, "="), strings.HasPrefix(after, "!"):
		return fmt.Errorf("lookahead %s is not supported", t.rest[:3])
	case strings.HasPrefix(after, "<="), strings.HasPrefix(after, "<!"):
		return fmt.Errorf("lookbehind %s is not supported", t.rest[:4])
	case !strings.HasPrefix(after, ":") && !strings.HasPrefix(after, "<"):
		return fmt.Errorf("group %.3s is not supported", t.rest)
	}
	t.out.WriteString("(?")
	t.rest = t.rest[2:]
	return nil
}

// escape translates what begins with a backslash.
func (t *translator) escape() error {
	if len(t.rest) < 2 {
		return errors.New("it ends with a backslash")
	}
	c := t.rest[1]
	switch {
	case c == 's':
		t.put(2, spaceClass, true)
	case c == 'S':
		t.put(2, notSpaceClass, true)
	case c == 'b' && t.class:
		t.put(2, `\x{8}`, false)
	case c == 'u' || c == 'x' || c == 'c' || c == '0':
		return t.number(c)
	case strings.IndexByte("dDwWtnrfv", c) >= 0:
		t.put(2, t.rest[:2], false)
	case c == 'p' || c == 'P':
		t.put(2, t.rest[:2], false) // its name is checked by regexp/syntax
	case '1' <= c && c <= '9' || c == 'k':
		return fmt.Errorf(`back-reference \%c is not supported`, c)
	case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf:
		return fmt.Errorf(`\%c is not supported`, c)
	default:
		t.put(2, t.rest[:2], false)
	}
	return nil
}

// put replaces n bytes of the pattern by text; set says that it is part of a
// class.
func (t *translator) put(n int, text string, set bool) {
	if set && !t.class {
		text = "[" + text + "]"
	}
	t.out.WriteString(text)
	t.rest = t.rest[n:]
}

// number translates the escapes of a character by number.
func (t *translator) number(c byte) error {
	n, value, ok := numericEscape(t.rest, c)
	if !ok {
		return fmt.Errorf("escape %.6q is not complete", t.rest)
	}
	if low, value2, ok := numericEscape(t.rest[n:], 'u'); ok && 0xD800 <= value && value < 0xDC00 && 0xDC00 <= value2 && value2 < 0xE000 {
		value = 0x10000 + (value-0xD800)<<10 + value2 - 0xDC00
		n += low
	}
	t.put(n, fmt.Sprintf(`\x{%X}`, value), false)
	return nil
}

// numericEscape reads \uXXXX, \u{X}, \xXX, \cX or \0.
func numericEscape(s string, c byte) (n int, value int64, ok bool) {
	digits := ""
	switch {
	case len(s) < 2 || s[0] != '\\' || s[1] != c:
		return 0, 0, false
	case c == '0':
		return 2, 0, true
	case c == 'c' && len(s) > 2 && (s[2]|0x20 >= 'a' && s[2]|0x20 <= 'z'):
		return 3, int64(s[2] & 31), true
	case c == 'x' && len(s) >= 4:
		n, digits = 4, s[2:4]
	case strings.HasPrefix(s, `\u{`):
		end := strings.IndexByte(s, '}')
		n, digits = end+1, s[3:max(end, 3)]
	case c == 'u' && len(s) >= 6:
		n, digits = 6, s[2:6]
	}
	value, err := strconv.ParseInt(digits, 16, 32)
	return n, value, err == nil && value >= 0 && value <= utf8.MaxRune
}
