package groqclient

// Usage counts the tokens of a completion and times its parts. Times are
// seconds on the server, 0 if not stated. TotalTime is PromptTime plus
// CompletionTime; QueueTime comes on top.
type Usage struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	TotalTokens      int64 `json:"total_tokens"`

	QueueTime      float64 `json:"queue_time,omitempty"`
	PromptTime     float64 `json:"prompt_time,omitempty"`
	CompletionTime float64 `json:"completion_time,omitempty"`
	TotalTime      float64 `json:"total_time,omitempty"`

	PromptTokensDetails     *PromptTokensDetails     `json:"prompt_tokens_details,omitempty"`
	CompletionTokensDetails *CompletionTokensDetails `json:"completion_tokens_details,omitempty"`

	Extra Extra `json:"-"`
}

// PromptTokensDetails counts the prompt tokens that were in the cache.
type PromptTokensDetails struct {
	CachedTokens int64 `json:"cached_tokens"`
	Extra        Extra `json:"-"`
}

// CompletionTokensDetails counts the completion tokens spent on reasoning.
type CompletionTokensDetails struct {
	ReasoningTokens int64 `json:"reasoning_tokens"`
	Extra           Extra `json:"-"`
}

// CachedTokens is the number of prompt tokens that were in the cache.
func (u *Usage) CachedTokens() int64 {
	if u == nil || u.PromptTokensDetails == nil {
		return 0
	}
	return u.PromptTokensDetails.CachedTokens
}

// ReasoningTokens is the number of completion tokens spent on reasoning.
func (u *Usage) ReasoningTokens() int64 {
	if u == nil || u.CompletionTokensDetails == nil {
		return 0
	}
	return u.CompletionTokensDetails.ReasoningTokens
}

// TokensPerSecond is the rate at which the server wrote: completion tokens
// over completion time; 0 if the time is not stated.
func (u *Usage) TokensPerSecond() float64 {
	if u == nil || u.CompletionTime <= 0 {
		return 0
	}
	return float64(u.CompletionTokens) / u.CompletionTime
}

// UsageBreakdown is the usage of each model that a compound system used.
type UsageBreakdown struct {
	Models []ModelUsage `json:"models"`
	Extra  Extra        `json:"-"`
}

// ModelUsage is the usage of one model.
type ModelUsage struct {
	Model string `json:"model"`
	Usage Usage  `json:"usage"`
	Extra Extra  `json:"-"`
}
