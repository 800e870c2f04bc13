package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/history"
)

// groqSource marks the conversations that are held with the Groq API.
const groqSource = "groq"

// talk is the conversation that a question belongs to.
type talk struct {
	store *history.Store       // nil: nothing is kept
	head  history.Conversation // zero: a new one
	past  []groqclient.Message // what was said before
	turn  []groqclient.Message // what is asked now
	saves bool
}

// openTalk reads the conversation that the flags name, or prepares a new one.
// A new one can do without the database: then nothing is kept.
func (a *app) openTalk(ctx context.Context, f *promptFlags) (*talk, error) {
	t := &talk{saves: !f.unsaved && !f.dryRun}
	goesOn := f.last || f.id != ""
	if !goesOn && !t.saves {
		return t, nil
	}
	store, err := openHistory(ctx)
	if err != nil && !goesOn {
		a.log().Warn("the conversation is not kept", "error", err)
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	t.store = store
	if goesOn {
		if err := t.load(ctx, f.id); err != nil {
			t.close()
			return nil, err
		}
	}
	return t, nil
}

func openHistory(ctx context.Context) (*history.Store, error) {
	path, err := history.Path()
	if err != nil {
		return nil, err
	}
	return history.Open(ctx, path)
}

// load reads the conversation with the id, the latest if it is empty.
func (t *talk) load(ctx context.Context, id string) (err error) {
	if id == "" {
		t.head, err = t.store.Latest(ctx, groqSource)
	} else {
		t.head, err = t.store.Conversation(ctx, id)
	}
	if err != nil {
		return err
	}
	if t.head.Source != groqSource {
		return usagef("conversation %s is held with %q, not with the Groq API", t.head.ID, t.head.Source)
	}
	messages, err := t.store.Messages(ctx, t.head.ID)
	if err != nil {
		return err
	}
	for i, m := range messages {
		var message groqclient.Message
		if err := json.Unmarshal(m.Data, &message); err != nil {
			return fmt.Errorf("conversation %s: message %d: %w", t.head.ID, i, err)
		}
		t.past = append(t.past, message)
	}
	return nil
}

func (t *talk) close() {
	if t.store != nil {
		t.store.Close()
	}
}

// unanswered are the calls of the last answer whose results are missing.
func (t *talk) unanswered() []groqclient.ToolCall {
	if len(t.past) == 0 {
		return nil
	}
	return t.past[len(t.past)-1].ToolCalls
}

// results turns CALL_ID=TEXT into messages. Every call that waits must get its
// result: the API refuses a conversation that leaves one out.
func (t *talk) results(given []string) ([]groqclient.Message, error) {
	texts := map[string]string{}
	for _, g := range given {
		id, text, ok := strings.Cut(g, "=")
		if !ok {
			return nil, usagef("--tool-result: want CALL_ID=TEXT")
		}
		texts[id] = text
	}
	var messages []groqclient.Message
	for _, call := range t.unanswered() {
		text, ok := texts[call.ID]
		if !ok {
			return nil, usagef("conversation %s waits for the result of %s: add --tool-result %s=TEXT",
				t.head.ID, call.Function.Name, call.ID)
		}
		delete(texts, call.ID)
		messages = append(messages, groqclient.ToolMessage(call.ID, text))
	}
	if len(texts) > 0 {
		return nil, usagef("--tool-result: the conversation does not wait for all of these calls")
	}
	return messages, nil
}

// ask adds what is asked now and returns the messages to send. There is one
// system message, in front: the new one, else the latest of the past.
func (t *talk) ask(system string, question []groqclient.Message) []groqclient.Message {
	if system != "" {
		t.turn = append(t.turn, groqclient.SystemMessage(system))
	}
	t.turn = append(t.turn, question...)
	var front, rest []groqclient.Message
	for _, m := range append(t.past[:len(t.past):len(t.past)], t.turn...) {
		if m.Role == groqclient.RoleSystem {
			front = []groqclient.Message{m}
		} else {
			rest = append(rest, m)
		}
	}
	return append(front, rest...)
}

// keep stores the question and the answer as far as it came. A question without
// an answer is not kept.
func (t *talk) keep(ctx context.Context, ans *answer) error {
	reply, ok := ans.message()
	if t.store == nil || !t.saves || !ok {
		return nil
	}
	var rows []history.Message
	for _, m := range append(t.turn, reply) {
		data, err := json.Marshal(m)
		if err != nil {
			return err
		}
		rows = append(rows, history.Message{Role: m.Role, Text: shownText(m), Data: data})
	}
	last := &rows[len(rows)-1]
	last.Model, last.Partial = ans.model, ans.err != nil
	if t.head.ID != "" {
		return t.store.Append(ctx, t.head.ID, rows...)
	}
	var err error
	t.head, err = t.store.Create(ctx, groqSource, rows...)
	return err
}

// shownText is a message as people read it: its text, its calls, the number of
// its pictures.
func shownText(m groqclient.Message) string {
	lines := []string{}
	if text := m.Content.Text(); text != "" {
		lines = append(lines, text)
	}
	for _, p := range m.Content.Parts() {
		if p.ImageURL != nil {
			lines = append(lines, "[image]")
		}
	}
	for _, c := range m.ToolCalls {
		lines = append(lines, fmt.Sprintf("[call %s] %s(%s)", c.ID, c.Function.Name, c.Function.Arguments))
	}
	return strings.Join(lines, "\n")
}
