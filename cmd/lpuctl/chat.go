package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/reference"
)

// chatFlags are those of `lpuctl chat`.
type chatFlags struct {
	graphFlags
	sampling sampleFlags
	conversationFlags
	system  string
	tokens  int
	threads int
	whole   bool
	stats   bool
}

func newChat(a *app) *cobra.Command {
	var f chatFlags
	cmd := &cobra.Command{
		Use:   "chat MODEL",
		Short: "Talk to a model on the CPU reference",
		Long: `Talk to a model on the CPU reference, with the chat template that it comes with.

On a terminal, Enter sends a message; a line that ends in \ goes on in the next one, and so does pasted text.
Ctrl-C stops an answer, or clears the message; Ctrl-D on an empty line ends. /help lists the commands.
From a pipe, each line is a message, or with --whole the input as a whole; answers go to stdout.`,
		Example: `  lpuctl chat model.gguf
  lpuctl chat model.gguf --system "Answer in one sentence." --temp 0.2
  echo "Why is the sky blue?" | lpuctl chat model.gguf -n 200 --no-save`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.chat(cmd.Context(), &f, args[0])
		},
	}
	f.graphFlags.register(cmd)
	f.sampling.register(cmd)
	f.conversationFlags.register(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&f.system, "system", "s", "", "instructions for the model, as `text`")
	flags.IntVarP(&f.tokens, "tokens", "n", -1, "most tokens of an answer (-1: until its end or that of the context)")
	flags.IntVar(&f.threads, "threads", 0, "threads (0: all processors); they do not change the text")
	flags.BoolVar(&f.whole, "whole", false, "standard input is one message, up to its end")
	flags.BoolVar(&f.stats, "stats", false, "print tokens and speed of each answer on stderr, as is done on a terminal")
	return cmd
}

func (a *app) chat(ctx context.Context, f *chatFlags, spec string) error {
	if err := cmp.Or(checkCount("tokens", f.tokens, -1), checkCount("threads", f.threads, 0)); err != nil {
		return err
	}
	s := &session{app: a, flags: f, spec: spec, system: f.system, ctx: ctx}
	m, e, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	defer e.Close()
	if err := s.openStore(ctx); err != nil {
		return err
	}
	defer s.closeStore()
	if !f.whole && terminal(a.in) && movesCursor(a.out) {
		return a.chatOnTerminal(ctx, s)
	}
	return s.talk(&pipe{in: a.in, whole: f.whole})
}

// chatOnTerminal talks through a line editor. Interrupts stop answers, not the
// program.
func (a *app) chatOnTerminal(ctx context.Context, s *session) error {
	ed, err := newEditor(a)
	if err != nil {
		return err
	}
	defer ed.close()
	s.ctx, s.interrupts = context.WithoutCancel(ctx), ed.interrupts
	fmt.Fprintf(a.out, "%s. /help lists the commands, Ctrl-D ends.\n", s.spec)
	return s.talk(ed)
}

// open opens the model, its tokenizer and templates, and an engine for it.
func (s *session) open(ctx context.Context) (*model.Model, *reference.Engine, error) {
	var err error
	if err = s.sample(); err != nil {
		return nil, nil, err
	}
	if s.templates, err = templatesOf(s.spec); err != nil {
		return nil, nil, err
	}
	m, g, err := s.flags.open(s.spec)
	if err != nil {
		return nil, nil, err
	}
	e, err := s.openEngine(ctx, m, g)
	if err != nil {
		m.Close()
		return nil, nil, err
	}
	return m, e, nil
}

func (s *session) openEngine(ctx context.Context, m *model.Model, g *model.Graph) (*reference.Engine, error) {
	tok, err := openTokenizer(m)
	if err != nil {
		return nil, err
	}
	s.tok, s.ends = tok, endIDs(m, tok)
	e, err := s.newReference(ctx, g, s.flags.threads)
	if err != nil {
		return nil, err
	}
	if s.generator, err = s.flags.sampling.generator(e, s.sampler.Params()); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// messages is where a chat comes from. message returns io.EOF at the end.
type messages interface {
	message() (string, error)
}

// talk answers messages until there are no more. From a pipe the first error
// ends it; a person may try something else.
func (s *session) talk(in messages) error {
	for {
		text, err := in.message()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case strings.TrimSpace(text) == "":
			continue
		}
		err = s.heed(text)
		if errors.Is(err, errQuit) {
			return nil
		}
		if err != nil && s.interrupts == nil {
			return err
		}
		if err != nil {
			fmt.Fprintf(s.err, "lpuctl: %s\n", errorText(err))
		}
	}
}

// heed carries out a command, or answers a message. What begins with two
// slashes is a message that begins with one. A whole input is a message.
func (s *session) heed(text string) error {
	if s.flags.whole {
		return s.answer(text)
	}
	command, ok := strings.CutPrefix(text, "/")
	if ok && !strings.HasPrefix(command, "/") {
		return s.command(command)
	}
	if ok {
		text = command
	}
	return s.answer(text)
}
