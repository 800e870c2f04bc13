package groqclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

const chatPath = "/chat/completions"

// Chat asks for a completion and waits for the whole of it. Errors are
// *[APIError], *[RateLimitError] or *[TransportError]. The request is not
// changed.
func (c *Client) Chat(ctx context.Context, req *ChatRequest) (*ChatResponse, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	var resp ChatResponse
	meta, err := c.doJSON(ctx, http.MethodPost, chatPath, req, &resp)
	if err != nil {
		return nil, err
	}
	resp.Meta = meta
	return &resp, nil
}

// check finds what the API would refuse, before it costs a request.
func (r *ChatRequest) check() error {
	switch {
	case r == nil || r.Model == "":
		return errors.New("groqclient: chat request: no model")
	case len(r.Messages) == 0:
		return errors.New("groqclient: chat request: no messages")
	case !r.ReasoningFormat.IsZero() && !r.IncludeReasoning.IsZero():
		return errors.New("groqclient: chat request: reasoning_format and include_reasoning exclude each other")
	case len(r.Tools) > 128:
		return fmt.Errorf("groqclient: chat request: %d tools, at most 128 are allowed", len(r.Tools))
	case len(r.Stop) > 4:
		return fmt.Errorf("groqclient: chat request: %d stop texts, at most 4 are allowed", len(r.Stop))
	}
	return nil
}
