package groqclient

import "encoding/json"

// Reasons why a choice ended.
const (
	FinishStop          = "stop"
	FinishLength        = "length"
	FinishToolCalls     = "tool_calls"
	FinishFunctionCall  = "function_call"
	FinishContentFilter = "content_filter"
)

// A ChatResponse is a completion: the reply to [Client.Chat], or what
// [Accumulator] put together from a stream.
type ChatResponse struct {
	ID                string          `json:"id"`
	Object            string          `json:"object"`
	Created           int64           `json:"created"` // Unix seconds
	Model             string          `json:"model"`
	SystemFingerprint string          `json:"system_fingerprint,omitempty"`
	ServiceTier       string          `json:"service_tier,omitempty"`
	Choices           []Choice        `json:"choices"`
	Usage             *Usage          `json:"usage,omitempty"`
	UsageBreakdown    *UsageBreakdown `json:"usage_breakdown,omitempty"`
	MCPListTools      []MCPListTools  `json:"mcp_list_tools,omitempty"`
	XGroq             *XGroq          `json:"x_groq,omitempty"`
	Extra             Extra           `json:"-"`
	Meta              Meta            `json:"-"`
}

// first is the first choice, or an empty one.
func (r *ChatResponse) first() Choice {
	if len(r.Choices) == 0 {
		return Choice{}
	}
	return r.Choices[0]
}

// Text is the content of the first choice, "" if there is none.
func (r *ChatResponse) Text() string { return r.first().Message.Content.Or("") }

// Reasoning is the reasoning of the first choice, "" if there is none.
func (r *ChatResponse) Reasoning() string { return r.first().Message.Reasoning.Or("") }

// FinishReason says why the first choice ended, "" if that was not said.
func (r *ChatResponse) FinishReason() string { return r.first().FinishReason }

// ToolCalls are those of the first choice.
func (r *ChatResponse) ToolCalls() []ToolCall { return r.first().Message.ToolCalls }

// GroqID is the id in x_groq, "" if there is none.
func (r *ChatResponse) GroqID() string {
	if r.XGroq == nil {
		return ""
	}
	return r.XGroq.ID
}

// A Choice is one answer; Groq gives one.
type Choice struct {
	Index        int             `json:"index"`
	Message      ResponseMessage `json:"message"`
	FinishReason string          `json:"finish_reason"`
	Logprobs     *Logprobs       `json:"logprobs"`
	Extra        Extra           `json:"-"`
}

// A ResponseMessage is what the model answered.
type ResponseMessage struct {
	Role          string         `json:"role"`
	Content       Opt[string]    `json:"content,omitzero"`
	Reasoning     Opt[string]    `json:"reasoning,omitzero"`
	ToolCalls     []ToolCall     `json:"tool_calls,omitempty"`
	FunctionCall  *FunctionCall  `json:"function_call,omitempty"`
	Annotations   []Annotation   `json:"annotations,omitempty"`
	ExecutedTools []ExecutedTool `json:"executed_tools,omitempty"`
	Extra         Extra          `json:"-"`
}

// History is the message in the form that the next request may carry: without
// the fields that Groq answers with but refuses to take, reasoning included.
func (m ResponseMessage) History() Message {
	h := Message{Role: RoleAssistant, ToolCalls: m.ToolCalls, FunctionCall: m.FunctionCall}
	if text, ok := m.Content.Get(); ok {
		h.Content = Text(text)
	} else if len(m.ToolCalls) == 0 && m.FunctionCall == nil {
		h.Content = Text("")
	}
	return h
}

// An Annotation cites a document or the result of a function.
type Annotation struct {
	Type             string            `json:"type"`
	DocumentCitation *DocumentCitation `json:"document_citation,omitempty"`
	FunctionCitation *FunctionCitation `json:"function_citation,omitempty"`
	Extra            Extra             `json:"-"`
}

// A DocumentCitation covers characters [StartIndex, EndIndex) of the content.
type DocumentCitation struct {
	StartIndex int    `json:"start_index"`
	EndIndex   int    `json:"end_index"`
	DocumentID string `json:"document_id"`
	Extra      Extra  `json:"-"`
}

// A FunctionCitation covers characters [StartIndex, EndIndex) of the content.
type FunctionCitation struct {
	StartIndex int    `json:"start_index"`
	EndIndex   int    `json:"end_index"`
	ToolCallID string `json:"tool_call_id"`
	Extra      Extra  `json:"-"`
}

// An ExecutedTool is a tool that Groq ran while answering.
type ExecutedTool struct {
	Index          int             `json:"index"`
	Type           string          `json:"type"`
	Arguments      string          `json:"arguments"`
	Output         Opt[string]     `json:"output,omitzero"`
	SearchResults  *SearchResults  `json:"search_results,omitempty"`
	CodeResults    []CodeResult    `json:"code_results,omitempty"`
	BrowserResults []BrowserResult `json:"browser_results,omitempty"`
	Extra          Extra           `json:"-"`
}

// SearchResults are what a web search found.
type SearchResults struct {
	Results []SearchResult `json:"results"`
	Images  []string       `json:"images,omitempty"`
	Extra   Extra          `json:"-"`
}

