package groqclient

import "encoding/json"

// Values of ChatRequest fields. Fields that take them are plain strings, so
// that a value newer than this package can be sent too.
const (
	ServiceTierAuto        = "auto"
	ServiceTierOnDemand    = "on_demand"
	ServiceTierFlex        = "flex"
	ServiceTierPerformance = "performance"

	ReasoningHidden = "hidden"
	ReasoningRaw    = "raw"
	ReasoningParsed = "parsed"

	EffortNone    = "none"
	EffortDefault = "default"
	EffortLow     = "low"
	EffortMedium  = "medium"
	EffortHigh    = "high"
)

// A ChatRequest asks for a chat completion. Model and Messages are required;
// an Opt that is not set is left out. Nothing is filled in: Groq counts
// max_completion_tokens against the token limit before it runs, so a default
// would cost.
type ChatRequest struct {
	Model    string    `json:"model"`
	Messages []Message `json:"messages"`

	MaxCompletionTokens Opt[int]       `json:"max_completion_tokens,omitzero"`
	Temperature         Opt[float64]   `json:"temperature,omitzero"` // 0 to 2
	TopP                Opt[float64]   `json:"top_p,omitzero"`       // 0 to 1
	Seed                Opt[int64]     `json:"seed,omitzero"`
	Stop                Stop           `json:"stop,omitzero"`
	N                   Opt[int]       `json:"n,omitzero"` // only 1 is supported
	FrequencyPenalty    Opt[float64]   `json:"frequency_penalty,omitzero"`
	PresencePenalty     Opt[float64]   `json:"presence_penalty,omitzero"`
	LogitBias           map[string]int `json:"logit_bias,omitempty"`
	Logprobs            Opt[bool]      `json:"logprobs,omitzero"`
	TopLogprobs         Opt[int]       `json:"top_logprobs,omitzero"` // 0 to 20

	ReasoningEffort  Opt[string] `json:"reasoning_effort,omitzero"`
	ReasoningFormat  Opt[string] `json:"reasoning_format,omitzero"` // excludes IncludeReasoning
	IncludeReasoning Opt[bool]   `json:"include_reasoning,omitzero"`

	ResponseFormat *ResponseFormat `json:"response_format,omitempty"`

	Tools                 []Tool      `json:"tools,omitempty"` // at most 128
	ToolChoice            *ToolChoice `json:"tool_choice,omitempty"`
	ParallelToolCalls     Opt[bool]   `json:"parallel_tool_calls,omitzero"`
	DisableToolValidation Opt[bool]   `json:"disable_tool_validation,omitzero"`

	Documents       []Document      `json:"documents,omitempty"`
	CitationOptions Opt[string]     `json:"citation_options,omitzero"` // enabled or disabled
	SearchSettings  *SearchSettings `json:"search_settings,omitempty"`
	CompoundCustom  *CompoundCustom `json:"compound_custom,omitempty"`

	ServiceTier Opt[string]       `json:"service_tier,omitzero"`
	User        Opt[string]       `json:"user,omitzero"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Store       Opt[bool]         `json:"store,omitzero"`

	// StreamOptions is for other OpenAI-style servers: Groq sends the usage
	// of a stream without being asked.
	StreamOptions *StreamOptions `json:"stream_options,omitempty"`

	// Deprecated fields of the API, for servers that know no others.
	MaxTokens      Opt[int]      `json:"max_tokens,omitzero"`
	Functions      []Function    `json:"functions,omitempty"`
	FunctionCall   *FunctionMode `json:"function_call,omitempty"`
	IncludeDomains []string      `json:"include_domains,omitempty"`
	ExcludeDomains []string      `json:"exclude_domains,omitempty"`

	Extra Extra `json:"-"`
}

// Stop is up to four texts at which generation stops.
type Stop []string

// IsZero reports whether there is nothing to send.
func (s Stop) IsZero() bool { return s == nil }

// UnmarshalJSON reads a string or a list.
func (s *Stop) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil && string(data) != "null" {
		*s = Stop{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(s))
}

// StreamOptions asks for a usage chunk at the end of a stream.
type StreamOptions struct {
	IncludeUsage bool  `json:"include_usage"`
	Extra        Extra `json:"-"`
}

// A ResponseFormat constrains what the model writes; see [JSONObject],
// [JSONSchema] and [Structured].
type ResponseFormat struct {
	Type       string            `json:"type"` // text, json_object or json_schema
	JSONSchema *JSONSchemaFormat `json:"json_schema,omitempty"`
	Extra      Extra             `json:"-"`
}

// A JSONSchemaFormat names a JSON Schema that the output must match.
type JSONSchemaFormat struct {
	Name        string          `json:"name"` // at most 64 of a-z A-Z 0-9 _ -
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	Strict      Opt[bool]       `json:"strict,omitzero"`
	Extra       Extra           `json:"-"`
}

// JSONObject asks for any JSON object. The messages must ask for JSON too.
func JSONObject() *ResponseFormat { return &ResponseFormat{Type: "json_object"} }

// JSONSchema asks for JSON that matches a schema; with strict, always. Check
// the schema with [CheckStrict] then.
func JSONSchema(name string, schema json.RawMessage, strict bool) *ResponseFormat {
	return &ResponseFormat{
		Type:       "json_schema",
		JSONSchema: &JSONSchemaFormat{Name: name, Schema: schema, Strict: Set(strict)},
	}
}

// A Tool is something the model may call: a function of the caller, or a tool
// that Groq runs (browser_search, code_interpreter, mcp with its Extra fields).
type Tool struct {
	Type     string    `json:"type"`
	Function *Function `json:"function,omitempty"`
	Extra    Extra     `json:"-"`
}

// A Function describes a function of the caller.
type Function struct {
	Name        string          `json:"name"` // at most 64 of a-z A-Z 0-9 _ -
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"` // a JSON Schema of type object
	Strict      Opt[bool]       `json:"strict,omitzero"`
	Extra       Extra           `json:"-"`
}

