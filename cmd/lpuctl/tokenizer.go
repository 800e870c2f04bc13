package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// errNoTokenizer says that a model has none, which some verbs can do without.
var errNoTokenizer = errors.New("no tokenizer")

// openTokenizer finds the tokenizer of a model: in the metadata of a GGUF file,
// or tokenizer.model in the folder.
func openTokenizer(m *model.Model) (*tokenizer.Tokenizer, error) {
	if m.Checkpoint == nil {
		return nil, fmt.Errorf("%s: %w: a preset is a shape only", m.Config.Name, errNoTokenizer)
	}
	if m.Checkpoint.Format() == "gguf" {
		return tokenizer.FromGGUF(m.Checkpoint)
	}
	return tokenizerFile(filepath.Join(m.Checkpoint.Dir(), "tokenizer.model"))
}

func tokenizerFile(path string) (*tokenizer.Tokenizer, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s does not exist", errNoTokenizer, path)
	}
	if err != nil {
		return nil, err
	}
	vocab, err := tokenizer.ParseModel(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tokenizer.New(vocab)
}
