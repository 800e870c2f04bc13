package groqclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// A ToolFunc is a Go function that the model may call; see [NewToolFunc].
type ToolFunc struct {
	Tool Tool
	// Call runs the function on the arguments that the model wrote and
	// returns the text that the model gets to read.
	Call func(ctx context.Context, arguments string) (string, error)
}

// NewToolFunc makes a tool of a Go function. The schema of its arguments is
// derived from In, a struct (see [SchemaOf]); its result is sent as JSON, or as
// it is if Out is string.
func NewToolFunc[In, Out any](name, description string, f func(context.Context, In) (Out, error)) (ToolFunc, error) {
	if reflect.TypeFor[In]().Kind() != reflect.Struct {
		return ToolFunc{}, fmt.Errorf("groqclient: tool %q: arguments must be a struct, not %v", name, reflect.TypeFor[In]())
	}
	schema, err := SchemaOf[In]()
	if err != nil {
		return ToolFunc{}, fmt.Errorf("tool %q: %w", name, err)
	}
	if !apiName.MatchString(name) {
		return ToolFunc{}, fmt.Errorf("groqclient: tool name %q: want 1 to 64 of a-z A-Z 0-9 _ -", name)
	}
	function := &Function{Name: name, Description: description, Parameters: schema}
	call := func(ctx context.Context, arguments string) (string, error) {
		var in In
		if err := json.Unmarshal([]byte(arguments), &in); err != nil {
			return "", fmt.Errorf("the arguments are not what the schema says: %w", err)
		}
		out, err := f(ctx, in)
		if err != nil {
			return "", err
		}
		return resultText(out)
	}
	return ToolFunc{Tool: Tool{Type: "function", Function: function}, Call: call}, nil
}

func resultText(out any) (string, error) {
	if s, ok := out.(string); ok {
		return s, nil
	}
	raw, err := marshal(out)
	return string(raw), err
}

// ErrToolRounds means that the model still called tools after the last round.
var ErrToolRounds = errors.New("groqclient: too many rounds of tool calls")

// RunToolsOptions bound the loop of [Client.RunTools].
type RunToolsOptions struct {
	MaxRounds int // requests in all; 10 if 0
	// MaxFailedCalls is how often a request is repeated when the API refuses
	// the model's tool call (code tool_use_failed).
	MaxFailedCalls int
	// OnCall is told of every call after it ran; result is what the model
	// gets to read.
	OnCall func(call ToolCall, result string, err error)
}

// A ToolRun is the outcome of [Client.RunTools].
type ToolRun struct {
	Response *ChatResponse // the last one
	Messages []Message     // the whole conversation, answers and results included
	Rounds   int           // requests that were answered
}

// RunTools asks for a completion, runs the functions that the model calls, one
// after the other, and asks again with their results, until the model answers
// without calling. An error of a function, an unknown name and invalid arguments
// are told to the model, which may correct itself. req is not changed. With an
// error the run is returned as far as it came.
func (c *Client) RunTools(ctx context.Context, req *ChatRequest, tools []ToolFunc, opt RunToolsOptions) (*ToolRun, error) {
	run := &ToolRun{Messages: slices.Clone(req.Messages)}
	asked := *req
	asked.Tools = slices.Clone(req.Tools)
	for _, t := range tools {
		if t.Tool.Function == nil || t.Call == nil {
			return run, errors.New("groqclient: RunTools: a tool without a function")
		}
		asked.Tools = append(asked.Tools, t.Tool)
	}
	rounds := opt.MaxRounds
	if rounds == 0 {
		rounds = 10
	}
	for run.Rounds < rounds {
		asked.Messages = run.Messages
		resp, err := c.chatWithRetries(ctx, &asked, opt.MaxFailedCalls)
		if err != nil {
			return run, err
		}
		run.Rounds++
		run.Response = resp
		run.Messages = append(run.Messages, resp.first().Message.History())
		if len(resp.ToolCalls()) == 0 {
			return run, nil
		}
		run.Messages = append(run.Messages, answer(ctx, resp.ToolCalls(), tools, opt.OnCall)...)
	}
	return run, fmt.Errorf("%w (%d)", ErrToolRounds, rounds)
}

// chatWithRetries repeats a request whose tool call the API refused.
func (c *Client) chatWithRetries(ctx context.Context, req *ChatRequest, more int) (*ChatResponse, error) {
	for {
		resp, err := c.Chat(ctx, req)
		var api *APIError
		if err == nil || more == 0 || !errors.As(err, &api) || api.Code != "tool_use_failed" {
			return resp, err
		}
		more--
	}
}

// answer runs the calls and returns their results as messages.
func answer(ctx context.Context, calls []ToolCall, tools []ToolFunc, onCall func(ToolCall, string, error)) []Message {
	var messages []Message
	for _, call := range calls {
		text, err := runCall(ctx, call, tools)
		if err != nil {
			raw, _ := marshal(map[string]string{"error": err.Error()}) // strings always marshal
			text = string(raw)
		}
		if onCall != nil {
			onCall(call, text, err)
		}
		messages = append(messages, ToolMessage(call.ID, text))
	}
	return messages
}

func runCall(ctx context.Context, call ToolCall, tools []ToolFunc) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	for _, t := range tools {
		if t.Tool.Function.Name == call.Function.Name {
			return t.Call(ctx, call.Function.Arguments)
		}
	}
	return "", fmt.Errorf("there is no function %q", call.Function.Name)
}
