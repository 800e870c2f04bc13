package convert

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// maxFile bounds the bytes of a tokenizer file.
const maxFile = 128 << 20

// tokenizerConfig is what matters of tokenizer_config.json.
type tokenizerConfig struct {
	BOS           jsontext.Value        `json:"bos_token"`
	EOS           jsontext.Value        `json:"eos_token"`
	Unknown       jsontext.Value        `json:"unk_token"`
	Padding       jsontext.Value        `json:"pad_token"`
	AddBOS        *bool                 `json:"add_bos_token"`
	AddEOS        bool                  `json:"add_eos_token"`
	Template      jsontext.Value        `json:"chat_template"`
	AddedByNumber map[string]addedToken `json:"added_tokens_decoder"`
}

type addedToken struct {
	ID      int    `json:"id"`
	Content string `json:"content"`
	Special bool   `json:"special"`
}

// vocabOfFolder reads the tokenizer of a Hugging Face folder: tokenizer.model,
// or else tokenizer.json.
func vocabOfFolder(c *checkpoint.Checkpoint) (*vocab, error) {
	config, template, err := readTokenizerConfig(c.Dir())
	if err != nil {
		return nil, err
	}
	v := &vocab{model: "none", unknown: -1, padding: -1}
	v.configIDs(c.Config())
	model, err := readFile(c.Dir(), "tokenizer.model")
	if err == nil && model != nil {
		err = v.readSentencePiece(model)
	} else if err == nil {
		err = v.readTokenizerJSON(c.Dir())
	}
	if err != nil || v.model == "none" {
		return v, err
	}
	if err := v.addTokens(config.AddedByNumber); err != nil {
		return nil, err
	}
	v.template, v.addEOS = template, config.AddEOS
	if config.AddBOS != nil {
		v.addBOS = *config.AddBOS
	}
	return v, v.findIDs(config, c.Config())
}

// readFile reads a file of the folder; nil if it is not there.
func readFile(dir, name string) ([]byte, error) {
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxFile:
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", name, maxFile)
	}
	return os.ReadFile(path)
}

// readTokenizerConfig reads tokenizer_config.json and the template, which may be
// in chat_template.jinja.
func readTokenizerConfig(dir string) (*tokenizerConfig, string, error) {
	c := &tokenizerConfig{}
	text, err := readFile(dir, "tokenizer_config.json")
	if err == nil && text != nil {
		err = json.Unmarshal(text, c)
	}
	if err != nil {
		return nil, "", fmt.Errorf("tokenizer_config.json: %w", err)
	}
	jinja, err := readFile(dir, "chat_template.jinja")
	if err != nil || jinja != nil {
		return c, string(jinja), err
	}
	template, err := defaultTemplate(c.Template)
	return c, template, err
}

// defaultTemplate reads chat_template: a text, or a list of named ones of which
// "default" counts.
func defaultTemplate(value jsontext.Value) (string, error) {
	switch value.Kind() {
	case '"':
		var s string
		return s, json.Unmarshal(value, &s)
	case '[':
		var list []struct {
			Name     string `json:"name"`
			Template string `json:"template"`
		}
		err := json.Unmarshal(value, &list)
		for _, t := range list {
			if t.Name == "default" {
				return t.Template, err
			}
		}
		return "", err
	}
	return "", nil
}

// addTokens adds what added_tokens_decoder has beyond the vocabulary, and marks
// special tokens.
func (v *vocab) addTokens(added map[string]addedToken) error {
	byID := map[int]addedToken{}
	for key, t := range added {
		id, err := strconv.Atoi(key)
		if err != nil || id < 0 {
			return fmt.Errorf("added_tokens_decoder has %q, not an id", key)
		}
		byID[id] = t
	}
	for n := len(byID); n > 0; n-- { // at most that many are beyond
		if t, ok := byID[len(v.tokens)]; ok {
			v.append(t.Content, tokenizer.TypeUserDefined)
		}
	}
	for id, t := range byID {
		if id >= len(v.tokens) {
			return fmt.Errorf("added_tokens_decoder has id %d, but the tokens before it end at %d", id, len(v.tokens))
		}
		if v.tokens[id] != t.Content {
			return fmt.Errorf("token %d is %q, but added_tokens_decoder says %q", id, v.tokens[id], t.Content)
		}
		if t.Special && v.types[id] != tokenizer.TypeUnknown {
			v.types[id] = tokenizer.TypeControl
		}
	}
	return nil
}

// append adds a token with no score.
func (v *vocab) append(token string, kind int32) {
	v.tokens, v.types = append(v.tokens, token), append(v.types, kind)
	if v.model == "llama" {
		v.scores = append(v.scores, -1000) // llama.cpp's for added tokens
	}
}

// findIDs finds the special tokens by the names of tokenizer_config.json, or
// else takes those of config.json.
func (v *vocab) findIDs(t *tokenizerConfig, c checkpoint.Config) (err error) {
	v.configIDs(c)
	ids := map[string]int{}
	for id, token := range v.tokens {
		ids[token] = id
	}
	for _, s := range []struct {
		key   string
		value jsontext.Value
		id    *int
	}{{"bos_token", t.BOS, &v.bos}, {"eos_token", t.EOS, &v.eos}, {"unk_token", t.Unknown, &v.unknown}, {"pad_token", t.Padding, &v.padding}} {
		name, ok, err := tokenName(s.value)
		if err != nil {
			return fmt.Errorf("%s: %w", s.key, err)
		}
		if !ok {
			continue
		}
		if *s.id, ok = ids[name]; !ok {
			return fmt.Errorf("%s is %q, which is not in the vocabulary", s.key, name)
		}
	}
	return nil
}

// configIDs takes the special tokens of config.json.
func (v *vocab) configIDs(c checkpoint.Config) {
	v.bos, v.eos = c.BOS, -1
	if len(c.EOS) > 0 {
		v.eos = c.EOS[0]
	}
}

// tokenName reads a special token: a text, or an object with its content.
func tokenName(value jsontext.Value) (name string, ok bool, err error) {
	switch value.Kind() {
	case '"':
		err = json.Unmarshal(value, &name)
		return name, true, err
	case '{':
		var t addedToken
		err = json.Unmarshal(value, &t)
		return t.Content, true, err
	}
	return "", false, nil
}
