package constrain

import (
	"encoding/binary"
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
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

// subsets determinizes a program: a state is a set of its instructions.
type subsets struct {
	prog  *syntax.Prog
	dfa   *dfa
	sets  [][]uint32
	known map[string]int32
	seen  []int // the round in which closure last saw an instruction
	round int
}

// determinize builds the automaton of the strings in which prog matches
// somewhere. A state that has matched accepts all that follows.
func determinize(prog *syntax.Prog, b *budget) (*dfa, error) {
	if err := refuseAssertions(prog); err != nil {
		return nil, err
	}
	s := &subsets{prog: prog, dfa: &dfa{}, known: map[string]int32{}, seen: make([]int, len(prog.Inst))}
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
			return errors.New("word boundaries and the ends of lines are not supported")
		}
	}
	return nil
}

// closure returns the instructions that wait for a character, a match or the
// end of the text, reached from pcs where the assertions of flags hold.
func (s *subsets) closure(pcs []uint32, flags syntax.EmptyOp) []uint32 {
	var out []uint32
	s.round++
	for len(pcs) > 0 {
		pc := pcs[len(pcs)-1]
		pcs = pcs[:len(pcs)-1]
		if s.seen[pc] == s.round {
			continue
		}
		s.seen[pc] = s.round
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
