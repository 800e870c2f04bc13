package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/lpuctl/lpuctl/internal/chat"
	"github.com/lpuctl/lpuctl/internal/chat/jinja"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/history"
	"github.com/lpuctl/lpuctl/internal/sample"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// session is a conversation with a local model.
type session struct {
	*app
	ctx        context.Context
	interrupts <-chan os.Signal // each stops an answer; nil: the context does
	flags      *chatFlags
	spec       string

	tok       *tokenizer.Tokenizer
	templates *chat.Templates
	ends      []int
	generator *engine.Generator
	sampler   *sample.Sampler

	system   string
	messages []chatMessage // of user and assistant
	last     turnStats
	full     bool // the context, before the last answer ended

	store *history.Store       // nil: nothing is kept
	head  history.Conversation // zero: not kept yet
	kept  string               // the system message that was kept last
}

// chatMessage is a message as templates and files have it.
type chatMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// turnStats are of an answer.
type turnStats struct {
	engine.Stats
	first, rest time.Duration // to the first token, and from there on
}

// sample makes a sampler of the flags.
func (s *session) sample() error {
	sampler, _, err := s.flags.sampling.sampler()
	if err == nil {
		s.sampler = sampler
	}
	return err
}

// all are the messages with the system's in front.
func (s *session) all() []chatMessage {
	list := []chatMessage{}
	if s.system != "" {
		list = append(list, chatMessage{"system", s.system})
	}
	return append(list, s.messages...)
}

// prompt is what the template makes of the conversation.
func (s *session) prompt() ([]int, error) {
	list := jinja.NewList()
	for _, m := range s.all() {
		d := &jinja.Dict{}
		d.Set("role", m.Role)
		d.Set("content", m.Content)
		list.Items = append(list.Items, d)
	}
	text, err := s.templates.Render(chat.Conversation{Messages: list, GenerationPrompt: true, Now: time.Now()})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.spec, err)
	}
	ids, err := s.tok.EncodeSpecial(text)
	if n := s.generator.Engine.Context(); err == nil && len(ids) > n {
		err = fmt.Errorf("the conversation has %d tokens, and the context %d: /reset begins anew", len(ids), n)
	}
	return ids, err
}

// answer prints the answer to a message and keeps both, if it was not stopped
// before it began.
func (s *session) answer(text string) error {
	s.messages = append(s.messages, chatMessage{"user", text})
	reply, err := s.generate()
	stopped := errors.Is(err, context.Canceled)
	if err != nil && (reply == "" || !stopped) {
		s.messages = s.messages[:len(s.messages)-1]
		return err
	}
	s.messages = append(s.messages, chatMessage{"assistant", reply})
	if keepErr := s.keep(stopped); keepErr != nil {
		return keepErr
	}
	if stopped && s.interrupts == nil {
		return err
	}
	if s.flags.stats || s.interrupts != nil && !s.quiet {
		s.printTurn()
	}
	if s.full {
		s.log().Warn("the answer is cut short, for the context is full: /reset begins anew")
	}
	return nil
}

// generate prints what the model says now, and returns it as far as it came.
func (s *session) generate() (string, error) {
	ids, err := s.prompt()
	if err != nil {
		return "", err
	}
	stopper, err := sample.NewStopper(s.flags.sampling.stops)
	if err != nil {
		return "", err
	}
	ctx, stop := s.stoppable()
	defer stop()
	var reply bytes.Buffer
	said := newSpeaker(io.MultiWriter(&reply, s.shown()), s.tok, s.ends, stopper, ids)
	s.sampler.Begin(ids)
	start := time.Now()
	err = s.generator.Generate(ctx, ids, s.flags.tokens, s.sampler, said.say)
	end := time.Now()
	err = cmp.Or(err, said.finish())
	s.full = err == nil && said.reason(nil) == "length" && len(said.ids) != s.flags.tokens
	if len(said.ids) > 0 {
		s.last = turnStats{s.generator.Stats, said.first.Sub(start), end.Sub(said.first)}
	}
	if !strings.HasSuffix(reply.String(), "\n") {
		_, writeErr := io.WriteString(s.out, "\n")
		err = cmp.Or(err, writeErr)
	}
	return reply.String(), err
}

// stoppable is a context that an interrupt ends, and what ends the wait for one.
func (s *session) stoppable() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(s.ctx)
	if s.interrupts == nil {
		return ctx, cancel
	}
	select {
	case <-s.interrupts: // of before
	default:
	}
	go func() {
		select {
		case <-s.interrupts:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// printTurn prints a line about the last answer.
func (s *session) printTurn() {
	t := &s.last
	fmt.Fprintf(s.err, "[%d tokens, %.1f tokens/s; prompt of %d tokens, %d of them new, read in %.1f ms; context of %d]\n",
		t.Generated, perSecond(t.Generated-1, t.rest), t.Prompt, t.Prompt-t.Cached, milliseconds(t.first), s.generator.Engine.Context())
}
