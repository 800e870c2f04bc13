package tokenizer

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Metadata is the key-value part of a GGUF file. Values have the Go type of
// their GGUF type: string, bool, uint32, []string, []float32 and so on.
type Metadata interface {
	Metadata(key string) (any, bool)
}

// Keys of a vocabulary, from ggml's docs/gguf.md and llama.cpp.
const (
	keyModel       = "tokenizer.ggml.model"
	keyTokens      = "tokenizer.ggml.tokens"
	keyScores      = "tokenizer.ggml.scores"
	keyTypes       = "tokenizer.ggml.token_type"
	keyBOS         = "tokenizer.ggml.bos_token_id"
	keyEOS         = "tokenizer.ggml.eos_token_id"
	keyUnknown     = "tokenizer.ggml.unknown_token_id"
	keyAddBOS      = "tokenizer.ggml.add_bos_token"
	keyAddEOS      = "tokenizer.ggml.add_eos_token"
	keySpacePrefix = "tokenizer.ggml.add_space_prefix"
)

// FromGGUF returns the tokenizer that m describes: model "llama" (SentencePiece
// BPE) or "gpt2" (byte-level BPE with a pre-tokenizer that has a name). Absent
// keys mean what they mean in llama.cpp: for "llama" BOS 1, EOS 2, unknown 0,
// add BOS and the space prefix but not EOS; for "gpt2" no special tokens, and to
// add BOS only with some names. The id 4294967295 means none. Other models and
// names are refused.
//
// A GGUF file does not say how to normalize text, so that nothing is: for Qwen
// the original applies NFC.
func FromGGUF(m Metadata) (*Tokenizer, error) {
	t, err := fromGGUF(&metadataReader{m: m})
	if err != nil {
		return nil, fmt.Errorf("tokenizer: gguf: %w", err)
	}
	return t, nil
}

func fromGGUF(r *metadataReader) (*Tokenizer, error) {
	model := required[string](r, keyModel)
	switch {
	case r.err != nil:
		return nil, r.err
	case model == "llama":
		return piecesFromGGUF(r)
	case model == "gpt2":
		return bpeFromGGUF(r)
	}
	return nil, fmt.Errorf("%s is %q: only \"llama\" (SentencePiece BPE) and \"gpt2\" (byte-level BPE) are supported", keyModel, model)
}

func piecesFromGGUF(r *metadataReader) (*Tokenizer, error) {
	tokens, types := required[[]string](r, keyTokens), required[[]int32](r, keyTypes)
	v := Vocab{
		Tokens:         escapeUser(tokens, types),
		Scores:         required[[]float32](r, keyScores),
		Types:          types,
		BOS:            r.id(keyBOS, 1),
		EOS:            r.id(keyEOS, 2),
		Unknown:        r.id(keyUnknown, 0),
		AddBOS:         optional(r, keyAddBOS, true),
		AddEOS:         optional(r, keyAddEOS, false),
		AddSpacePrefix: optional(r, keySpacePrefix, true),
		UnknownSurface: DefaultUnknownSurface,
	}
	if r.err != nil {
		return nil, r.err
	}
	p, err := newSentencePiece(v)
	if err != nil {
		return nil, err
	}
	return &Tokenizer{v, p}, nil
}

// escapeUser returns tokens with the spaces of user-defined ones written as
// SentencePiece writes them. llama.cpp's converter writes them as spaces.
func escapeUser(tokens []string, types []int32) []string {
	escaped := slices.Clone(tokens)
	for id := range min(len(tokens), len(types)) {
		if types[id] == TypeUserDefined {
			escaped[id] = strings.ReplaceAll(tokens[id], " ", space)
		}
	}
	return escaped
}

// metadataReader reads typed values and keeps the first error.
type metadataReader struct {
	m   Metadata
	err error
}

func (r *metadataReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func required[T any](r *metadataReader, key string) T {
	var zero T
	if _, ok := r.m.Metadata(key); !ok {
		r.fail(fmt.Errorf("%s is missing", key))
	}
	return optional(r, key, zero)
}

func optional[T any](r *metadataReader, key string, absent T) T {
	value, ok := r.m.Metadata(key)
	if !ok {
		return absent
	}
	typed, ok := value.(T)
	if !ok {
		r.fail(fmt.Errorf("%s has type %T, want %T", key, value, absent))
	}
	return typed
}

// id reads a token id of any integer type.
func (r *metadataReader) id(key string, absent int) int {
	value, ok := r.m.Metadata(key)
	if !ok {
		return absent
	}
	id, ok := integer(value)
	switch {
	case !ok:
		r.fail(fmt.Errorf("%s has type %T, want an integer", key, value))
	case id == math.MaxUint32 || id == -1:
		return None
	case id < 0 || id > math.MaxInt32:
		r.fail(fmt.Errorf("%s is %v, outside the ids of a vocabulary", key, value))
	}
	return int(id)
}

// integer widens any integer; a uint64 beyond int64 becomes MaxInt64.
func integer(value any) (int64, bool) {
	switch n := value.(type) {
	case uint8:
		return int64(n), true
	case int8:
		return int64(n), true
	case uint16:
		return int64(n), true
	case int16:
		return int64(n), true
	case uint32:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	case uint64:
		return int64(min(n, math.MaxInt64)), true
	}
	return 0, false
}
