package main

import (
	"context"
	"strings"
	"time"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/prices"
)

// A sink is told of an answer while it comes.
type sink interface {
	text(piece string) error
	reasoning(piece string) error
}

// answer is what came back, whole or not.
type answer struct {
	model     string
	resp      *groqclient.ChatResponse // nil: nothing came
	timings   groqclient.Timings
	err       error
	written   strings.Builder // the text without the reasoning
	reasoning strings.Builder
	thoughts  thoughts
}

// ask sends the request and passes the answer on.
func ask(ctx context.Context, client *groqclient.Client, req *groqclient.ChatRequest, streams bool, to sink) *answer {
	ans := &answer{model: req.Model}
	if streams {
		ans.stream(client.ChatStream(ctx, req), to)
	} else {
		ans.whole(ctx, client, req, to)
	}
	reasoning, text := ans.thoughts.rest()
	if err := ans.pass(reasoning, text, to); ans.err == nil {
		ans.err = err
	}
	return ans
}

func (ans *answer) stream(s *groqclient.ChatStream, to sink) {
	for chunk, err := range s.Chunks() {
		if err == nil {
			err = ans.take(chunk.Reasoning(), chunk.Text(), to)
		}
		if err != nil {
			ans.err = err
			break
		}
	}
	ans.timings = s.Timings()
	if resp := s.Response(); len(resp.Choices) > 0 {
		ans.resp = resp
	}
}

func (ans *answer) whole(ctx context.Context, client *groqclient.Client, req *groqclient.ChatRequest, to sink) {
	ans.timings.Start = time.Now()
	resp, err := client.Chat(ctx, req)
	if err != nil {
		ans.err = err
		return
	}
	ans.resp = resp
	ans.timings.Total = time.Since(ans.timings.Start)
	ans.err = ans.take(resp.Reasoning(), resp.Text(), to)
}

// take splits what has come into reasoning and text.
func (ans *answer) take(reasoning, text string, to sink) error {
	within, text := ans.thoughts.split(text)
	return ans.pass(reasoning+within, text, to)
}

func (ans *answer) pass(reasoning, text string, to sink) error {
	ans.reasoning.WriteString(reasoning)
	ans.written.WriteString(text)
	if reasoning != "" {
		if err := to.reasoning(reasoning); err != nil {
			return err
		}
	}
	if text == "" {
		return nil
	}
	return to.text(text)
}

// message is the answer in the form that the next request sends back: without
// its reasoning. A partial one loses its calls, which may be cut. ok is false if
// nothing is left.
func (ans *answer) message() (m groqclient.Message, ok bool) {
	if ans.resp == nil || len(ans.resp.Choices) == 0 {
		return m, false
	}
	m = ans.resp.Choices[0].Message.History()
	text := ans.written.String()
	if ans.err != nil {
		m.ToolCalls, m.FunctionCall = nil, nil
	}
	if text != "" || len(m.ToolCalls) == 0 {
		m.Content = groqclient.Text(text)
	}
	return m, text != "" || len(m.ToolCalls) > 0
}

// promptResult is what `lpuctl prompt --json` prints.
type promptResult struct {
	Model        string                `json:"model"`
	Text         string                `json:"text"`
	Reasoning    string                `json:"reasoning,omitempty"`
	ToolCalls    []groqclient.ToolCall `json:"tool_calls,omitempty"`
	FinishReason string                `json:"finish_reason,omitempty"`
	Partial      bool                  `json:"partial"`
	Error        string                `json:"error,omitempty"`
	Conversation string                `json:"conversation,omitempty"`
	RequestID    string                `json:"request_id,omitempty"`
	Attempts     int                   `json:"attempts"`
	Usage        *groqclient.Usage     `json:"usage,omitempty"`
	Times        promptTimes           `json:"times"`
	Cost         *promptCost           `json:"cost,omitempty"`

	limits groqclient.RateLimits
}

// promptTimes are measured here unless they say otherwise. What is not known
// is left out.
type promptTimes struct {
	FirstToken            float64 `json:"first_token_seconds,omitempty"`
	Total                 float64 `json:"total_seconds"`
	TokensPerSecond       float64 `json:"tokens_per_second,omitempty"`
	ServerTokensPerSecond float64 `json:"server_tokens_per_second,omitempty"`
}

// promptCost is what the answer cost by the table of prices.
type promptCost struct {
	Dollars float64 `json:"dollars"`
	AtMost  bool    `json:"at_most"` // cached tokens may have cost less
	Date    string  `json:"date"`    // of the price
}

// result describes the answer, nil if nothing came.
func (ans *answer) result(model, conversation string, table *prices.Table) *promptResult {
	if ans.resp == nil {
		return nil
	}
	r := &promptResult{
		Model: ans.resp.Model, Text: ans.written.String(), Reasoning: ans.reasoning.String(),
		ToolCalls: ans.resp.ToolCalls(), FinishReason: ans.resp.FinishReason(), Partial: ans.err != nil,
		Conversation: conversation, RequestID: ans.resp.Meta.RequestID, Attempts: ans.resp.Meta.Attempts,
		Usage: ans.resp.Usage, limits: ans.resp.Meta.RateLimits,
		Times: promptTimes{
			FirstToken: ans.timings.FirstToken.Seconds(), Total: ans.timings.Total.Seconds(),
			TokensPerSecond:       ans.timings.TokensPerSecond(ans.resp.Usage),
			ServerTokensPerSecond: ans.resp.Usage.TokensPerSecond(),
		},
	}
	if r.Model == "" {
		r.Model = model
	}
	if r.RequestID == "" {
		r.RequestID = ans.resp.GroqID()
	}
	if ans.err != nil {
		r.Error = ans.err.Error()
	}
	r.Cost = costOf(r.Usage, table.Models[model])
	return r
}

// costOf is nil if the usage or the price is not known.
func costOf(u *groqclient.Usage, price prices.Price) *promptCost {
	if u == nil {
		return nil
	}
	dollars, atMost, ok := price.Tokens(u.PromptTokens, u.CachedTokens(), u.CompletionTokens)
	if !ok {
		return nil
	}
	return &promptCost{Dollars: dollars, AtMost: atMost, Date: price.Date}
}
