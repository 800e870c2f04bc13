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
	k, err := c.t.chatCall(req, false)
	if err != nil {
		return nil, err
	}
	var resp ChatResponse
	if resp.Meta, err = c.t.decode(ctx, k, &resp); err != nil {
		return nil, err
	}
	return &resp, nil
}

// chatCall builds the request, with stream set or without it.
func (t *transport) chatCall(req *ChatRequest, stream bool) (call, error) {
	if err := req.check(); err != nil {
		return call{}, err
	}
	if stream {
		return t.streamCall(chatPath, req)
	}
	return t.jsonCall(http.MethodPost, chatPath, req)
}

// check finds what the API would refuse, before it costs a request.
func (r *ChatRequest) check() error {
	switch {
	case r == nil || r.Model == "":
		return errors.New("groqclient: chat request: no model")
	case len(r.Messages) == 0:
		return errors.New("groqclient: chat request: no messages")
	case r.Extra["stream"] != nil:
		return errors.New("groqclient: chat request: stream is set by Chat and ChatStream")
	case !r.ReasoningFormat.IsZero() && !r.IncludeReasoning.IsZero():
		return errors.New("groqclient: chat request: reasoning_format and include_reasoning exclude each other")
	case len(r.Tools) > 128:
		return fmt.Errorf("groqclient: chat request: %d tools, at most 128 are allowed", len(r.Tools))
	case len(r.Stop) > 4:
		return fmt.Errorf("groqclient: chat request: %d stop texts, at most 4 are allowed", len(r.Stop))
	}
	return r.checkStrict()
}
