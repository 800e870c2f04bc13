// Package ucd has the Unicode data that Hugging Face tokenizers goes by, of a
// fixed version whatever Go's own tables are of: classes of characters and
// normal forms. gen.py writes tables.go.
package ucd

import (
	"sync"
	"unicode/utf8"
)

// Class is a set of kinds of characters.
type Class uint32

// Kinds of characters: the general categories of assigned characters, and the
// property White_Space.
const (
	Lu Class = 1 << iota
	Ll
	Lt
	Lm
	Lo
	Mn
	Mc
	Me
	Nd
	Nl
	No
	Pc
	Pd
	Ps
	Pe
	Pi
	Pf
	Po
	Sm
	Sc
	Sk
	So
	Zs
	Zl
	Zp
	Cc
	Cf
	Space
)

// Unions of categories.
const (
	L = Lu | Ll | Lt | Lm | Lo
	M = Mn | Mc | Me
	N = Nd | Nl | No
	P = Pc | Pd | Ps | Pe | Pi | Pf | Po
	S = Sm | Sc | Sk | So
	Z = Zs | Zl | Zp
)

// span is a run of code points.
type span struct{ lo, hi rune }

// run is a run of code points of one kind.
type run struct {
	lo, hi rune
	class  Class
}

const (
	blockBits = 7
	blockSize = 1 << blockBits
)

// Table tells the class of each code point. It is immutable.
type Table struct {
	ascii  [utf8.RuneSelf]Class
	index  [(utf8.MaxRune + 1) >> blockBits]uint16
	blocks [][blockSize]Class
}

// Load returns the table, which it builds once.
func Load() *Table { return load() }

var load = sync.OnceValue(build)

func build() *Table {
	t := &Table{blocks: make([][blockSize]Class, 1, 512)} // block 0: nothing assigned
	for _, r := range categories {
		t.add(r)
	}
	for _, s := range whiteSpace {
		t.add(run{s.lo, s.hi, Space})
	}
	copy(t.ascii[:], t.blocks[t.index[0]][:])
	return t
}

// whiteSpace is the property White_Space, which has not changed since Unicode
// 6.3.
var whiteSpace = []span{
	{'\t', '\r'}, {' ', ' '}, {0x85, 0x85}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a},
	{0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
}

func (t *Table) add(r run) {
	for c := r.lo; c <= r.hi; c++ {
		at := &t.index[c>>blockBits]
		if *at == 0 {
			*at = uint16(len(t.blocks))
			t.blocks = append(t.blocks, [blockSize]Class{})
		}
		t.blocks[*at][c%blockSize] |= r.class
	}
}

// Of returns the kinds of c, none for a code point that is not assigned.
func (t *Table) Of(c rune) Class {
	if uint32(c) < utf8.RuneSelf {
		return t.ascii[c]
	}
	if uint32(c) > utf8.MaxRune {
		return 0
	}
	return t.blocks[t.index[c>>blockBits]][c%blockSize]
}

// IsNumber reports whether c is a number to the pre-tokenizer Digits.
func (t *Table) IsNumber(c rune) bool { return t.Of(c)&N != 0 || in(laterNumbers, c) }

// IsPunctuation reports whether c is punctuation to the pre-tokenizer
// Punctuation, which counts ASCII symbols too.
func (t *Table) IsPunctuation(c rune) bool {
	class := t.Of(c)
	if c < utf8.RuneSelf {
		return class&(P|S) != 0
	}
	return class&P != 0 && !in(laterPunctuation, c)
}

// Named returns the class of a general category or a union of them, as in
// \p{Lu} and \p{L}. Categories that include unassigned code points (C, Cn, Co,
// Cs) are not among them.
func Named(category string) (Class, bool) {
	class, ok := map[string]Class{
		"L": L, "Lu": Lu, "Ll": Ll, "Lt": Lt, "Lm": Lm, "Lo": Lo,
		"M": M, "Mn": Mn, "Mc": Mc, "Me": Me,
		"N": N, "Nd": Nd, "Nl": Nl, "No": No,
		"P": P, "Pc": Pc, "Pd": Pd, "Ps": Ps, "Pe": Pe, "Pi": Pi, "Pf": Pf, "Po": Po,
		"S": S, "Sm": Sm, "Sc": Sc, "Sk": Sk, "So": So,
		"Z": Z, "Zs": Zs, "Zl": Zl, "Zp": Zp,
		"Cc": Cc, "Cf": Cf,
	}[category]
	return class, ok
}

// Ranges calls yield for every run of code points in class, in order.
func Ranges(class Class, yield func(lo, hi rune)) {
	var lo, hi rune = 0, -1
	for _, r := range categories {
		switch {
		case r.class&class == 0:
			continue
		case hi >= 0 && r.lo == hi+1:
			hi = r.hi
			continue
		case hi >= 0:
			yield(lo, hi)
		}
		lo, hi = r.lo, r.hi
	}
	if hi >= 0 {
		yield(lo, hi)
	}
}

// in reports whether c is in one of runs, which are in order.
func in(runs []span, c rune) bool {
	for lo, hi := 0, len(runs); lo < hi; {
		mid := (lo + hi) / 2
		switch {
		case c < runs[mid].lo:
			hi = mid
		case c > runs[mid].hi:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

// otherAlphabetic are the symbols that are letters to \w.
var otherAlphabetic = []span{{0x24b6, 0x24e9}, {0x1f130, 0x1f149}, {0x1f150, 0x1f169}, {0x1f170, 0x1f189}}

// IsWord reports whether \w matches c as in UTS #18: letters, marks, digits,
// connectors and joiners.
func (t *Table) IsWord(c rune) bool {
	return t.Of(c)&(L|M|Nd|Nl|Pc) != 0 || c == 0x200c || c == 0x200d || in(otherAlphabetic, c)
}