// A ToolChoice says whether tools are called: Mode none, auto or required, or
// the one function to call.
type ToolChoice struct {
	Mode     string
	Function string
}

// MarshalJSON writes the mode, or the object that names the function.
func (c ToolChoice) MarshalJSON() ([]byte, error) {
	if c.Function == "" {
		return marshal(c.Mode)
	}
	return marshal(map[string]any{"type": "function", "function": functionName{c.Function}})
}

// UnmarshalJSON reads either form.
func (c *ToolChoice) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &c.Mode) == nil {
		return nil
	}
	var o struct {
		Function functionName `json:"function"`
	}
	err := json.Unmarshal(data, &o)
	c.Function = o.Function.Name
	return err
}

type functionName struct {
	Name string `json:"name"`
}

// A FunctionMode is the deprecated form of ToolChoice.
type FunctionMode struct {
	Mode     string
	Function string
}

// MarshalJSON writes the mode, or the object that names the function.
func (m FunctionMode) MarshalJSON() ([]byte, error) {
	if m.Function == "" {
		return marshal(m.Mode)
	}
	return marshal(functionName{m.Function})
}

// UnmarshalJSON reads either form.
func (m *FunctionMode) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &m.Mode) == nil {
		return nil
	}
	var o functionName
	err := json.Unmarshal(data, &o)
	m.Function = o.Name
	return err
}

// A Document is context that the model may cite.
type Document struct {
	ID     string         `json:"id,omitempty"`
	Source DocumentSource `json:"source"`
	Extra  Extra          `json:"-"`
}

// A DocumentSource is a text or a JSON object.
type DocumentSource struct {
	Type  string          `json:"type"` // text or json
	Text  string          `json:"text,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
	Extra Extra           `json:"-"`
}

// SearchSettings guide web search.
type SearchSettings struct {
	IncludeDomains []string    `json:"include_domains,omitempty"`
	ExcludeDomains []string    `json:"exclude_domains,omitempty"`
	IncludeImages  Opt[bool]   `json:"include_images,omitzero"`
	Country        Opt[string] `json:"country,omitzero"`
	Extra          Extra       `json:"-"`
}

// CompoundCustom configures Groq's compound systems.
type CompoundCustom struct {
	Models *CompoundModels `json:"models,omitempty"`
	Tools  *CompoundTools  `json:"tools,omitempty"`
	Extra  Extra           `json:"-"`
}

// CompoundModels names the models of a compound system.
type CompoundModels struct {
	ReasoningModel string `json:"reasoning_model,omitempty"`
	AnsweringModel string `json:"answering_model,omitempty"`
	Extra          Extra  `json:"-"`
}

// CompoundTools names the tools of a compound system.
type CompoundTools struct {
	EnabledTools    []string         `json:"enabled_tools,omitempty"`
	WolframSettings *WolframSettings `json:"wolfram_settings,omitempty"`
	Extra           Extra            `json:"-"`
}

// WolframSettings holds the caller's own key for Wolfram services.
type WolframSettings struct {
	Authorization string `json:"authorization,omitempty"`
	Extra         Extra  `json:"-"`
}
