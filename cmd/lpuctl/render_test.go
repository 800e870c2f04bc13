package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
)

const showTemplate = `{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}` +
	`{% if tools %}{{ tools|tojson }}{% endif %}{% if documents %}{{ documents|length }}{% endif %}` +
	`{% if add_generation_prompt %}<assistant>{% endif %}{{ strftime_now("%d %b %Y") if date }}{{ x }}`

// write writes a file of a folder and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestRender(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "chat_template.jinja", showTemplate)
	write(t, dir, "tokenizer_config.json", `{"bos_token": "<s>"}`)
	messages := write(t, dir, "messages.json", `[{"role": "user", "content": "Hi\n"}]`)
	tools := write(t, dir, "tools.json", `[{"b": 1, "a": "<é>"}]`)

	require.Equal(t, "<s><user>Hi\n<assistant>", ok(t, "render", dir, messages))
	require.Equal(t, "<s><user>Hi\n", ok(t, "render", dir, messages, "--no-generation-prompt"))
	require.Equal(t, "<s><user>Hi\n"+`[{"b": 1, "a": "<é>"}]1<assistant>`,
		ok(t, "render", dir, messages, "--tools", tools, "--documents", tools))
	require.Equal(t, "<s><user>Hi\n<assistant>26 Jul 2024[1.0, None]",
		ok(t, "render", dir, messages, "--now", "2024-07-26", "--set", "date=true", "--set", "x=[1.0, null]"))
	r := lpuctlWith(t, strings.NewReader("[]"), "render", dir, "-")
	require.Equal(t, result{out: "<s><assistant>"}, r)
}

func TestRenderBareTemplate(t *testing.T) {
	dir := t.TempDir()
	template := write(t, dir, "t.jinja", "{{ bos_token }}{{ messages }}\n{{ x }}\n")
	context := write(t, dir, "c.json", `{"bos_token": "<s>", "messages": [null, true], "x": 1}`)
	require.Equal(t, "<s>[None, True]\n1", ok(t, "render", "--template", template, context))
	require.Equal(t, "<s>[None, True]\n2", ok(t, "render", "--template", template, context, "--set", "x=2"))
}

// TestRenderGGUF adds a template to the metadata of a file that has no tensors.
func TestRenderGGUF(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.gguf")
	require.NoError(t, gguf.Write(path, []gguf.Pair{
		{Key: "tokenizer.chat_template", Value: showTemplate},
		{Key: "tokenizer.ggml.tokens", Value: []string{"<unk>", "<s>"}},
		{Key: "tokenizer.ggml.bos_token_id", Value: uint32(1)},
	}, nil))
	r := lpuctlWith(t, strings.NewReader(`[{"role": "user", "content": "Hi"}]`), "render", path, "-")
	require.Equal(t, result{out: "<s><user>Hi<assistant>"}, r)
}

func TestRenderErrors(t *testing.T) {
	dir := t.TempDir()
	template := write(t, dir, "chat_template.jinja", "{{ raise_exception('Only user!') }}")
	messages := write(t, dir, "messages.json", `[{"role": "user", "content": "Hi"}]`)
	object := write(t, dir, "object.json", `{}`)
	broken := write(t, dir, "broken.json", `[{]`)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitError, "template line 1, column 19: TemplateError: Only user!", []string{dir, messages}},
		{exitError, "Only user!", []string{"--template", template, object}},
		{exitError, "want an array of objects", []string{dir, object}},
		{exitError, "element 0 is not an object", []string{dir, write(t, dir, "five.json", "[5]")}},
		{exitError, "broken.json: JSON: ", []string{dir, broken}},
		{exitError, "want an object with the variables", []string{"--template", template, messages}},
		{exitError, "no chat template", []string{t.TempDir(), messages}},
		{exitError, "no chat template", []string{"builtin:stories260k", messages}},
		{exitError, "no chat template", []string{storiesGGUF(t), messages}},
		{exitUsage, "--now yesterday", []string{dir, messages, "--now", "yesterday"}},
		{exitUsage, "--set x: want KEY=JSON", []string{dir, messages, "--set", "x"}},
		{exitUsage, "--set x={: JSON: ", []string{dir, messages, "--set", "x={"}},
		{exitUsage, "accepts 2 arg(s)", []string{dir}},
		{exitUsage, "accepts 1 arg(s)", []string{"--template", template}},
		{exitUsage, "--template takes its variables", []string{"--template", template, object, "--tools", object}},
	} {
		r := lpuctl(t, append([]string{"render"}, c.args...)...)
		require.Equal(t, c.code, r.code, "%q", c.args)
		require.Contains(t, r.err, c.want, "%q", c.args)
		require.Empty(t, r.out)
	}
}

func TestRunChatNeedsTemplate(t *testing.T) {
	r := lpuctl(t, "run", "builtin:stories260k", "--chat", "Hi")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "no chat template: the file has no tokenizer.chat_template")
	r = lpuctl(t, "run", "builtin:stories260k", "--chat")
	require.Equal(t, exitUsage, r.code)
}
