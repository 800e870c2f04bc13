package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/lpuctl/lpuctl/internal/atomicfile"
	"github.com/lpuctl/lpuctl/internal/history"
)

// localSource marks the conversations that are held with a local model.
const localSource = "local"

// openStore opens the store of conversations, and the conversation that the
// flags name. A new one can do without the store: then nothing is kept.
func (s *session) openStore(ctx context.Context) error {
	f := &s.flags.conversationFlags
	goesOn := f.last || f.id != ""
	if f.unsaved && !goesOn {
		return nil
	}
	store, err := openHistory(ctx)
	if err != nil && !goesOn {
		s.log().Warn("the conversation is not kept", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	s.store = store
	if goesOn {
		if err := s.goOn(ctx, f.id); err != nil {
			s.closeStore()
			return err
		}
	}
	return nil
}

func (s *session) closeStore() {
	if s.store != nil {
		s.store.Close()
	}
}

// goOn goes on with a kept conversation, the latest with a local model if id is
// empty. One that was held elsewhere is copied: what follows is a new one.
func (s *session) goOn(ctx context.Context, id string) (err error) {
	var head history.Conversation
	if id == "" {
		head, err = s.store.Latest(ctx, localSource)
	} else {
		head, err = s.store.Conversation(ctx, id)
	}
	if err != nil {
		return err
	}
	rows, err := s.store.Messages(ctx, head.ID)
	if err != nil {
		return err
	}
	var list []chatMessage
	for _, row := range rows {
		list = append(list, chatMessage{row.Role, row.Text})
	}
	if err := s.take(list); err != nil {
		return fmt.Errorf("conversation %s: %w", head.ID, err)
	}
	if head.Source == localSource {
		s.head, s.kept = head, s.system
	}
	return nil
}

// take replaces the conversation by messages. The last system message counts.
func (s *session) take(list []chatMessage) error {
	system := s.system
	var rest []chatMessage
	for i, m := range list {
		switch m.Role {
		case "system":
			system = m.Content
		case "user", "assistant":
			rest = append(rest, m)
		default:
			return fmt.Errorf("message %d has the role %q: want system, user or assistant", i, m.Role)
		}
	}
	s.system, s.messages = system, rest
	s.head, s.kept = history.Conversation{}, ""
	return nil
}

// keep stores the last question and its answer; partial says that the answer
// was stopped. A conversation that is not kept yet is stored from its beginning.
func (s *session) keep(partial bool) error {
	if s.store == nil || s.flags.unsaved {
		return nil
	}
	list := s.messages
	if s.head.ID != "" {
		list = list[len(list)-2:]
	}
	if s.system != s.kept {
		list = append([]chatMessage{{"system", s.system}}, list...)
	}
	rows := make([]history.Message, len(list))
	for i, m := range list {
		data, err := json.Marshal(m)
		if err != nil {
			return err
		}
		rows[i] = history.Message{Role: m.Role, Text: m.Content, Data: data}
	}
	rows[len(rows)-1].Model, rows[len(rows)-1].Partial = s.spec, partial
	// An interrupt ends the answer, not its keeping.
	ctx := context.WithoutCancel(s.ctx)
	var err error
	if s.head.ID != "" {
		err = s.store.Append(ctx, s.head.ID, rows...)
	} else {
		s.head, err = s.store.Create(ctx, localSource, rows...)
	}
	if err == nil {
		s.kept = s.system
	}
	return err
}

// save writes the messages to a file, as `lpuctl render` reads them. What comes
// from a pipe may have been written by anyone: it replaces no file.
func (s *session) save(path string) error {
	if _, err := os.Lstat(path); s.interrupts == nil && !os.IsNotExist(err) {
		return fmt.Errorf("/save %s: the file exists, and is replaced only from a terminal", path)
	}
	return atomicfile.Write(path, 0o600, func(f *os.File) error { return writeJSON(f, s.all()) })
}

// maxSaved is the most bytes of a file of messages.
const maxSaved = 64 << 20

// load reads messages of a file, or of the kept conversation of that id.
func (s *session) load(name string) error {
	file, err := os.Open(name)
	if os.IsNotExist(err) && s.store != nil {
		return s.goOn(context.WithoutCancel(s.ctx), name)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSaved+1)) // of a device too
	if err != nil {
		return err
	}
	if len(data) > maxSaved {
		return fmt.Errorf("%s: at most %d bytes are read, and there are more", name, maxSaved)
	}
	list, err := parseMessages(data)
	if err == nil {
		err = s.take(list)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// parseMessages reads a JSON array of messages that are a role and a text. What
// else templates can be given, a chat would lose: it is an error.
func parseMessages(data []byte) ([]chatMessage, error) {
	var all []map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil || all == nil {
		return nil, cmp.Or(err, errors.New("null is no array of messages"))
	}
	list := make([]chatMessage, len(all))
	for i, m := range all {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			var text *string
			if err := json.Unmarshal(m[key], &text); err != nil || text == nil {
				return nil, fmt.Errorf("message %d: %q is no text", i, key)
			}
			switch key {
			case "role":
				list[i].Role = *text
			case "content":
				list[i].Content = *text
			default:
				return nil, fmt.Errorf("message %d has %q: a chat keeps role and content only", i, key)
			}
		}
		if _, ok := m["content"]; !ok {
			return nil, fmt.Errorf("message %d has no content", i)
		}
	}
	return list, nil
}
