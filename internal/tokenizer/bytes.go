package tokenizer

import "strings"

// TokenBytes returns what id adds to the bytes of a text that has begun: nothing
// for special tokens and for ids outside the vocabulary. The bytes of several
// tokens together are the text that Decode returns, wherever they are UTF-8.
func (t *Tokenizer) TokenBytes(id int) []byte {
	v := &t.vocab
	if !v.has(id) || v.Types[id] == TypeControl || v.Types[id] == TypeUnknown {
		return nil
	}
	return t.scheme.tokenBytes(id)
}

func (t *sentencePiece) tokenBytes(id int) []byte {
	if b, ok := t.values[id]; ok {
		return []byte{b}
	}
	return []byte(strings.ReplaceAll(t.vocab.Tokens[id], space, " "))
}

func (t *pipeline) tokenBytes(id int) []byte {
	token, ok := t.printed[id]
	if !ok {
		token = t.vocab.Tokens[id]
	}
	if token == "" {
		return nil
	}
	for _, newStage := range t.decode {
		token = newStage().bytes(token)
	}
	return []byte(token)
}

func (s *spacer) bytes(token string) string { return " " + token }

func (s *byteLevelStage) bytes(token string) string {
	if bytes, ok := appendByteLevel(nil, token); ok {
		return string(bytes)
	}
	return token
}

func (s *byteFallbackStage) bytes(token string) string {
	if b, err := parseByte(token); err == nil {
		return string([]byte{b})
	}
	return token
}

func (s replaceStage) bytes(token string) string { return strings.ReplaceAll(token, s.old, s.text) }

func (s *metaspaceStage) bytes(token string) string {
	return strings.ReplaceAll(token, s.replacement, " ")
}

func (keepStage) bytes(token string) string { return token }

func (s stripToken) bytes(token string) string {
	s.push(token, func(rest string) { token = rest })
	return token
}

func (s *stripText) bytes(token string) string { return token }
