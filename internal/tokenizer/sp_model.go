package tokenizer

import (
	"errors"
	"fmt"
)

// Values of TrainerSpec.model_type.
const (
	modelTypeUnigram = 1 // the default of the proto, and the most common elsewhere
	modelTypeBPE     = 2
)

// modelFile is what matters of a SentencePiece ModelProto.
type modelFile struct {
	vocab Vocab

	modelType                     uint64
	byteFallback, spaceSuffix     bool
	bosPiece, eosPiece            string
	escapeSpaces                  bool
	charsmap, denormalizeCharsmap int // lengths of the compiled character maps
}

// ParseModel reads a SentencePiece model (tokenizer.model), a protocol buffer
// of type ModelProto (sentencepiece_model.proto). It refuses models that are
// not BPE and normalizers that change characters. The file does not say whether
// texts begin with BOS; the Vocab has the Llama policy: BOS if there is one, no
// EOS.
func ParseModel(data []byte) (Vocab, error) {
	m := modelFile{
		modelType:    modelTypeUnigram,
		bosPiece:     "<s>",
		eosPiece:     "</s>",
		escapeSpaces: true,
		vocab:        Vocab{AddSpacePrefix: true, RemoveExtraSpaces: true, UnknownSurface: DefaultUnknownSurface},
	}
	err := m.parse(data)
	if err == nil {
		err = m.supported()
	}
	if err == nil {
		err = m.findSpecial()
	}
	if err != nil {
		return Vocab{}, fmt.Errorf("tokenizer: sentencepiece model: %w", err)
	}
	return m.vocab, nil
}

func (m *modelFile) parse(data []byte) error {
	return eachField(data, func(f field) error {
		switch f.number {
		case 1:
			return f.message(fmt.Sprintf("piece %d", len(m.vocab.Tokens)), m.parsePiece)
		case 2:
			return f.message("trainer_spec", m.parseTrainer)
		case 3:
			return f.message("normalizer_spec", m.parseNormalizer)
		case 5:
			return f.message("denormalizer_spec", m.parseDenormalizer)
		}
		return nil
	})
}

func (m *modelFile) parsePiece(data []byte) error {
	piece, score, kind := "", float32(0), TypeNormal
	err := eachField(data, func(f field) error {
		switch f.number {
		case 1:
			return f.string(&piece)
		case 2:
			return f.float(&score)
		case 3:
			return f.enum(&kind)
		}
		return nil
	})
	m.vocab.Tokens = append(m.vocab.Tokens, piece)
	m.vocab.Scores = append(m.vocab.Scores, score)
	m.vocab.Types = append(m.vocab.Types, kind)
	return err
}

func (m *modelFile) parseTrainer(data []byte) error {
	return eachField(data, func(f field) error {
		switch f.number {
		case 3:
			return f.varint(&m.modelType)
		case 24:
			return f.bool(&m.spaceSuffix)
		case 35:
			return f.bool(&m.byteFallback)
		case 44:
			return f.string(&m.vocab.UnknownSurface)
		case 46:
			return f.string(&m.bosPiece)
		case 47:
			return f.string(&m.eosPiece)
		}
		return nil
	})
}

func (m *modelFile) parseNormalizer(data []byte) error {
	return eachField(data, func(f field) error {
		switch f.number {
		case 2:
			return f.length(&m.charsmap)
		case 3:
			return f.bool(&m.vocab.AddSpacePrefix)
		case 4:
			return f.bool(&m.vocab.RemoveExtraSpaces)
		case 5:
			return f.bool(&m.escapeSpaces)
		}
		return nil
	})
}

func (m *modelFile) parseDenormalizer(data []byte) error {
	return eachField(data, func(f field) error {
		if f.number == 2 {
			return f.length(&m.denormalizeCharsmap)
		}
		return nil
	})
}

// supported refuses what this package would encode wrongly.
func (m *modelFile) supported() error {
	switch {
	case m.modelType != modelTypeBPE:
		return fmt.Errorf("model_type %d is not supported, only BPE (2); 1 is unigram, 3 word, 4 char", m.modelType)
	case m.charsmap > 0:
		return fmt.Errorf("normalizer with a character map of %d bytes is not supported, only identity", m.charsmap)
	case m.denormalizeCharsmap > 0:
		return fmt.Errorf("denormalizer with a character map of %d bytes is not supported", m.denormalizeCharsmap)
	case !m.escapeSpaces:
		return errors.New("escape_whitespaces = false is not supported")
	case m.spaceSuffix:
		return errors.New("treat_whitespace_as_suffix is not supported")
	}
	return m.checkBytes()
}

// checkBytes reports byte pieces that disagree with byte_fallback.
func (m *modelFile) checkBytes() error {
	count := 0
	for _, kind := range m.vocab.Types {
		if kind == TypeByte {
			count++
		}
	}
	if m.byteFallback != (count > 0) {
		return fmt.Errorf("byte_fallback is %t, but there are %d byte pieces", m.byteFallback, count)
	}
	return nil
}

// findSpecial sets the ids of BOS and EOS, the control pieces that the trainer
// named so, and of the one unknown piece.
func (m *modelFile) findSpecial() error {
	v := &m.vocab
	v.BOS, v.EOS, v.Unknown = None, None, None
	for id, piece := range v.Tokens {
		switch {
		case v.Types[id] == TypeUnknown && v.Unknown != None:
			return fmt.Errorf("pieces %d and %d are both of the unknown type", v.Unknown, id)
		case v.Types[id] == TypeUnknown:
			v.Unknown = id
		case v.Types[id] == TypeControl && piece == m.bosPiece:
			v.BOS = id
		case v.Types[id] == TypeControl && piece == m.eosPiece:
			v.EOS = id
		}
	}
	if v.Unknown == None {
		return errors.New("no piece of the unknown type")
	}
	v.AddBOS = v.BOS != None
	return nil
}
