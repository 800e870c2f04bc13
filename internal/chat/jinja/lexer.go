package jinja

import "strings"

// lexer splits a template into tokens, as Jinja2's lexer does with trim_blocks
// and lstrip_blocks set.
type lexer struct {
	source    string
	pos       int
	lineStart bool     // the last tag ended a line
	open      []string // brackets to close
	tokens    []token
}

// normalize gives lines their "\n" and drops the last one, as Jinja2 does.
func normalize(source string) string {
	source = strings.ReplaceAll(source, "\r\n", "\n")
	source = strings.ReplaceAll(source, "\r", "\n")
	return strings.TrimSuffix(source, "\n")
}

func (l *lexer) rest() string { return l.source[l.pos:] }

// emit adds a token and moves on by n bytes.
func (l *lexer) emit(k kind, text string, n int) {
	l.tokens = append(l.tokens, token{k, text, l.pos})
	l.pos += n
}

// run reads the source up to its end, or to what is no token: it returns why,
// and the last token is a tokenFailure.
func (l *lexer) run() (why failure) {
	defer func() {
		if cause := recover(); cause != nil {
			f, ok := cause.(failure)
			if !ok {
				panic(cause)
			}
			why = f
			l.emit(tokenFailure, "", 0)
		}
	}()
	l.lineStart = true
	for l.pos < len(l.source) {
		n := nextTag(l.rest())
		if n < 0 {
			l.emit(tokenData, l.rest(), len(l.rest()))
			break
		}
		l.tag(n)
	}
	l.emit(tokenEOF, "", 0)
	return failure{}
}

// nextTag finds the next "{{", "{%" or "{#".
func nextTag(s string) int {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '{' && (s[i+1] == '{' || s[i+1] == '%' || s[i+1] == '#') {
			return i
		}
	}
	return -1
}

// tag reads n bytes of data and the tag after them.
func (l *lexer) tag(n int) {
	start := l.pos
	data, opening := l.rest()[:n], l.rest()[n:n+2]
	sign := signOf(l.rest()[n+2:])
	if data = l.stripLeft(data, sign, opening == "{{"); data != "" {
		l.emit(tokenData, data, 0)
	}
	l.pos = start + n
	if opening == "{%" && l.raw(sign) {
		return
	}
	switch opening {
	case "{#":
		l.comment(2 + len(sign))
	case "{%":
		l.emit(tokenBlockBegin, "", 2+len(sign))
		l.inside(tokenBlockEnd)
	default:
		l.emit(tokenVariableBegin, "", 2+len(sign))
		l.inside(tokenVariableEnd)
	}
}

// signOf is the "-" or "+" that a tag begins with.
func signOf(s string) string {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[:1]
	}
	return ""
}

// stripLeft takes white space from the end of the data before a tag: all of it
// with "-", that of an otherwise empty line before a statement without "+".
func (l *lexer) stripLeft(data, sign string, variable bool) string {
	if sign == "-" {
		return strings.TrimRightFunc(data, isSpace)
	}
	if sign == "+" || variable {
		return data
	}
	start := strings.LastIndexByte(data, '\n') + 1
	if (start > 0 || l.lineStart) && strings.TrimLeftFunc(data[start:], isSpace) == "" {
		return data[:start]
	}
	return data
}

// inside reads the tokens of a tag up to its end.
func (l *lexer) inside(end kind) {
	l.open = l.open[:0]
	for l.pos < len(l.source) {
		rest := l.rest()
		if n := len(rest) - len(strings.TrimLeftFunc(rest, isSpace)); n > 0 {
			l.pos += n
			continue
		}
		if len(l.open) == 0 {
			if n := endOf(rest, end); n > 0 {
				l.emit(end, "", n)
				l.lineStart = l.source[l.pos-1] == '\n'
				return
			}
		}
		l.expression()
	}
}

// endOf measures the end of a tag at the start of s, with the white space that
// it takes away; 0 if there is none.
func endOf(s string, end kind) int {
	if end == tokenVariableEnd {
		return ending(s, "}}", false, false)
	}
	return ending(s, "%}", true, true)
}

// ending measures an end of a tag: "-" and white space around it, a newline
// after it with trim, or "+" that keeps the newline if plus allows it.
func ending(s, mark string, trim, plus bool) int {
	switch {
	case strings.HasPrefix(s, "-"+mark):
		n := 1 + len(mark)
		return len(s) - len(strings.TrimLeftFunc(s[n:], isSpace))
	case plus && strings.HasPrefix(s, "+"+mark):
		return 1 + len(mark)
	case !strings.HasPrefix(s, mark):
		return 0
	case trim && strings.HasPrefix(s[len(mark):], "\n"):
		return len(mark) + 1
	}
	return len(mark)
}

// comment skips a comment whose opening has n bytes. As in Jinja2 one that the
// template ends right after its opening needs no end.
func (l *lexer) comment(n int) {
	rest := l.rest()
	if n == len(rest) {
		l.pos += n
		return
	}
	for i := n; i < len(rest); i++ {
		if end := ending(rest[i:], "#}", true, true); end > 0 {
			l.pos += i + end
			l.lineStart = l.source[l.pos-1] == '\n'
			return
		}
	}
	fail(SyntaxError, "Missing end of comment tag")
}

// raw reads a raw block, if one begins here.
func (l *lexer) raw(sign string) bool {
	begin := rawTag(l.rest(), len("{%")+len(sign), "raw", false)
	if begin == 0 {
		return false
	}
	l.pos += begin
	l.lineStart = l.source[l.pos-1] == '\n'
	rest := l.rest()
	if rest == "" {
		return true
	}
	for i := strings.Index(rest, "{%"); i >= 0 && i < len(rest); i++ {
		if !strings.HasPrefix(rest[i:], "{%") {
			continue
		}
		sign := signOf(rest[i+2:])
		end := rawTag(rest[i:], len("{%")+len(sign), "endraw", true)
		if end == 0 {
			continue
		}
		if data := l.stripLeft(rest[:i], sign, false); data != "" {
			l.emit(tokenData, data, 0)
		}
		l.pos += i + end
		l.lineStart = l.source[l.pos-1] == '\n'
		return true
	}
	fail(SyntaxError, "Missing end of raw directive")
	return false
}

// rawTag measures "{% name %}" at the start of s, whose opening has n bytes.
func rawTag(s string, n int, name string, trim bool) int {
	inner := strings.TrimLeftFunc(s[n:], isSpace)
	if !strings.HasPrefix(inner, name) {
		return 0
	}
	inner = strings.TrimLeftFunc(inner[len(name):], isSpace)
	end := ending(inner, "%}", trim, trim)
	if end == 0 {
		return 0
	}
	return len(s) - len(inner) + end
}
