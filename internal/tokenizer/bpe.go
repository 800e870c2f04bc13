package tokenizer

import (
	"slices"
	"sync/atomic"
	"unicode/utf8"
)

// bpe merges the symbols of a word by rank. What it gives for a word is what
// Hugging Face tokenizers gives: again and again the pair of neighbours of the
// lowest rank is merged, the leftmost of equals.
type bpe struct {
	words  map[string]int32 // tokens by the text that they stand for
	merges mergeTable
	// bytes are the ids of single bytes, or None: tokens of the byte-level
	// alphabet, or <0x00> to <0xFF> with byte fallback.
	bytes   [256]int32
	unknown int32 // stands for what no token spells, or None
	// whole remembers of each token whether merging its text gives it back.
	whole []atomic.Uint32

	byteLevel    bool // symbols are bytes, not characters
	holes        bool // what is unknown keeps its neighbours apart, also without an unknown token
	fallback     bool // a character that is no token gives its bytes
	fuseUnknown  bool // unknown characters in a row give one token
	ignoreMerges bool // a word that is a token is that token
}

// States of bpe.whole.
const (
	notTried uint32 = iota
	merged
	notMerged
)

// hole is the id of an unknown symbol that gives no token. No pair has it.
const hole = -2

// unit is a symbol of a word: a token and the bytes that it stands for.
type unit struct{ id, start, end int32 }

// encoder encodes words with memory that it uses again.
type encoder struct {
	m     *bpe
	units []unit
	next  []merge // of each unit with the next one
	nodes []node
	queue heap[candidate]
}

// word returns the tokens of a word. They are valid until the next call.
func (e *encoder) word(text string) []unit {
	m := e.m
	id, ok := m.words[text]
	if !ok {
		return e.merge(text)
	}
	state := m.whole[id].Load()
	if m.ignoreMerges || state == merged {
		e.units = append(e.units[:0], unit{id, 0, int32(len(text))})
		return e.units
	}
	units := e.merge(text)
	if state == notTried {
		state = notMerged
		if len(units) == 1 && units[0].id == id {
			state = merged
		}
		m.whole[id].Store(state)
	}
	return units
}

func (e *encoder) merge(text string) []unit {
	e.units = e.units[:0]
	if e.m.byteLevel {
		e.splitBytes(text)
	} else {
		e.splitCharacters(text)
	}
	if len(e.units) <= shortWord {
		e.mergeShort()
	} else {
		e.mergeLong()
	}
	if e.m.holes {
		e.units = slices.DeleteFunc(e.units, func(u unit) bool { return u.id == hole })
	}
	return e.units
}

func (e *encoder) splitBytes(text string) {
	unknown := false
	for i := range len(text) {
		id := e.m.bytes[text[i]]
		e.addSymbol(id, i, i+1, unknown)
		unknown = id == None
	}
}

func (e *encoder) splitCharacters(text string) {
	unknown := false
	for i := 0; i < len(text); {
		_, n := utf8.DecodeRuneInString(text[i:])
		id, ok := e.m.words[text[i:i+n]]
		switch {
		case ok:
			e.addSymbol(id, i, i+n, false)
		case e.fallBack(text, i, i+n):
			ok = true
		default:
			e.addSymbol(None, i, i+n, unknown)
		}
		unknown = !ok
		i += n
	}
}

// fallBack adds the bytes from i to j of text if there are tokens for all.
func (e *encoder) fallBack(text string, i, j int) bool {
	if !e.m.fallback {
		return false
	}
	for k := i; k < j; k++ {
		if e.m.bytes[text[k]] == None {
			return false
		}
	}
	for ; i < j; i++ {
		e.addSymbol(e.m.bytes[text[i]], i, i+1, false)
	}
	return true
}

// addSymbol adds a symbol, or what stands for an unknown one (None): nothing or
// a hole when the model has no unknown token. In a run of them it may grow the
// last.
func (e *encoder) addSymbol(id int32, start, end int, inRun bool) {
	if id == None {
		switch id = e.m.unknown; {
		case id == None && !e.m.holes:
			return
		case id == None:
			id = hole
		case inRun && e.m.fuseUnknown:
			e.units[len(e.units)-1].end = int32(end)
			return
		}
	}
	e.units = append(e.units, unit{id, int32(start), int32(end)})
}
