package constrain

import (
	"encoding/binary"
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Characters of \s in ECMA-262 and all others, as parts of a class.
const (
	spaceClass    = `\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}`
	notSpaceClass = `\x{0}-\x{8}\x{E}-\x{1F}!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF}`
	dotClass      = `[^\n\r\x{2028}\x{2029}]`
)

// pattern compiles a regular expression in the syntax of ECMA-262 to the
// automaton of the strings in which it matches somewhere.
func pattern(source string, b *budget) (*dfa, error) {
	translated, err := ecma(source)
	if err != nil {
		return nil, err
	}
	re, err := syntax.Parse(translated, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("pattern %.80q: %w", source, err)
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil, fmt.Errorf("pattern %.80q: %w", source, err)
	}
	d, err := determinize(prog, b)
	if err != nil {
		return nil, fmt.Errorf("pattern %.80q: %w", source, err)
	}
	return d, nil
}

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
		return fmt.Errorf("it ends with a backslash")
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

// subsets determinizes a program: a state is a set of its instructions.
type subsets struct {
	prog  *syntax.Prog
	dfa   *dfa
	sets  [][]uint32
	known map[string]int32
}

// determinize builds the automaton of the strings in which prog matches
// somewhere. A state that has matched accepts all that follows.
func determinize(prog *syntax.Prog, b *budget) (*dfa, error) {
	if err := refuseAssertions(prog); err != nil {
		return nil, err
	}
	s := &subsets{prog: prog, dfa: &dfa{}, known: map[string]int32{}}
	s.dfa.add() // the first state alone has the assertion ^ behind it: never found again
	s.sets = append(s.sets, s.closure([]uint32{uint32(prog.Start)}, syntax.EmptyBeginText))
	for q := 0; q < len(s.sets); q++ {
		if err := s.expand(int32(q), b); err != nil {
			return nil, err
		}
	}
	s.dfa.finish()
	return s.dfa, nil
}

func refuseAssertions(prog *syntax.Prog) error {
	for _, inst := range prog.Inst {
		if inst.Op == syntax.InstEmptyWidth && syntax.EmptyOp(inst.Arg)&^(syntax.EmptyBeginText|syntax.EmptyEndText) != 0 {
			return fmt.Errorf("word boundaries and the ends of lines are not supported")
		}
	}
	return nil
}

// closure returns the instructions that wait for a character, a match or the
// end of the text, reached from pcs where the assertions of flags hold.
func (s *subsets) closure(pcs []uint32, flags syntax.EmptyOp) []uint32 {
	var out []uint32
	seen := map[uint32]bool{}
	for len(pcs) > 0 {
		pc := pcs[len(pcs)-1]
		pcs = pcs[:len(pcs)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch inst := &s.prog.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			pcs = append(pcs, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			pcs = append(pcs, inst.Out)
		case syntax.InstEmptyWidth:
			need := syntax.EmptyOp(inst.Arg)
			if need&^flags == 0 {
				pcs = append(pcs, inst.Out)
			} else if need&^(flags|syntax.EmptyEndText) == 0 {
				out = append(out, pc)
			}
		case syntax.InstFail:
		default:
			out = append(out, pc)
		}
	}
	slices.Sort(out)
	return out
}

// find returns the state of a set.
func (s *subsets) find(set []uint32) int32 {
	if i := slices.IndexFunc(set, s.matches); i >= 0 {
		set = set[i : i+1]
	}
	key := setOf(set)
	q, ok := s.known[key]
	if !ok {
		q = s.dfa.add()
		s.known[key] = q
		s.sets = append(s.sets, set)
	}
	return q
}

// setOf returns a set of instructions as a key.
func setOf(set []uint32) string {
	key := make([]byte, 0, 4*len(set))
	for _, pc := range set {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	return string(key)
}

func (s *subsets) matches(pc uint32) bool { return s.prog.Inst[pc].Op == syntax.InstMatch }

// expand sets what a state accepts and where its edges lead.
func (s *subsets) expand(q int32, b *budget) error {
	set := s.sets[q]
	if slices.ContainsFunc(set, s.matches) {
		s.dfa.accept[q] = true
		s.dfa.edges[q] = everyCharacter(q)
		return b.spend(1, 1)
	}
	atEnd := syntax.EmptyEndText
	if q == 0 {
		atEnd |= syntax.EmptyBeginText
	}
	s.dfa.accept[q] = slices.ContainsFunc(s.closure(slices.Clone(set), atEnd), s.matches)
	cuts := s.cuts(set)
	if err := b.spend(1, len(cuts)*(len(set)+1)); err != nil {
		return err
	}
	for i := 0; i+1 < len(cuts); i++ {
		if cuts[i] != surrogates {
			next := s.find(s.closure(append(s.after(set, cuts[i]), uint32(s.prog.Start)), 0))
			s.dfa.edges[q] = join(s.dfa.edges[q], edge{cuts[i], cuts[i+1] - 1, next})
		}
	}
	return nil
}

// after returns the instructions that follow those of set on c.
func (s *subsets) after(set []uint32, c rune) []uint32 {
	var out []uint32
	for _, pc := range set {
		if inst := &s.prog.Inst[pc]; inst.Op != syntax.InstEmptyWidth && inst.MatchRune(c) {
			out = append(out, inst.Out)
		}
	}
	return out
}

// cuts returns where the characters begin that the instructions of set tell
// apart, sorted, with the end of all characters.
func (s *subsets) cuts(set []uint32) []rune {
	cuts := []rune{0, surrogates, 0xE000, utf8.MaxRune + 1}
	for _, pc := range set {
		switch inst := &s.prog.Inst[pc]; inst.Op {
		case syntax.InstRuneAnyNotNL:
			cuts = append(cuts, '\n', '\n'+1)
		case syntax.InstRune1:
			cuts = append(cuts, inst.Rune[0], inst.Rune[0]+1)
		case syntax.InstRune:
			for i := 0; i+1 < len(inst.Rune); i += 2 {
				cuts = append(cuts, inst.Rune[i], inst.Rune[i+1]+1)
			}
			if len(inst.Rune) == 1 { // [Aa] is A with its foldings
				cuts = append(cuts, inst.Rune[0], inst.Rune[0]+1)
				for c := unicode.SimpleFold(inst.Rune[0]); c != inst.Rune[0]; c = unicode.SimpleFold(c) {
					cuts = append(cuts, c, c+1)
				}
			}
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}
