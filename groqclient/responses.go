package groqclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

const responsesPath = "/responses"

// A ResponseRequest asks the responses API (beta) for an answer. Model and
// Input are required; an Opt that is not set is left out.
type ResponseRequest struct {
	Model             string             `json:"model"`
	Input             ResponseInput      `json:"input"`
	Instructions      Opt[string]        `json:"instructions,omitzero"`
	MaxOutputTokens   Opt[int]           `json:"max_output_tokens,omitzero"`
	Temperature       Opt[float64]       `json:"temperature,omitzero"`
	TopP              Opt[float64]       `json:"top_p,omitzero"`
	Tools             []ResponseTool     `json:"tools,omitempty"`
	ToolChoice        *ToolChoice        `json:"tool_choice,omitempty"`
	ParallelToolCalls Opt[bool]          `json:"parallel_tool_calls,omitzero"`
	Text              *ResponseText      `json:"text,omitempty"`
	Reasoning         *ResponseReasoning `json:"reasoning,omitempty"`
	Metadata          map[string]string  `json:"metadata,omitempty"`
	ServiceTier       Opt[string]        `json:"service_tier,omitzero"` // auto, default or flex
	Store             Opt[bool]          `json:"store,omitzero"`        // only false is supported
	Truncation        Opt[string]        `json:"truncation,omitzero"`   // auto or disabled
	User              string             `json:"user,omitempty"`
	Extra             Extra              `json:"-"`
}

func (r *ResponseRequest) check() error {
	if r == nil || r.Model == "" || r.Input.text == "" && len(r.Input.items) == 0 {
		return errors.New("groqclient: response request: no model or no input")
	}
	if r.Extra["stream"] != nil {
		return errors.New("groqclient: response request: stream is set by Respond and RespondStream")
	}
	return nil
}

// ResponseInput is a text or a list of items.
type ResponseInput struct {
	text  string
	items []ResponseItem
}

// InputText makes an input of one text of the user.
func InputText(text string) ResponseInput { return ResponseInput{text: text} }

// InputItems makes an input of items.
func InputItems(items ...ResponseItem) ResponseInput { return ResponseInput{items: items} }

// MarshalJSON writes a string or a list.
func (in ResponseInput) MarshalJSON() ([]byte, error) {
	if in.items != nil {
		return marshal(in.items)
	}
	return marshal(in.text)
}

// UnmarshalJSON reads a string or a list.
func (in *ResponseInput) UnmarshalJSON(data []byte) error {
	*in = ResponseInput{}
	if bytes.HasPrefix(data, []byte("[")) {
		return json.Unmarshal(data, &in.items)
	}
	return json.Unmarshal(data, &in.text)
}

// Types of items.
const (
	ItemMessage            = "message"
	ItemFunctionCall       = "function_call"
	ItemFunctionCallOutput = "function_call_output"
	ItemReasoning          = "reasoning"
	ItemReference          = "item_reference"
)

// A ResponseItem is a piece of the input or the output: a message, a function
// call, the output of one, reasoning, or a reference to an item. An output item
// can be sent back as input.
type ResponseItem struct {
	Type      string              `json:"type,omitempty"` // may be left out of an input message
	ID        string              `json:"id,omitempty"`
	Status    string              `json:"status,omitempty"` // in_progress, completed or incomplete
	Role      string              `json:"role,omitempty"`
	Content   ResponseItemContent `json:"content,omitzero"`
	CallID    string              `json:"call_id,omitempty"`
	Name      string              `json:"name,omitempty"`
	Arguments string              `json:"arguments,omitempty"` // JSON as the model wrote it
	Output    Opt[string]         `json:"output,omitzero"`
	Summary   []json.RawMessage   `json:"summary,omitempty"`
	Extra     Extra               `json:"-"`
}

// InputMessage makes an input message of the given role.
func InputMessage(role, text string) ResponseItem {
	return ResponseItem{Role: role, Content: ResponseItemContent{text: Set(text)}}
}

// FunctionOutput makes the answer to the function call with the given call id.
func FunctionOutput(callID, output string) ResponseItem {
	return ResponseItem{Type: ItemFunctionCallOutput, CallID: callID, Output: Set(output)}
}

// ResponseItemContent is a text or a list of parts.
type ResponseItemContent struct {
	text  Opt[string]
	parts []ResponsePart
}

// IsZero reports whether there is no content.
func (c ResponseItemContent) IsZero() bool { return c.text.IsZero() && c.parts == nil }

// Parts returns the parts, or nil if the content is one text.
func (c ResponseItemContent) Parts() []ResponsePart { return c.parts }

// Text returns the text; of a list, its texts joined.
func (c ResponseItemContent) Text() string {
	s := c.text.Or("")
	for _, p := range c.parts {
		s += p.Text
	}
	return s
}

// MarshalJSON writes a string or a list.
func (c ResponseItemContent) MarshalJSON() ([]byte, error) {
	if c.parts != nil {
		return marshal(c.parts)
	}
	return c.text.MarshalJSON()
}

// UnmarshalJSON reads a string or a list.
func (c *ResponseItemContent) UnmarshalJSON(data []byte) error {
	*c = ResponseItemContent{}
	if bytes.HasPrefix(data, []byte("[")) {
		c.parts = []ResponsePart{}
		return json.Unmarshal(data, &c.parts)
	}
	return c.text.UnmarshalJSON(data)
}

