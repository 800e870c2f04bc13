package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/mmap"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// errNoTokenizer says that a model has none, which some verbs can do without.
var errNoTokenizer = errors.New("no tokenizer")

// openTokenizer finds the tokenizer of a model: in the metadata of a GGUF file,
// or in the folder.
func openTokenizer(m *model.Model) (*tokenizer.Tokenizer, error) {
	if m.Checkpoint == nil {
		return nil, fmt.Errorf("%s: %w: a preset is a shape only", m.Config.Name, errNoTokenizer)
	}
	if m.Checkpoint.Format() == "gguf" {
		return tokenizer.FromGGUF(m.Checkpoint)
	}
	return tokenizerFolder(m.Checkpoint.Dir())
}

// tokenizerFolder reads tokenizer.json of a folder, which transformers prefers,
// or tokenizer.model.
func tokenizerFolder(dir string) (*tokenizer.Tokenizer, error) {
	tok, err := tokenizerJSON(filepath.Join(dir, "tokenizer.json"))
	if errors.Is(err, fs.ErrNotExist) {
		tok, err = tokenizerModel(filepath.Join(dir, "tokenizer.model"))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has neither tokenizer.json nor tokenizer.model", errNoTokenizer, dir)
	}
	return tok, err
}

// tokenizerJSON reads a tokenizer.json and tokenizer_config.json beside it.
func tokenizerJSON(path string) (*tokenizer.Tokenizer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	config, err := os.ReadFile(filepath.Join(filepath.Dir(path), "tokenizer_config.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	tok, err := tokenizer.ParseJSON(data, config)
	if err != nil {
		if filepath.Base(path) == "tokenizer.json" {
			path = filepath.Dir(path) // either of its files, which the error names
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tok, nil
}

// ggufMetadata is the metadata of a GGUF file as package tokenizer wants it.
type ggufMetadata struct{ file *gguf.File }

// Metadata implements [tokenizer.Metadata].
func (m ggufMetadata) Metadata(key string) (any, bool) { return m.file.Value(key) }

// fromGGUF reads something from the metadata of a GGUF file, which need not
// have tensors. What read returns may not refer to the file.
func fromGGUF[T any](path string, read func(ggufMetadata) (*T, error)) (*T, error) {
	data, err := mmap.Open(path)
	if err != nil {
		return nil, err
	}
	defer data.Close()
	file, err := gguf.Parse(path, data.Data)
	if err != nil {
		return nil, err
	}
	v, err := read(ggufMetadata{file})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// tokenizerGGUF reads the tokenizer of a GGUF file.
func tokenizerGGUF(path string) (*tokenizer.Tokenizer, error) {
	return fromGGUF(path, func(m ggufMetadata) (*tokenizer.Tokenizer, error) { return tokenizer.FromGGUF(m) })
}

func tokenizerModel(path string) (*tokenizer.Tokenizer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	vocab, err := tokenizer.ParseModel(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tokenizer.New(vocab)
}
