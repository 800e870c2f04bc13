package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/lpuctl/lpuctl/internal/history"
)

// errQuit ends a chat.
var errQuit = errors.New("quit")

// chatHelp lists the commands of a chat.
const chatHelp = `/system [TEXT]  instructions for the model; without TEXT, print them
/reset          forget the conversation, not the instructions
/save FILE      write the messages to FILE, as lpuctl render reads them
/load FILE|ID   read messages of a file, or go on with a kept conversation
/temp [T]       sampling temperature; without T, print it
/stats          tokens and speed of the last answer, and the sampling
/help           this list
/quit           end, as Ctrl-D on an empty line
A message that begins with / is written with two.
`

// command carries out a command, given without its slash.
func (s *session) command(text string) error {
	name, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch name = strings.TrimSpace(name); name {
	case "system":
		return s.setSystem(rest)
	case "reset":
		s.messages, s.head, s.kept = nil, history.Conversation{}, ""
		return nil
	case "save", "load":
		return s.saveOrLoad(name, rest)
	case "temp":
		return s.setTemperature(rest)
	case "stats":
		return s.printAll()
	case "help":
		_, err := io.WriteString(s.out, chatHelp)
		return err
	case "quit", "exit", "bye":
		return errQuit
	}
	return usagef("/%s is no command: /help lists them", printable(name))
}

func (s *session) setSystem(text string) error {
	if text == "" {
		_, err := fmt.Fprintln(s.out, s.system)
		return err
	}
	s.system = text
	return nil
}

func (s *session) saveOrLoad(name, file string) error {
	switch {
	case file == "":
		return usagef("/%s: which file?", name)
	case name == "save":
		return s.save(file)
	}
	return s.load(file)
}

// setTemperature begins a new sequence of random numbers.
func (s *session) setTemperature(text string) error {
	if text == "" {
		_, err := fmt.Fprintln(s.out, s.sampler.Params().Temperature)
		return err
	}
	t, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return usagef("/temp %s: want a number", text)
	}
	before := s.flags.sampling.Temperature
	s.flags.sampling.Temperature = t
	if err := s.sample(); err != nil {
		s.flags.sampling.Temperature = before
		return err
	}
	return nil
}

// printAll prints what is known about the last answer, the sampling and the
// conversation.
func (s *session) printAll() error {
	t := &s.last
	fmt.Fprintf(s.out, "messages: %d, context: %d tokens\n", len(s.messages), s.generator.Engine.Context())
	if s.head.ID != "" {
		fmt.Fprintf(s.out, "conversation: %s\n", s.head.ID)
	}
	if t.Generated > 0 {
		printStats(s.out, t.Stats, t.first, t.rest)
	}
	return printSampling(s.out, s.sampler.Params())
}
