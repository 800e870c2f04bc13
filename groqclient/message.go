package groqclient

import (
	"bytes"
	"encoding/json"
)

// Roles of messages.
const (
	RoleSystem    = "system"
	RoleDeveloper = "developer"
	RoleUser      = "user"
	RoleAssistant = "assistant"
	RoleTool      = "tool"
)

// A Message is one turn of the conversation that a request sends.
type Message struct {
	Role    string  `json:"role"`
	Content Content `json:"content,omitzero"`
	Name    string  `json:"name,omitempty"`
	// Reasoning is an assistant's, for models that take it back; other
	// models refuse a request that has it.
	Reasoning  Opt[string] `json:"reasoning,omitzero"`
	ToolCalls  []ToolCall  `json:"tool_calls,omitempty"`   // of an assistant
	ToolCallID string      `json:"tool_call_id,omitempty"` // of a tool: which call it answers
	// FunctionCall is the deprecated form of ToolCalls.
	FunctionCall *FunctionCall `json:"function_call,omitempty"`
	Extra        Extra         `json:"-"`
}

// SystemMessage makes a message of role system.
func SystemMessage(text string) Message { return Message{Role: RoleSystem, Content: Text(text)} }

// DeveloperMessage makes a message of role developer.
func DeveloperMessage(text string) Message { return Message{Role: RoleDeveloper, Content: Text(text)} }

// UserMessage makes a message of role user.
func UserMessage(text string) Message { return Message{Role: RoleUser, Content: Text(text)} }

// UserParts makes a message of role user from parts: text, images, documents.
func UserParts(parts ...Part) Message { return Message{Role: RoleUser, Content: Parts(parts...)} }

// AssistantMessage makes a message of role assistant.
func AssistantMessage(text string) Message { return Message{Role: RoleAssistant, Content: Text(text)} }

// ToolMessage makes the answer to the tool call with the given id.
func ToolMessage(callID, text string) Message {
	return Message{Role: RoleTool, ToolCallID: callID, Content: Text(text)}
}

// Content is what a message says: unset (the zero Content), null, a text
// (possibly empty), or a list of parts.
type Content struct {
	text  Opt[string]
	parts []Part
}

// Text makes content of one text.
func Text(s string) Content { return Content{text: Set(s)} }

// Parts makes content of parts.
func Parts(parts ...Part) Content { return Content{parts: append([]Part{}, parts...)} }

// NullContent makes content that is sent as null.
func NullContent() Content { return Content{text: Null[string]()} }

// IsZero reports whether the content is unset.
func (c Content) IsZero() bool { return c.text.IsZero() && c.parts == nil }

// Parts returns the parts, or nil if the content is not a list.
func (c Content) Parts() []Part { return c.parts }

// Text returns the text; of a list, its text parts joined.
func (c Content) Text() string {
	s := c.text.Or("")
	for _, p := range c.parts {
		s += p.Text.Or("")
	}
	return s
}

// MarshalJSON writes a string, a list or null.
func (c Content) MarshalJSON() ([]byte, error) {
	if c.parts != nil {
		return marshal(c.parts)
	}
	return c.text.MarshalJSON()
}

// UnmarshalJSON reads a string, a list or null.
func (c *Content) UnmarshalJSON(data []byte) error {
	*c = Content{}
	if bytes.HasPrefix(data, []byte("[")) {
		c.parts = []Part{}
		return json.Unmarshal(data, &c.parts)
	}
	return c.text.UnmarshalJSON(data)
}

// Types of parts.
const (
	PartTypeText     = "text"
	PartTypeImageURL = "image_url"
	PartTypeDocument = "document"
)

// A Part is a piece of a message: a text, an image or a document.
type Part struct {
	Type     string        `json:"type"`
	Text     Opt[string]   `json:"text,omitzero"`
	ImageURL *ImageURL     `json:"image_url,omitempty"`
	Document *DocumentData `json:"document,omitempty"`
	Extra    Extra         `json:"-"`
}

// An ImageURL points to an image, or holds it as a data: URL.
type ImageURL struct {
	URL    string `json:"url"`
	Detail string `json:"detail,omitempty"` // auto, low or high
	Extra  Extra  `json:"-"`
}

// DocumentData is a JSON document, with an id that citations can name.
type DocumentData struct {
	Data  json.RawMessage `json:"data"`
	ID    string          `json:"id,omitempty"`
	Extra Extra           `json:"-"`
}

// A ToolCall is the model's wish to call a function.
type ToolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function FunctionCall `json:"function"`
	Extra    Extra        `json:"-"`
}

// A FunctionCall names a function and its arguments, which are JSON as the
// model wrote it: it may be invalid.
type FunctionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
	Extra     Extra  `json:"-"`
}