// A ResponsePart is a part of a message: input_text or output_text.
type ResponsePart struct {
	Type        string             `json:"type"`
	Text        string             `json:"text"`
	Annotations []ResponseCitation `json:"annotations,omitzero"`
	Logprobs    []json.RawMessage  `json:"logprobs,omitempty"`
	Extra       Extra              `json:"-"`
}

// A ResponseCitation cites a file by FileID, or a URL for characters
// [StartIndex, EndIndex) of the text.
type ResponseCitation struct {
	Type       string   `json:"type"` // file_citation or url_citation
	FileID     string   `json:"file_id,omitempty"`
	Index      Opt[int] `json:"index,omitzero"`
	URL        string   `json:"url,omitempty"`
	Title      string   `json:"title,omitempty"`
	StartIndex Opt[int] `json:"start_index,omitzero"`
	EndIndex   Opt[int] `json:"end_index,omitzero"`
	Extra      Extra    `json:"-"`
}

// A ResponseTool is a function of the caller; Type is "function".
type ResponseTool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Strict      Opt[bool]       `json:"strict,omitzero"`
	Extra       Extra           `json:"-"`
}

// ResponseText configures the form of the text.
type ResponseText struct {
	Format *ResponseTextFormat `json:"format,omitempty"`
	Extra  Extra               `json:"-"`
}

// A ResponseTextFormat is text, json_object, or json_schema with its fields.
type ResponseTextFormat struct {
	Type        string          `json:"type"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	Strict      Opt[bool]       `json:"strict,omitzero"`
	Extra       Extra           `json:"-"`
}

// ResponseReasoning configures reasoning.
type ResponseReasoning struct {
	Effort  Opt[string] `json:"effort,omitzero"`  // EffortLow, EffortMedium or EffortHigh
	Summary Opt[string] `json:"summary,omitzero"` // in answers; always null
	Extra   Extra       `json:"-"`
}

// States of a response.
const (
	ResponseCompleted  = "completed"
	ResponseFailed     = "failed"
	ResponseInProgress = "in_progress"
	ResponseIncomplete = "incomplete"
)

// A Response is the answer of the responses API.
type Response struct {
	ID                string             `json:"id"`
	Object            string             `json:"object"`
	Status            string             `json:"status"`
	CreatedAt         int64              `json:"created_at"` // Unix seconds
	Model             string             `json:"model"`
	Output            []ResponseItem     `json:"output"`
	Error             *ResponseError     `json:"error"`
	IncompleteDetails *IncompleteDetails `json:"incomplete_details"`
	Instructions      Opt[string]        `json:"instructions,omitzero"`
	MaxOutputTokens   Opt[int]           `json:"max_output_tokens,omitzero"`
	MaxToolCalls      Opt[int]           `json:"max_tool_calls,omitzero"`
	Metadata          map[string]string  `json:"metadata"`
	ParallelToolCalls bool               `json:"parallel_tool_calls"`
	Reasoning         *ResponseReasoning `json:"reasoning,omitempty"`
	ServiceTier       string             `json:"service_tier"`
	Store             bool               `json:"store"`
	Background        bool               `json:"background,omitempty"`
	Temperature       float64            `json:"temperature"`
	TopP              float64            `json:"top_p"`
	TopLogprobs       int                `json:"top_logprobs,omitempty"`
	Text              *ResponseText      `json:"text,omitempty"`
	ToolChoice        *ToolChoice        `json:"tool_choice,omitempty"`
	Tools             []ResponseTool     `json:"tools"`
	Truncation        string             `json:"truncation"`
	User              Opt[string]        `json:"user,omitzero"`
	Usage             *ResponseUsage     `json:"usage,omitempty"`

	PreviousResponseID Opt[string] `json:"previous_response_id,omitzero"`

	Extra Extra `json:"-"`
	Meta  Meta  `json:"-"`
}

// OutputText is the text of all messages of the output.
func (r *Response) OutputText() string {
	s := ""
	for _, item := range r.Output {
		if item.Type == ItemMessage {
			s += item.Content.Text()
		}
	}
	return s
}

// A ResponseError says why a response failed.
type ResponseError struct {
	Code    Loose  `json:"code"`
	Message string `json:"message"`
	Extra   Extra  `json:"-"`
}

// IncompleteDetails says why a response is incomplete.
type IncompleteDetails struct {
	Reason string `json:"reason"`
	Extra  Extra  `json:"-"`
}

// ResponseUsage counts tokens.
type ResponseUsage struct {
	InputTokens         int64              `json:"input_tokens"`
	OutputTokens        int64              `json:"output_tokens"`
	TotalTokens         int64              `json:"total_tokens"`
	InputTokensDetails  ResponseTokenParts `json:"input_tokens_details"`
	OutputTokensDetails ResponseTokenParts `json:"output_tokens_details"`
	Extra               Extra              `json:"-"`
}

// ResponseTokenParts counts the tokens that were cached or spent on reasoning.
type ResponseTokenParts struct {
	CachedTokens    int64 `json:"cached_tokens"`
	ReasoningTokens int64 `json:"reasoning_tokens"`
	Extra           Extra `json:"-"`
}

// Respond asks the responses API for an answer and waits for the whole of it.
// A response whose Status is ResponseFailed is an answer too: see its Error.
func (c *Client) Respond(ctx context.Context, req *ResponseRequest) (*Response, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	r := new(Response)
	meta, err := c.doJSON(ctx, http.MethodPost, responsesPath, req, r)
	if err != nil {
		return nil, err
	}
	r.Meta = meta
	return r, nil
}
