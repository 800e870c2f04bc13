// Package chat turns a conversation into the prompt of a model, with the chat
// template that comes with the model.
package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lpuctl/lpuctl/internal/chat/jinja"
)

// ErrNoTemplate says that a model has no chat template.
var ErrNoTemplate = errors.New("no chat template")

// Templates are the chat templates of a model and the variables that they are
// given beside the conversation.
type Templates struct {
	list      []source
	variables []variable // special tokens
}

// source is a template where a model keeps it.
type source struct {
	name  string // "default", "tool_use" ...
	place string // a file of the folder, or a key of the GGUF file
	text  string
}

type variable struct{ name, value string }

// Conversation is what a template makes a prompt of. Messages, Tools and
// Documents are values of package jinja; Tools and Documents may be nil, which
// the template sees as none.
type Conversation struct {
	Messages, Tools, Documents any
	// GenerationPrompt asks for the beginning of the assistant's answer.
	GenerationPrompt bool
	// Now is the time that a template can print.
	Now time.Time
	// Extra are more variables, such as enable_thinking. They come last and
	// may replace the others.
	Extra *jinja.Dict
}

// User is a conversation of one message.
func User(content string) *jinja.List {
	m := &jinja.Dict{}
	m.Set("role", "user")
	m.Set("content", content)
	return jinja.NewList(m)
}

// Render returns the prompt of a conversation, as apply_chat_template of
// transformers makes it. Of several templates the one named tool_use is taken
// for tools, otherwise default. The error of a template wraps a *jinja.Error.
func (t *Templates) Render(c Conversation) (string, error) {
	s, err := t.choose(c.Tools != nil)
	if err != nil {
		return "", err
	}
	parsed, err := jinja.Parse(s.text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.place, err)
	}
	text, err := parsed.Render(t.given(c), c.Now)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.place, err)
	}
	return text, nil
}

// Where names the file, or the key of a GGUF file, that holds the templates.
func (t *Templates) Where() string { return t.list[0].place }

func (t *Templates) choose(tools bool) (source, error) {
	named := func(name string) int {
		return slices.IndexFunc(t.list, func(s source) bool { return s.name == name })
	}
	if i := named("tool_use"); tools && i >= 0 {
		return t.list[i], nil
	}
	if i := named("default"); i >= 0 {
		return t.list[i], nil
	}
	names := make([]string, len(t.list))
	for i, s := range t.list {
		names[i] = s.name
	}
	if len(names) == 0 {
		return source{}, ErrNoTemplate
	}
	return source{}, fmt.Errorf("%s: no chat template is named default: there are %s", t.list[0].place, strings.Join(names, ", "))
}

// given are the variables of a rendering.
func (t *Templates) given(c Conversation) *jinja.Dict {
	d := &jinja.Dict{}
	for _, v := range t.variables {
		d.Set(v.name, v.value)
	}
	d.Set("messages", c.Messages)
	d.Set("tools", c.Tools)
	d.Set("documents", c.Documents)
	d.Set("add_generation_prompt", c.GenerationPrompt)
	if c.Extra != nil {
		for name, v := range c.Extra.All() {
			d.Set(name, v)
		}
	}
	return d
}

// set gives a special token its text. The first one counts.
func (t *Templates) set(name, value string) {
	if !slices.ContainsFunc(t.variables, func(v variable) bool { return v.name == name }) {
		t.variables = append(t.variables, variable{name, value})
	}
}
