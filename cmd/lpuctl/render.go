package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/chat"
	"github.com/lpuctl/lpuctl/internal/chat/jinja"
	"github.com/lpuctl/lpuctl/internal/model"
)

// renderFlags are those of `lpuctl render`.
type renderFlags struct {
	template         string
	tools, documents string
	noPrompt         bool
	now              string
	set              []string
}

func newRender(a *app) *cobra.Command {
	var f renderFlags
	cmd := &cobra.Command{
		Use:   "render MODEL MESSAGES.json | --template FILE.jinja CONTEXT.json",
		Short: "Print the prompt that a chat template makes of messages",
		Long: `Print the prompt that the chat template of MODEL makes of messages, and nothing else.
Only the tokenizer files of a folder are read, or the metadata of a GGUF file.
With --template a template is rendered with the variables of a JSON object
(messages, tools, bos_token ...). A file named - is stdin.`,
		Example: `  lpuctl render model.gguf messages.json
  lpuctl render path/to/folder messages.json --tools tools.json --set enable_thinking=false
  echo '[{"role": "user", "content": "Hello"}]' | lpuctl render model.gguf - --now 2024-07-26
  lpuctl render --template chat_template.jinja context.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			return cobra.ExactArgs(map[bool]int{true: 1, false: 2}[f.template != ""])(cmd, args)
		},
		ValidArgsFunction: completeModel,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.render(&f, args)
			if err != nil {
				return err
			}
			_, err = io.WriteString(a.out, text)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.template, "template", "", "render this template with the variables of CONTEXT.json")
	flags.StringVar(&f.tools, "tools", "", "JSON file with the tools, an array of schemas")
	flags.StringVar(&f.documents, "documents", "", "JSON file with the documents, an array of objects")
	flags.BoolVar(&f.noPrompt, "no-generation-prompt", false, "do not begin the answer of the assistant")
	flags.StringVar(&f.now, "now", "", "time that templates can print, as 2024-07-26 or 2024-07-26T15:04:05 (default: the clock)")
	flags.StringArrayVar(&f.set, "set", nil, "one more variable, as KEY=JSON; may be repeated")
	return cmd
}

func (a *app) render(f *renderFlags, args []string) (string, error) {
	now, err := parseNow(f.now)
	if err != nil {
		return "", err
	}
	extra, err := parseVariables(f.set)
	if err != nil {
		return "", err
	}
	if f.template != "" {
		return a.renderBare(f, args[0], extra, now)
	}
	templates, err := templatesOf(args[0])
	if err != nil {
		return "", err
	}
	c := chat.Conversation{GenerationPrompt: !f.noPrompt, Now: now, Extra: extra}
	for _, part := range []struct {
		path string
		into *any
	}{{args[1], &c.Messages}, {f.tools, &c.Tools}, {f.documents, &c.Documents}} {
		if *part.into, err = a.readArray(part.path); err != nil {
			return "", err
		}
	}
	text, err := templates.Render(c)
	if err != nil {
		return "", fmt.Errorf("%s: %w", args[0], err)
	}
	return text, nil
}

// renderBare renders the file of --template with the object of a JSON file.
func (a *app) renderBare(f *renderFlags, path string, extra *jinja.Dict, now time.Time) (string, error) {
	if f.tools != "" || f.documents != "" || f.noPrompt {
		return "", usagef("--template takes its variables from CONTEXT.json: --tools, --documents and --no-generation-prompt have no place")
	}
	source, err := os.ReadFile(f.template)
	if err != nil {
		return "", err
	}
	v, err := a.readJSON(path)
	if err != nil {
		return "", err
	}
	variables, ok := v.(*jinja.Dict)
	if !ok {
		return "", fmt.Errorf("%s: want an object with the variables of the template", path)
	}
	for name, v := range extra.All() {
		variables.Set(name, v)
	}
	t, err := jinja.Parse(string(source))
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.template, err)
	}
	text, err := t.Render(variables, now)
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.template, err)
	}
	return text, nil
}

// readJSON reads a JSON file, or stdin for "-".
func (a *app) readJSON(path string) (any, error) {
	data, err := []byte(nil), error(nil)
	if path == "-" {
		data, err = io.ReadAll(a.in)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	v, err := jinja.ParseJSON(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// readArray reads a JSON array of objects; no path gives nil.
func (a *app) readArray(path string) (any, error) {
	if path == "" {
		return nil, nil
	}
	v, err := a.readJSON(path)
	if err != nil {
		return nil, err
	}
	list, ok := v.(*jinja.List)
	if !ok {
		return nil, fmt.Errorf("%s: want an array of objects", path)
	}
	for i, item := range list.Items {
		if _, ok := item.(*jinja.Dict); !ok {
			return nil, fmt.Errorf("%s: element %d is not an object", path, i)
		}
	}
	return list, nil
}

// parseNow reads --now; the default is the clock.
func parseNow(s string) (time.Time, error) {
	if s == "" {
		return time.Now(), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--now %s: want a time such as 2024-07-26 or 2024-07-26T15:04:05", s)
}

// parseVariables reads the values of --set.
func parseVariables(set []string) (*jinja.Dict, error) {
	d := &jinja.Dict{}
	for _, s := range set {
		name, text, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, usagef("--set %s: want KEY=JSON", s)
		}
		v, err := jinja.ParseJSON([]byte(text))
		if err != nil {
			return nil, usagef("--set %s: %w", s, err)
		}
		d.Set(name, v)
	}
	return d, nil
}

// templatesOf finds the chat templates of MODEL without its weights if it can.
func templatesOf(spec string) (*chat.Templates, error) {
	switch info, err := os.Stat(spec); {
	case err == nil && info.IsDir():
		return chat.Folder(spec)
	case err == nil:
		return templatesGGUF(spec)
	}
	m, err := model.Open(spec)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return modelTemplates(m)
}

// modelTemplates finds the chat templates of an open model.
func modelTemplates(m *model.Model) (*chat.Templates, error) {
	switch {
	case m.Checkpoint == nil:
		return nil, fmt.Errorf("%s: %w: a preset is a shape only", m.Config.Name, chat.ErrNoTemplate)
	case m.Checkpoint.Format() != "gguf":
		return chat.Folder(m.Checkpoint.Dir())
	}
	t, err := chat.GGUF(m.Checkpoint)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Config.Name, err)
	}
	return t, nil
}

// templatesGGUF reads the templates of a GGUF file.
func templatesGGUF(path string) (*chat.Templates, error) {
	return fromGGUF(path, func(m ggufMetadata) (*chat.Templates, error) { return chat.GGUF(m) })
}