// A SearchResult is one page, with its relevance.
type SearchResult struct {
	Title   string  `json:"title"`
	URL     string  `json:"url"`
	Content string  `json:"content"`
	Score   float64 `json:"score"`
	Extra   Extra   `json:"-"`
}

// A CodeResult is what one run of code gave.
type CodeResult struct {
	Text   string  `json:"text,omitempty"`
	PNG    string  `json:"png,omitempty"` // base64
	Chart  *Chart  `json:"chart,omitempty"`
	Charts []Chart `json:"charts,omitempty"`
	Extra  Extra   `json:"-"`
}

// A Chart is the data of a chart that code drew.
type Chart struct {
	Type        string            `json:"type"` // such as bar, box_and_whisker, line, pie, scatter, superchart
	Title       string            `json:"title,omitempty"`
	XLabel      string            `json:"x_label,omitempty"`
	YLabel      string            `json:"y_label,omitempty"`
	XUnit       string            `json:"x_unit,omitempty"`
	YUnit       string            `json:"y_unit,omitempty"`
	XTicks      []json.RawMessage `json:"x_ticks,omitempty"` // numbers, or dates as text
	YTicks      []json.RawMessage `json:"y_ticks,omitempty"`
	XTickLabels []string          `json:"x_tick_labels,omitempty"`
	YTickLabels []string          `json:"y_tick_labels,omitempty"`
	XScale      string            `json:"x_scale,omitempty"`
	YScale      string            `json:"y_scale,omitempty"`
	Elements    []ChartElement    `json:"elements"`
	Extra       Extra             `json:"-"`
}

// A ChartElement is a bar, a box, a line, a slice or a cloud of points.
type ChartElement struct {
	Label         string              `json:"label"`
	Group         string              `json:"group,omitempty"`
	Value         Opt[float64]        `json:"value,omitzero"`
	Points        [][]json.RawMessage `json:"points,omitempty"` // (x, y), like the ticks
	Angle         Opt[float64]        `json:"angle,omitzero"`
	Radius        Opt[float64]        `json:"radius,omitzero"`
	Min           Opt[float64]        `json:"min,omitzero"`
	FirstQuartile Opt[float64]        `json:"first_quartile,omitzero"`
	Median        Opt[float64]        `json:"median,omitzero"`
	ThirdQuartile Opt[float64]        `json:"third_quartile,omitzero"`
	Max           Opt[float64]        `json:"max,omitzero"`
	Outliers      []float64           `json:"outliers,omitempty"`
	Extra         Extra               `json:"-"`
}

// A BrowserResult is a page that a browser showed.
type BrowserResult struct {
	URL         string `json:"url"`
	Title       string `json:"title"`
	Content     string `json:"content,omitempty"`
	LiveViewURL string `json:"live_view_url,omitempty"`
	Extra       Extra  `json:"-"`
}

// Logprobs are per-token log probabilities; Groq's models give none so far.
type Logprobs struct {
	Content []TokenLogprob `json:"content"`
	Extra   Extra          `json:"-"`
}

// A TokenLogprob is one token, with the likeliest alternatives at its place.
type TokenLogprob struct {
	Token       string       `json:"token"`
	Logprob     float64      `json:"logprob"` // natural logarithm; -9999 for very unlikely
	Bytes       []int        `json:"bytes"`   // UTF-8, null if the token has none
	TopLogprobs []TopLogprob `json:"top_logprobs,omitzero"`
	Extra       Extra        `json:"-"`
}

// A TopLogprob is one of the likeliest tokens at a place.
type TopLogprob struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
	Extra   Extra   `json:"-"`
}

// MCPListTools lists the tools that an MCP server offered.
type MCPListTools struct {
	ID          string    `json:"id"`
	Type        string    `json:"type"`
	ServerLabel string    `json:"server_label"`
	Tools       []MCPTool `json:"tools"`
	Extra       Extra     `json:"-"`
}

// An MCPTool is a tool of an MCP server.
type MCPTool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	InputSchema json.RawMessage `json:"input_schema,omitempty"`
	Annotations json.RawMessage `json:"annotations,omitempty"`
	Extra       Extra           `json:"-"`
}

// XGroq is Groq's own part of a completion that was not streamed.
type XGroq struct {
	ID    string      `json:"id"` // name it to Groq's support
	Seed  Opt[int64]  `json:"seed,omitzero"`
	Usage *CacheUsage `json:"usage,omitempty"`
	Debug *Debug      `json:"debug,omitempty"`
	Extra Extra       `json:"-"`
}

// CacheUsage counts tokens served from the hardware's caches.
type CacheUsage struct {
	SRAMCachedTokens int64 `json:"sram_cached_tokens"`
	DRAMCachedTokens int64 `json:"dram_cached_tokens"`
	Extra            Extra `json:"-"`
}

// Debug shows the tokens, if a request's Extra has debug set to true.
type Debug struct {
	InputTokenIDs  []int    `json:"input_token_ids"`
	InputTokens    []string `json:"input_tokens"`
	OutputTokenIDs []int    `json:"output_token_ids"`
	OutputTokens   []string `json:"output_tokens"`
	Extra          Extra    `json:"-"`
}
