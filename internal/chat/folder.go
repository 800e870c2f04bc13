package chat

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lpuctl/lpuctl/internal/chat/jinja"
)

// Names of the files that hold templates and special tokens.
const (
	templateFile   = "chat_template.jinja"
	processorFile  = "chat_template.json"
	configFile     = "tokenizer_config.json"
	specialFile    = "special_tokens_map.json"
	additionalDirs = "additional_chat_templates"
)

// Folder finds the templates of a Hugging Face folder: chat_template.jinja with
// additional_chat_templates/NAME.jinja, or chat_template in
// tokenizer_config.json (one text, or a list of named ones), or
// chat_template.json. Special tokens are those of tokenizer_config.json and
// special_tokens_map.json. A folder without a template gives an error that wraps
// ErrNoTemplate.
func Folder(dir string) (*Templates, error) {
	t := &Templates{}
	for _, find := range []func(string) error{t.readFile, t.readConfig, t.readProcessor, t.readSpecial} {
		if err := find(dir); err != nil {
			return nil, err
		}
	}
	if len(t.list) == 0 {
		return nil, fmt.Errorf("%w: %s has neither %s nor a chat_template in %s", ErrNoTemplate, dir, templateFile, configFile)
	}
	return t, nil
}

// maxTemplateFile is the most bytes of a file that holds templates.
const maxTemplateFile = 64 << 20

// read returns a file, or nil if it does not exist.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxTemplateFile {
		return nil, fmt.Errorf("%s: %d bytes, at most %d are read", path, info.Size(), maxTemplateFile)
	}
	return os.ReadFile(path)
}

// readObject returns the JSON object of a file, empty if there is no file.
func readObject(path string) (*jinja.Dict, error) {
	data, err := read(path)
	if data == nil || err != nil {
		return &jinja.Dict{}, err
	}
	v, err := jinja.ParseJSON(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	object, ok := v.(*jinja.Dict)
	if !ok {
		return nil, fmt.Errorf("%s: not an object", path)
	}
	return object, nil
}

func (t *Templates) readFile(dir string) error {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(dir), additionalDirs, "*.jinja"))
	if err != nil {
		return err
	}
	for i, path := range append([]string{filepath.Join(dir, templateFile)}, paths...) {
		data, err := read(path)
		if err != nil {
			return err
		}
		name := "default"
		if i > 0 {
			name = strings.TrimSuffix(filepath.Base(path), ".jinja")
		}
		if data != nil {
			t.list = append(t.list, source{name, filepath.Base(path), string(data)})
		}
	}
	return nil
}

// escapeGlob makes a folder's name stand for itself in a pattern.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(dir)
}

func (t *Templates) readConfig(dir string) error {
	path := filepath.Join(dir, configFile)
	config, err := readObject(path)
	if err != nil {
		return err
	}
	t.setSpecial(config)
	if v, ok := config.Get("chat_template"); ok && len(t.list) == 0 {
		return t.add(path, v)
	}
	return nil
}

func (t *Templates) readProcessor(dir string) error {
	path := filepath.Join(dir, processorFile)
	object, err := readObject(path)
	if err != nil {
		return err
	}
	if v, ok := object.Get("chat_template"); ok && len(t.list) == 0 {
		return t.add(path, v)
	}
	return nil
}

func (t *Templates) readSpecial(dir string) error {
	object, err := readObject(filepath.Join(dir, specialFile))
	if err != nil {
		return err
	}
	t.setSpecial(object)
	return nil
}

// add takes a text, or a list of objects with name and template.
func (t *Templates) add(path string, v any) error {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		t.list = append(t.list, source{"default", filepath.Base(path), v})
		return nil
	case *jinja.List:
		for i, item := range v.Items {
			d, ok := item.(*jinja.Dict)
			if !ok {
				return fmt.Errorf("%s: chat_template %d is not an object", path, i)
			}
			name, okName := member(d, "name")
			text, okText := member(d, "template")
			if !okName || !okText {
				return fmt.Errorf("%s: chat_template %d needs the strings name and template", path, i)
			}
			t.list = append(t.list, source{name, filepath.Base(path), text})
		}
		return nil
	}
	return fmt.Errorf("%s: chat_template is neither a string nor a list", path)
}

func member(d *jinja.Dict, key string) (string, bool) {
	v, _ := d.Get(key)
	s, ok := v.(string)
	return s, ok
}

// setSpecial sets the special tokens of a configuration: strings, or objects
// with content, whose names end in _token.
func (t *Templates) setSpecial(config *jinja.Dict) {
	for name, v := range config.All() {
		if !strings.HasSuffix(name, "_token") {
			continue
		}
		if d, ok := v.(*jinja.Dict); ok {
			v, _ = d.Get("content")
		}
		if s, ok := v.(string); ok {
			t.set(name, s)
		}
	}
}
