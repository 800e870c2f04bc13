package groqclient

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
)

// Structured asks for an answer in the form of the Go type T: it derives the
// strict JSON Schema of T, sends req with it, and decodes what comes back. req
// is not changed. With an error the response is returned too, if one came: an
// answer cut off by the token limit cannot be decoded. When the model fails to
// keep to the schema, the *[APIError] has its FailedGeneration.
func Structured[T any](ctx context.Context, c *Client, req *ChatRequest) (T, *ChatResponse, error) {
	var out T
	schema, err := SchemaOf[T]()
	if err != nil {
		return out, nil, err
	}
	asked := *req
	asked.ResponseFormat = JSONSchema(schemaName(reflect.TypeFor[T]()), schema, true)
	resp, err := c.Chat(ctx, &asked)
	if err != nil {
		return out, nil, err
	}
	if reason := resp.FinishReason(); reason != FinishStop {
		return out, resp, fmt.Errorf("groq: structured answer ended with %q, not %q", reason, FinishStop)
	}
	if err := json.Unmarshal([]byte(resp.Text()), &out); err != nil {
		return out, resp, fmt.Errorf("groq: structured answer: %w", err)
	}
	return out, resp, nil
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// schemaName makes a type's name one that the API takes.
func schemaName(t reflect.Type) string {
	name := notInName.ReplaceAllString(t.Name(), "_")
	if name == "" {
		return "answer"
	}
	return name[:min(len(name), 64)]
}
