package groqclient

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// ErrBudget means that even the shortest form of a conversation is over its
// token budget.
var ErrBudget = errors.New("groqclient: conversation is over its token budget")

// A Conversation keeps the messages of a chat and gives those that fit into a
// token budget. It is not safe for concurrent use.
type Conversation struct {
	// Budget is the number of tokens that the messages may have; 0 means no
	// limit. Leave room for the answer: prompt and answer share the context
	// window.
	Budget int
	// Count counts the tokens of a message; EstimateTokens if nil.
	Count    func(Message) int
	messages []Message
}

// Add appends messages.
func (c *Conversation) Add(messages ...Message) { c.messages = append(c.messages, messages...) }

// AddResponse appends the answer in a response, in the form that may be sent
// back.
func (c *Conversation) AddResponse(r *ChatResponse) { c.Add(r.first().Message.History()) }

// All returns every message that was added.
func (c *Conversation) All() []Message { return slices.Clone(c.messages) }

// Tokens is the count of all messages.
func (c *Conversation) Tokens() int { return c.count(c.messages) }

func (c *Conversation) count(messages []Message) int {
	count := c.Count
	if count == nil {
		count = EstimateTokens
	}
	n := 0
	for _, m := range messages {
		n += count(m)
	}
	return n
}

// Messages returns the messages that fit into the budget. The oldest turns go
// first; a turn begins with a message of the user and goes as a whole, so that a
// tool's result never stands without its call. System and developer messages
// stay, in front, and so does the latest turn: if they alone are over the budget, the error
// is ErrBudget.
func (c *Conversation) Messages() ([]Message, error) {
	if c.Budget == 0 {
		return c.All(), nil
	}
	fixed, turns := split(c.messages)
	left := c.Budget - c.count(fixed)
	first := len(turns)
	for first > 0 && left-c.count(turns[first-1]) >= 0 {
		first--
		left -= c.count(turns[first])
	}
	if left < 0 || first == len(turns) && len(turns) > 0 {
		return nil, fmt.Errorf("%w: %d tokens for %d", ErrBudget, c.shortest(fixed, turns), c.Budget)
	}
	return slices.Concat(append([][]Message{fixed}, turns[first:]...)...), nil
}

// shortest is the count of what cannot be left out.
func (c *Conversation) shortest(fixed []Message, turns [][]Message) int {
	n := c.count(fixed)
	if len(turns) > 0 {
		n += c.count(turns[len(turns)-1])
	}
	return n
}

// split separates the instructions from the turns.
func split(messages []Message) (fixed []Message, turns [][]Message) {
	for _, m := range messages {
		switch {
		case m.Role == RoleSystem || m.Role == RoleDeveloper:
			fixed = append(fixed, m)
		case m.Role == RoleUser || len(turns) == 0:
			turns = append(turns, []Message{m})
		default:
			turns[len(turns)-1] = append(turns[len(turns)-1], m)
		}
	}
	return fixed, turns
}

// EstimateTokens is a rough count without a tokenizer: a token for every four
// characters of text and tool calls, and four for the frame of the message. It
// counts a part that is not text as 1,000.
func EstimateTokens(m Message) int {
	chars := utf8.RuneCountInString(m.Content.Text()) + utf8.RuneCountInString(m.Reasoning.Or(""))
	for _, call := range m.ToolCalls {
		chars += len(call.Function.Name) + len(call.Function.Arguments)
	}
	n := 4 + (chars+3)/4
	for _, p := range m.Content.Parts() {
		if p.Type != PartTypeText {
			n += 1000
		}
	}
	return n
}
