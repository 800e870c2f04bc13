package groqclient

// A ChatChunk is one event of a streamed completion.
type ChatChunk struct {
	ID                string        `json:"id"`
	Object            string        `json:"object"`
	Created           int64         `json:"created"` // Unix seconds
	Model             string        `json:"model"`
	SystemFingerprint string        `json:"system_fingerprint,omitempty"`
	ServiceTier       string        `json:"service_tier,omitempty"`
	Choices           []ChunkChoice `json:"choices"` // may be empty on the last chunk
	Usage             *Usage        `json:"usage,omitempty"`
	XGroq             *StreamXGroq  `json:"x_groq,omitempty"`
	Extra             Extra         `json:"-"`
}

// first is the delta of the first choice, or an empty one.
func (c *ChatChunk) first() Delta {
	if len(c.Choices) == 0 {
		return Delta{}
	}
	return c.Choices[0].Delta
}

// Text is what the chunk adds to the content of the first choice.
func (c *ChatChunk) Text() string { return c.first().Content.Or("") }

// Reasoning is what the chunk adds to the reasoning of the first choice.
func (c *ChatChunk) Reasoning() string { return c.first().Reasoning.Or("") }

// A ChunkChoice is what a chunk adds to one choice.
type ChunkChoice struct {
	Index        int       `json:"index"`
	Delta        Delta     `json:"delta"`
	FinishReason string    `json:"finish_reason"` // "" until the choice ends
	Logprobs     *Logprobs `json:"logprobs,omitempty"`
	Extra        Extra     `json:"-"`
}

// A Delta is the addition to a message.
type Delta struct {
	Role          string          `json:"role,omitempty"`
	Content       Opt[string]     `json:"content,omitzero"`
	Reasoning     Opt[string]     `json:"reasoning,omitzero"`
	ToolCalls     []ToolCallDelta `json:"tool_calls,omitempty"`
	FunctionCall  *FunctionCall   `json:"function_call,omitempty"`
	ExecutedTools []ExecutedTool  `json:"executed_tools,omitempty"`
	Annotations   []Annotation    `json:"annotations,omitempty"`
	Extra         Extra           `json:"-"`
}

// empty reports a delta that adds nothing a reader would see.
func (d Delta) empty() bool {
	return d.Content.Or("") == "" && d.Reasoning.Or("") == "" && len(d.ToolCalls) == 0 && d.FunctionCall == nil
}

// A ToolCallDelta is a fragment of a tool call. The first one of an Index has
// the id and the name; the arguments of all are to be joined.
type ToolCallDelta struct {
	Index    int          `json:"index"`
	ID       string       `json:"id,omitempty"`
	Type     string       `json:"type,omitempty"`
	Function FunctionCall `json:"function"`
	Extra    Extra        `json:"-"`
}

// StreamXGroq is Groq's own part of a chunk. Its Usage is the token usage,
// unlike that of [XGroq].
type StreamXGroq struct {
	ID             string          `json:"id,omitempty"`              // first and last chunk
	Seed           Opt[int64]      `json:"seed,omitzero"`             // last chunk
	Usage          *Usage          `json:"usage,omitempty"`           // last chunk
	UsageBreakdown *UsageBreakdown `json:"usage_breakdown,omitempty"` // last chunk
	Error          Loose           `json:"error,omitempty"`           // why the stream was stopped early
	Debug          *Debug          `json:"debug,omitempty"`
	Extra          Extra           `json:"-"`
}
