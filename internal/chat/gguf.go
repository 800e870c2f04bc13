package chat

import "fmt"

// Metadata is the key-value part of a GGUF file. Integers have the Go type that
// the file says, arrays of strings are []string.
type Metadata interface {
	Metadata(key string) (any, bool)
}

// keyTemplate holds the template, and those with more names after a dot; llama.cpp
// reads the same keys.
const (
	keyTemplate  = "tokenizer.chat_template"
	keyTemplates = "tokenizer.chat_templates" // names of the others
	keyTokens    = "tokenizer.ggml.tokens"
)

// specialKeys are the special tokens of a GGUF file and the variables of
// transformers that they become.
var specialKeys = []struct{ key, name string }{
	{"bos", "bos_token"}, {"eos", "eos_token"}, {"unknown", "unk_token"},
	{"seperator", "sep_token"}, {"padding", "pad_token"}, {"mask", "mask_token"},
}

// GGUF finds the templates of a GGUF file. One without a template gives an error
// that wraps ErrNoTemplate.
func GGUF(m Metadata) (*Templates, error) {
	t := &Templates{}
	if text, ok := metadataString(m, keyTemplate); ok {
		t.list = append(t.list, source{"default", keyTemplate, text})
	}
	names, _ := m.Metadata(keyTemplates)
	others, _ := names.([]string)
	for _, name := range others {
		key := keyTemplate + "." + name
		if text, ok := metadataString(m, key); ok {
			t.list = append(t.list, source{name, key, text})
		}
	}
	if len(t.list) == 0 {
		return nil, fmt.Errorf("%w: the file has no %s", ErrNoTemplate, keyTemplate)
	}
	t.setGGUFTokens(m)
	return t, nil
}

func metadataString(m Metadata, key string) (string, bool) {
	v, _ := m.Metadata(key)
	s, ok := v.(string)
	return s, ok
}

func (t *Templates) setGGUFTokens(m Metadata) {
	v, _ := m.Metadata(keyTokens)
	tokens, _ := v.([]string)
	for _, k := range specialKeys {
		v, _ := m.Metadata("tokenizer.ggml." + k.key + "_token_id")
		id, ok := unsigned(v)
		if ok && id < uint64(len(tokens)) {
			t.set(k.name, tokens[id])
		}
	}
}

// unsigned is a token id of any integer type.
func unsigned(v any) (uint64, bool) {
	switch n := v.(type) {
	case uint32:
		return uint64(n), true
	case uint64:
		return n, true
	case int32:
		return uint64(n), n >= 0
	case int64:
		return uint64(n), n >= 0
	}
	return 0, false
}
