package chat

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/chat/jinja"
)

// folder writes files, by their paths, into a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range files {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

// print is a template that shows what it is given.
const print = "{{ bos_token }}|{{ eos_token }}|{{ messages[0].content }}|{{ tools }}|{{ documents }}|{{ add_generation_prompt }}|{{ x }}"

func TestFolder(t *testing.T) {
	list := `{"chat_template": [{"name": "default", "template": "D"}, {"name": "tool_use", "template": "T {{ tools|length }}"}]}`
	for _, c := range []struct {
		name        string
		files       map[string]string
		plain, tool string
	}{
		{"string", map[string]string{
			"tokenizer_config.json": `{"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": false}, "chat_template": "` + print + `"}`,
		}, "<s>|</s>|Hi|None|None|False|", "<s>|</s>|Hi|[{'name': 'f'}]|None|False|"},
		{"list", map[string]string{"tokenizer_config.json": list}, "D", "T 1"},
		{"file first", map[string]string{"tokenizer_config.json": list, "chat_template.jinja": "F\n"}, "F", "F"},
		{"more files", map[string]string{
			"chat_template.jinja": "F", "additional_chat_templates/tool_use.jinja": "G",
		}, "F", "G"},
		{"processor", map[string]string{"chat_template.json": `{"chat_template": "P"}`}, "P", "P"},
		{"special tokens beside", map[string]string{
			"tokenizer_config.json":   `{"bos_token": null, "eos_token": "</s>", "chat_template": "{{ bos_token }}{{ eos_token }}"}`,
			"special_tokens_map.json": `{"bos_token": {"content": "<b>"}, "eos_token": "<e>"}`,
		}, "<b></s>", "<b></s>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			templates, err := Folder(folder(t, c.files))
			require.NoError(t, err)
			text, err := templates.Render(Conversation{Messages: User("Hi")})
			require.NoError(t, err)
			require.Equal(t, c.plain, text)
			tool := &jinja.Dict{}
			tool.Set("name", "f")
			text, err = templates.Render(Conversation{Messages: User("Hi"), Tools: jinja.NewList(tool)})
			require.NoError(t, err)
			require.Equal(t, c.tool, text)
		})
	}
}

func TestExtraVariables(t *testing.T) {
	templates, err := Folder(folder(t, map[string]string{"chat_template.jinja": print}))
	require.NoError(t, err)
	extra := &jinja.Dict{}
	extra.Set("x", false)
	extra.Set("bos_token", "<other>")
	text, err := templates.Render(Conversation{Messages: User("Hi"), GenerationPrompt: true, Extra: extra})
	require.NoError(t, err)
	require.Equal(t, "<other>||Hi|None|None|True|False", text)
}

func TestFolderErrors(t *testing.T) {
	_, err := Folder(t.TempDir())
	require.ErrorIs(t, err, ErrNoTemplate)
	for config, want := range map[string]string{
		`[]`:                                    "tokenizer_config.json: not an object",
		`{`:                                     "tokenizer_config.json: JSON: ",
		`{"chat_template": 5}`:                  "tokenizer_config.json: chat_template is neither a string nor a list",
		`{"chat_template": [5]}`:                "tokenizer_config.json: chat_template 0 is not an object",
		`{"chat_template": [{"name": "a"}]}`:    "chat_template 0 needs the strings name and template",
		`{"chat_template": null, "x_token": 5}`: "no chat template",
	} {
		_, err := Folder(folder(t, map[string]string{"tokenizer_config.json": config}))
		require.ErrorContains(t, err, want)
	}
}

func TestRenderErrors(t *testing.T) {
	for template, want := range map[string]string{
		"{% if %}":                             "template line 1, column 7: TemplateSyntaxError: Expected an expression, got 'end of statement block'",
		"\n{{ raise_exception('No tools!') }}": "template line 2, column 19: TemplateError: No tools!",
	} {
		templates, err := Folder(folder(t, map[string]string{"chat_template.jinja": template}))
		require.NoError(t, err)
		_, err = templates.Render(Conversation{Messages: User("Hi")})
		require.ErrorContains(t, err, "chat_template.jinja: "+want)
		var e *jinja.Error
		require.ErrorAs(t, err, &e)
	}
	templates, err := Folder(folder(t, map[string]string{
		"tokenizer_config.json": `{"chat_template": [{"name": "rag", "template": "R"}, {"name": "x", "template": "X"}]}`,
	}))
	require.NoError(t, err)
	_, err = templates.Render(Conversation{})
	require.ErrorContains(t, err, "no chat template is named default: there are rag, x")
}

// metadata is that of a GGUF file.
type metadata map[string]any

func (m metadata) Metadata(key string) (any, bool) {
	v, ok := m[key]
	return v, ok
}

func TestGGUF(t *testing.T) {
	m := metadata{
		"tokenizer.chat_template":           print,
		"tokenizer.chat_templates":          []string{"tool_use", "missing"},
		"tokenizer.chat_template.tool_use":  "T",
		"tokenizer.ggml.tokens":             []string{"<unk>", "<s>", "</s>"},
		"tokenizer.ggml.bos_token_id":       uint32(1),
		"tokenizer.ggml.eos_token_id":       uint64(2),
		"tokenizer.ggml.unknown_token_id":   uint32(4294967295),
		"tokenizer.ggml.seperator_token_id": int32(-1),
	}
	templates, err := GGUF(m)
	require.NoError(t, err)
	text, err := templates.Render(Conversation{Messages: User("Hi")})
	require.NoError(t, err)
	require.Equal(t, "<s>|</s>|Hi|None|None|False|", text)
	text, err = templates.Render(Conversation{Messages: User("Hi"), Tools: jinja.NewList()})
	require.NoError(t, err)
	require.Equal(t, "T", text)

	_, err = GGUF(metadata{"tokenizer.chat_template": 5})
	require.ErrorIs(t, err, ErrNoTemplate)
}
