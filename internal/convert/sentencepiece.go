package convert

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// readSentencePiece reads tokenizer.model.
func (v *vocab) readSentencePiece(data []byte) error {
	m, err := tokenizer.ParseModel(data)
	if err != nil {
		return err
	}
	if m.RemoveExtraSpaces {
		return fmt.Errorf("tokenizer.model removes extra spaces, which GGUF cannot say")
	}
	*v = vocab{
		model: "llama", tokens: m.Tokens, scores: m.Scores, types: m.Types, bos: m.BOS, eos: m.EOS, unknown: m.Unknown, padding: -1,
		addBOS: m.AddBOS, addEOS: m.AddEOS, spacePrefix: m.AddSpacePrefix,
	}
	return nil
}

// sentencePiece returns tokenizer.model: a protocol buffer of type ModelProto
// (sentencepiece_model.proto) with pieces, trainer_spec and normalizer_spec.
func (v *vocab) sentencePiece() []byte {
	var model message
	bytes := 0
	for i, token := range v.tokens {
		var piece message
		piece.text(1, token)
		piece.float(2, v.scores[i])
		piece.number(3, int(v.pieceType(i)))
		model.text(1, string(piece))
		if v.types[i] == tokenizer.TypeByte {
			bytes = 1
		}
	}
	var trainer message
	trainer.number(3, 2) // BPE
	trainer.number(4, len(v.tokens))
	trainer.number(35, bytes) // byte_fallback
	for i, id := range []int{v.unknown, v.bos, v.eos, v.padding} {
		trainer.number(40+i, id)
		if id >= 0 && id < len(v.tokens) {
			trainer.text(45+i, v.tokens[id]) // unk_piece, bos_piece …
		}
	}
	var normalizer message
	normalizer.text(1, "identity")
	normalizer.number(3, boolean(v.spacePrefix)) // add_dummy_prefix
	normalizer.number(4, 0)                      // remove_extra_whitespaces
	normalizer.number(5, 1)                      // escape_whitespaces
	model.text(2, string(trainer))
	model.text(3, string(normalizer))
	return model
}

// pieceType is the type of a token as SentencePiece has it: the unknown token,
// and no other, is of the unknown type. In GGUF files it may be a control token.
func (v *vocab) pieceType(id int) int32 {
	switch {
	case id == v.unknown:
		return tokenizer.TypeUnknown
	case v.types[id] == tokenizer.TypeUnknown:
		return tokenizer.TypeControl
	}
	return v.types[id]
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// message is a protocol buffer.
type message []byte

// number appends a varint; a negative one has 10 bytes.
func (m *message) number(field, n int) {
	*m = binary.AppendUvarint(binary.AppendUvarint(*m, uint64(field)<<3), uint64(n))
}

func (m *message) text(field int, s string) {
	*m = binary.AppendUvarint(binary.AppendUvarint(*m, uint64(field)<<3|2), uint64(len(s)))
	*m = append(*m, s...)
}

func (m *message) float(field int, f float32) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|5)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(f))
}
