package tokenizer

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Types of pieces, with the numbers of SentencePiece's ModelProto and of
// tokenizer.ggml.token_type.
const (
	TypeNormal      int32 = 1 // merged from text
	TypeUnknown     int32 = 2 // stands for what the vocabulary cannot spell
	TypeControl     int32 = 3 // <s>, </s>: never made from plain text
	TypeUserDefined int32 = 4 // matched in text before any merge
	TypeUnused      int32 = 5 // merged through, split again on output
	TypeByte        int32 = 6 // <0x00> to <0xFF>: spells unknown characters
)

// None is the id of a special token that a vocabulary does not have.
const None = -1

// DefaultUnknownSurface is what SentencePiece prints for an unknown token when
// the model file does not say.
const DefaultUnknownSurface = " \u2047 "

// Vocab is a vocabulary and its policy. The index of a piece is its id.
type Vocab struct {
	Tokens []string  // pieces as they are spelled in the file; "" where an id has none
	Scores []float32 // merge priority of each piece, higher first; only of SentencePiece
	Types  []int32   // TypeNormal to TypeByte

	BOS, EOS, Unknown int // ids, or None

	AddBOS, AddEOS bool // what Encode adds when asked for special tokens

	// AddSpacePrefix puts one space before the text, which Decode removes.
	AddSpacePrefix bool
	// RemoveExtraSpaces trims the text and collapses runs of spaces.
	RemoveExtraSpaces bool
	// UnknownSurface is what Decode prints for Unknown.
	UnknownSurface string
}

// validate reports the first defect of v's lengths, types, scores and ids.
func (v *Vocab) validate() error {
	n := len(v.Tokens)
	if n == 0 {
		return errors.New("empty vocabulary")
	}
	if len(v.Scores) != n || len(v.Types) != n {
		return fmt.Errorf("%d tokens, %d scores and %d types: the numbers differ", n, len(v.Scores), len(v.Types))
	}
	for id := range v.Tokens {
		if err := v.validatePiece(id); err != nil {
			return err
		}
	}
	return v.validateIDs()
}

func (v *Vocab) validatePiece(id int) error {
	switch {
	case v.Tokens[id] == "":
		return fmt.Errorf("token %d is empty", id)
	case !utf8.ValidString(v.Tokens[id]):
		return fmt.Errorf("token %d (%q) is not UTF-8", id, v.Tokens[id])
	case v.Types[id] < TypeNormal || v.Types[id] > TypeByte:
		return fmt.Errorf("token %d (%q): type %d is outside 1 to 6", id, v.Tokens[id], v.Types[id])
	case len(v.Tokens[id]) > maxAdded && v.found(id):
		return fmt.Errorf("token %d has %d bytes, at most %d are supported where it is looked for in the text", id, len(v.Tokens[id]), maxAdded)
	case v.Scores[id] != v.Scores[id]:
		return fmt.Errorf("token %d (%q): score is NaN", id, v.Tokens[id])
	}
	return nil
}

// found reports whether a token is looked for in the text, not merged.
func (v *Vocab) found(id int) bool {
	return v.Types[id] == TypeUnknown || v.Types[id] == TypeControl || v.Types[id] == TypeUserDefined
}

func (v *Vocab) validateIDs() error {
	for _, s := range []struct {
		name     string
		id       int
		required bool
	}{
		{"BOS", v.BOS, v.AddBOS},
		{"EOS", v.EOS, v.AddEOS},
		{"unknown", v.Unknown, false},
	} {
		if s.id < None || s.id >= len(v.Tokens) {
			return fmt.Errorf("%s id %d is outside the vocabulary of %d tokens", s.name, s.id, len(v.Tokens))
		}
		if s.id == None && s.required {
			return fmt.Errorf("%s is to be added to texts, but the vocabulary has none", s.name)
		}
	}
	return nil
}

// byteIDs returns the id of each byte's piece, or nil where v has no byte
// pieces. A vocabulary that has some must have all 256.
func (v *Vocab) byteIDs() ([]int32, error) {
	ids := make([]int32, 256)
	for b := range ids {
		ids[b] = None
	}
	found := false
	for id, piece := range v.Tokens {
		if v.Types[id] != TypeByte {
			continue
		}
		b, err := parseByte(piece)
		if err != nil {
			return nil, fmt.Errorf("token %d: %w", id, err)
		}
		if ids[b] != None {
			return nil, fmt.Errorf("tokens %d and %d are both the byte piece %q", ids[b], id, piece)
		}
		ids[b] = int32(id)
		found = true
	}
	if !found {
		return nil, nil
	}
	return ids, allBytes(ids)
}

func allBytes(ids []int32) error {
	for b, id := range ids {
		if id == None {
			return fmt.Errorf("byte fallback is incomplete: no piece <0x%02X>", b)
		}
	}
	return nil
}

// parseByte returns the byte that a piece "<0xXX>" stands for.
func parseByte(piece string) (byte, error) {
	if len(piece) == 6 && piece[:3] == "<0x" && piece[5] == '>' {
		if b, err := strconv.ParseUint(piece[3:5], 16, 8); err == nil {
			return byte(b), nil
		}
	}
	return 0, fmt.Errorf("%q is not a byte piece <0x00> to <0xFF>", piece)
}

func (v *Vocab) has(id int) bool { return 0 <= id && id < len(v.Tokens) }
